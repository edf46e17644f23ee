package policy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"testing"

	"edumfa/internal/mfaerr"
)

type vectors struct {
	SetPolicy []struct {
		Input      map[string]any
		Row        map[string]any
		Conditions []Condition
		Get        map[string]any
		Error      string
		Message    string
	} `json:"set_policy"`
	Compare []struct {
		Left       any
		Comparator string
		Right      string
		Result     bool
		Error      string
	} `json:"compare_values"`
	Clients []struct {
		Client string
		Policy []string
		Result []bool
		Error  string
	} `json:"check_ip_in_policy"`
	Search []struct {
		Values any `json:"policy_values"`
		Search any
		Result []bool
		Error  string
	} `json:"search_value"`
	PINs []struct {
		Policy, Pin string
		Result      []any
		Error       string
		Message     string
	} `json:"check_pin_contents"`
	ExportText string `json:"rest_export_text_of_enroll_label"`
	Values     []struct {
		Value string   `json:"action_value"`
		Words []string `json:"unique_words"`
		Whole []string `json:"allow_white_space"`
	} `json:"action_value_extraction"`
}

func load(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	var v vectors
	load(t, "policies.json", &v)
	return v
}

func TestSpec_Vectors(t *testing.T) {
	for i, c := range loadVectors(t).SetPolicy {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			spec, err := readSpec(func(key string) any { return c.Input[key] })
			spec.Name = fmt.Sprintf("v%d", i)
			var row Row
			if err == nil {
				row, err = spec.Apply(nil)
			}
			if c.Error != "" {
				if mfaerr.Wrap(err).Message() != c.Message {
					t.Fatalf("got %v, want %s", err, c.Message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := rowColumns(row); !reflect.DeepEqual(got, c.Row) {
				t.Errorf("row\n%v, want\n%v", got, c.Row)
			}
			if len(row.Conditions)+len(c.Conditions) > 0 && !reflect.DeepEqual(row.Conditions, c.Conditions) {
				t.Errorf("conditions %v, want %v", row.Conditions, c.Conditions)
			}
			var got map[string]any
			data, _ := json.Marshal(Parse(row).View().JSON())
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.Get) {
				t.Errorf("view\n%v, want\n%v", got, c.Get)
			}
		})
	}
}

func rowColumns(r Row) map[string]any {
	return map[string]any{
		"active": r.Active, "check_all_resolvers": r.CheckAllResolvers, "name": r.Name, "scope": r.Scope, "action": r.Action,
		"realm": r.Realm, "adminrealm": r.AdminRealm, "adminuser": r.AdminUser, "resolver": r.Resolver,
		"edumfanode": r.Node, "user": r.User, "client": r.Client, "time": r.Time, "priority": float64(r.Priority),
	}
}

func TestCompare_Vectors(t *testing.T) {
	for _, c := range loadVectors(t).Compare {
		got, err := Compare(c.Left, c.Comparator, c.Right)
		if (err != nil) != (c.Error != "") || got != c.Result {
			t.Errorf("%v %s %s: got %v, %v", c.Left, c.Comparator, c.Right, got, err)
		}
	}
}

func TestClients_Vectors(t *testing.T) {
	for _, c := range loadVectors(t).Clients {
		n := compileNetworks(c.Policy)
		if (n.err != nil) != (c.Error != "") {
			t.Errorf("%v: %v", c.Policy, n.err)
		}
		if n.err != nil {
			continue
		}
		if found, excluded := n.search(netip.MustParseAddr(c.Client)); found != c.Result[0] || excluded != c.Result[1] {
			t.Errorf("%s in %v: got %v %v", c.Client, c.Policy, found, excluded)
		}
	}
}

func TestSearch_Vectors(t *testing.T) {
	for _, c := range loadVectors(t).Search {
		value, ok := c.Search.(string)
		if !ok {
			continue // several values at once are not asked here
		}
		var entries []string
		switch x := c.Values.(type) {
		case []any:
			for _, e := range x {
				entries = append(entries, e.(string))
			}
		case map[string]any:
			for k := range x {
				entries = append(entries, k)
			}
		}
		found, excluded, err := compileList(entries).search(value)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%s in %v: %v", value, entries, err)
		} else if err == nil && (found != c.Result[0] || excluded != c.Result[1]) {
			t.Errorf("%s in %v: got %v %v, want %v", value, entries, found, excluded, c.Result)
		}
	}
}

func TestPINRule_Vectors(t *testing.T) {
	for _, c := range loadVectors(t).PINs {
		rule, err := ParsePINRule(c.Policy)
		if c.Error != "" || c.Policy == "" {
			// An empty rule was answered with a text of its own; no policy has one.
			if !mfaerr.Is(err, mfaerr.Policy) {
				t.Errorf("%q: got %v", c.Policy, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.Policy, err)
			continue
		}
		if ok, text := rule.Check(c.Pin); ok != c.Result[0] || text != c.Result[1] {
			t.Errorf("%q %q: got %v %q, want %v", c.Policy, c.Pin, ok, text, c.Result)
		}
	}
}

func TestActionValues_Vectors(t *testing.T) {
	for _, c := range loadVectors(t).Values {
		p := &Policy{Row: Row{Name: "p", Priority: 1}, values: map[string]Action{"x": {Name: "x", Value: c.Value}}}
		for split, want := range map[Split][]string{Words: c.Words, Whole: c.Whole} {
			got, err := ActionValues([]*Policy{p}, "x", split)
			if err != nil || fmt.Sprint(got.Texts()) != fmt.Sprint(want) {
				t.Errorf("%q: got %q, %v; want %q", c.Value, got.Texts(), err, want)
			}
		}
	}
}

func TestSplitQuoted_AsPython(t *testing.T) {
	var cases []struct {
		S     string
		List  []string
		Error string
	}
	load(t, "quoted.json", &cases)
	for _, c := range cases {
		got, err := splitQuoted(c.S)
		if (err != nil) != (c.Error != "") || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.List) {
			t.Errorf("%q: got %q, %v; want %q %s", c.S, got, err, c.List, c.Error)
		}
	}
}

func TestFiles_Vectors(t *testing.T) {
	var export struct{ INI, Python string }
	load(t, "export.json", &export)
	specs, err := ParsePython(export.Python)
	if err != nil {
		t.Fatal(err)
	}
	var list []*Policy
	for _, s := range specs {
		row, err := s.Apply(nil)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Parse(row))
	}
	if len(list) < 20 {
		t.Fatalf("read %d policies", len(list))
	}
	text := FormatINI(list)
	if text != export.INI {
		t.Errorf("the file differs:\n%s", text)
	}
	again, err := ParseINI(text)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range again {
		row, err := s.Apply(nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(Parse(row).View(), list[i].View()) {
			t.Errorf("%s comes back as\n%+v, was\n%+v", row.Name, row, list[i].Row)
		}
		if back := list[i].View().Row(); FormatActions(ParseActions(back.Action)) != back.Action {
			t.Errorf("%s: action %q", back.Name, back.Action)
		}
	}
	if one := loadVectors(t).ExportText; one != "" {
		for _, p := range list {
			if p.Name() == "enroll_label" && FormatINI([]*Policy{p}) != one {
				t.Errorf("got %s", FormatINI([]*Policy{p}))
			}
		}
	}
}
