package app_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// ownActions are the beginnings of actions that the field does not have.
var ownActions = []string{"webauthn_authenticator_deny_list", "webauthn_credential_kind", "certificate_", "sshkey_certificate_"}

// TestPolicyActions_AsRecorded compares names, types, groups, menus and values
// with the answers of GET /policy/defs.
func TestPolicyActions_AsRecorded(t *testing.T) {
	data, err := os.ReadFile("testdata/policy_definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Defs  map[string]map[string]map[string]any
		Types []struct {
			Name  string
			Mode  []string
			Multi bool
		}
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	dynamic := action.Dynamic{Realms: []string{"realm1"}, Resolvers: []string{"reso"}}
	for _, f := range g.Types {
		dynamic.TokenTypes = append(dynamic.TokenTypes, f.Name)
		if slices.Contains(f.Mode, "authenticate") && slices.Contains(f.Mode, "challenge") {
			dynamic.ChallengeTypes = append(dynamic.ChallengeTypes, f.Name)
		}
		if f.Multi {
			dynamic.MultichallengeTypes = append(dynamic.MultichallengeTypes, strings.ToUpper(f.Name))
		}
	}
	catalog := app.PolicyActions(app.TokenTypes(), dynamic)
	for scope, want := range g.Defs {
		for _, d := range catalog.Scope(scope) {
			if _, ok := want[d.Name]; !ok && !slices.ContainsFunc(ownActions, func(own string) bool { return strings.HasPrefix(d.Name, own) }) {
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

func compareDefinition(t *testing.T, d action.Definition, want map[string]any) {
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
