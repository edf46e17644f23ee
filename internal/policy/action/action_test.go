package action

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/policy"
)

type golden struct {
	Defs  map[string]map[string]map[string]any
	Types []struct {
		Name        string
		SelfService bool
		PINScopes   []string
		Mode        []string
		Multi       bool
	}
}

func loadGolden(t *testing.T) (golden, []TypeFacts, Dynamic) {
	t.Helper()
	data, err := os.ReadFile("testdata/definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	dynamic := Dynamic{Realms: []string{"realm1"}, Resolvers: []string{"reso"}}
	var types []TypeFacts
	for _, f := range g.Types {
		types = append(types, TypeFacts{Name: f.Name, SelfService: f.SelfService, PINScopes: f.PINScopes})
		dynamic.TokenTypes = append(dynamic.TokenTypes, f.Name)
		if slices.Contains(f.Mode, "authenticate") && slices.Contains(f.Mode, "challenge") {
			dynamic.ChallengeTypes = append(dynamic.ChallengeTypes, f.Name)
		}
		if f.Multi {
			dynamic.MultichallengeTypes = append(dynamic.MultichallengeTypes, strings.ToUpper(f.Name))
		}
	}
	return g, types, dynamic
}

// TestBuiltin_AsRecorded compares names, types, groups, menus and values with
// the answers of GET /policy/defs.
func TestBuiltin_AsRecorded(t *testing.T) {
	g, types, dynamic := loadGolden(t)
	catalog := NewCatalog(Builtin(types, dynamic))
	for scope, want := range g.Defs {
		for _, d := range catalog.Scope(scope) {
			if _, ok := want[d.Name]; !ok {
				t.Errorf("%s/%s is not known", scope, d.Name)
			}
		}
		for name, w := range want {
			d, ok := catalog.Find(scope, name)
			if !ok {
				t.Errorf("%s/%s is missing", scope, name)
				continue
			}
			compareDefinition(t, d, w)
		}
	}
	if len(g.Defs) != len(policy.Scopes()) {
		t.Errorf("%d scopes recorded", len(g.Defs))
	}
}

func compareDefinition(t *testing.T, d Definition, want map[string]any) {
	t.Helper()
	data, err := json.Marshal(d.JSON())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if text, _ := got["desc"].(string); !strings.HasSuffix(text, ".") {
		t.Errorf("%s/%s: help %q", d.Scope, d.Name, text)
	}
	delete(got, "desc")
	sortValues(got)
	sortValues(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s/%s: got %v, want %v", d.Scope, d.Name, got, want)
	}
}

// sortValues orders a list of texts, whose order says nothing.
func sortValues(m map[string]any) {
	list, ok := m["value"].([]any)
	if !ok {
		return
	}
	slices.SortFunc(list, func(a, b any) int {
		x, _ := a.(string)
		y, _ := b.(string)
		return strings.Compare(x, y)
	})
}

func TestBuiltin_NamesNothingTwice(t *testing.T) {
	_, types, dynamic := loadGolden(t)
	seen := map[[2]string]bool{}
	for _, d := range Builtin(types, dynamic) {
		key := [2]string{d.Scope, d.Name}
		if seen[key] {
			t.Errorf("%v is defined twice", key)
		}
		seen[key] = true
	}
}

func TestBuiltin_TypesBringTheirOwn(t *testing.T) {
	catalog := NewCatalog(Builtin([]TypeFacts{{Name: "hotp", Own: []Definition{{Scope: "user", Name: "hotp_x", Type: Bool}}}}, Dynamic{}))
	_, own := catalog.Find("user", "hotp_x")
	_, table := catalog.Find("user", "hotp_hashlib")
	_, common := catalog.Find("admin", "enrollHOTP")
	if !own || table || !common {
		t.Errorf("own %v, table %v, common %v", own, table, common)
	}
}

func TestCatalog_Menus(t *testing.T) {
	catalog := NewCatalog(Builtin(nil, Dynamic{}))
	for name, want := range map[string][]string{"assign": {"tokens", "users"}, "resolverread": nil, "copytokenpin": nil, "nonsense": nil} {
		if got := catalog.Menus(policy.ScopeAdmin, name); !slices.Equal(got, want) {
			t.Errorf("%s opens %v", name, got)
		}
	}
	if names := catalog.Names(policy.ScopeRegister); !slices.Equal(names, []string{"realm", "registration_body", "requiredemail", "resolver", "smtpconfig"}) {
		t.Errorf("register has %v", names)
	}
	for scope, want := range map[string]bool{"register": true, "audit": false, "nonsense": false} {
		if defs, ok := catalog.JSON(scope); ok != want || len(defs) != len(catalog.Names(scope)) {
			t.Errorf("scope %s: got %v, %v", scope, defs, ok)
		}
	}
}
