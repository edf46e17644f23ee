package policy

import (
	"reflect"
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
)

func message(err error) string {
	if err == nil {
		return ""
	}
	return mfaerr.Wrap(err).Message()
}

func TestCheckName(t *testing.T) {
	const invalid, chars = "is an invalid policy name.", "may only contain"
	for name, want := range map[string]string{
		"with space": "", "dots.and-dashes_9": "", "UPPER": "", "checked": "", "my-edumfa-update-policy-1": "",
		"check": invalid, "CHECK": invalid, "edumfa-update-policy-77": invalid, "EduMFA-Update-Policy-": invalid,
		"ümlaut": chars, "semi;colon": chars, "a@b": chars, "tab\t": chars, "trailing\n": chars,
	} {
		err := CheckName(name)
		if (err == nil) != (want == "") || !strings.Contains(message(err), want) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func request(change map[string]any) map[string]any {
	p := map[string]any{"scope": "webui", "action": "logout_time=1", "realm": ""}
	for k, v := range change {
		p[k] = v
	}
	return p
}

func TestParseRequest_Refuses(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]any
		want   string
	}{
		"no action":           {map[string]any{"scope": "webui", "realm": ""}, "ERR905: Missing parameter: 'action'"},
		"no realm":            {map[string]any{"scope": "webui", "action": ""}, "ERR905: Missing parameter: 'realm'"},
		"priority 0":          {request(map[string]any{"priority": "0"}), "ERR905: Priority must be at least 1"},
		"priority false":      {request(map[string]any{"priority": false}), "ERR905: Priority must be at least 1"},
		"priority word":       {request(map[string]any{"priority": "two"}), "ERR905: The priority must be a whole number"},
		"priority null":       {request(map[string]any{"priority": nil}), "ERR905: The priority must be a whole number"},
		"client":              {request(map[string]any{"client": "10.0.0.1, x"}), "ERR302: Invalid client definition!"},
		"client range":        {request(map[string]any{"client": "10.0.0.1-10.0.0.9"}), "ERR302: Invalid client definition!"},
		"client sign":         {request(map[string]any{"client": "!"}), "ERR302: Invalid client definition!"},
		"four in a condition": {request(map[string]any{"conditions": []any{[]any{"a", "b", "c", "d"}}}), "ERR905: Conditions must be 5-tuples: ['a', 'b', 'c', 'd']"},
		"a text as boolean":   {request(map[string]any{"conditions": []any{[]any{"a", "b", "c", "d", "true"}}}), "ERR905: Conditions must be 5-tuples of four strings and one boolean: ['a', 'b', 'c', 'd', 'true']"},
		"a null in it":        {request(map[string]any{"conditions": []any{[]any{nil, "b", "c", "d", true}}}), "ERR905: Conditions must be 5-tuples of four strings and one boolean: [None, 'b', 'c', 'd', True]"},
		"realm as object":     {request(map[string]any{"realm": map[string]any{"a": 1}}), "ERR905: The parameter 'realm' must be a text or a list of texts"},
	} {
		spec, err := ParseRequest("p", c.params)
		if err == nil {
			_, err = spec.Apply(nil)
		}
		if message(err) != c.want {
			t.Errorf("%s: got %q", name, message(err))
		}
	}
}

func TestParseRequest_UpdateKeepsWhatIsNotSent(t *testing.T) {
	old := Row{ID: 7, Name: "p", Scope: "admin", Action: "enable", Realm: "r1", User: "u", Priority: 4, CheckAllResolvers: true,
		Time: "Mon: 1-2", Conditions: []Condition{{"userinfo", "email", "equals", "x", true}}}
	spec, err := ParseRequest("p", map[string]any{"scope": "admin", "action": []any{"disable", "x=1"}, "realm": nil})
	if err != nil {
		t.Fatal(err)
	}
	row, err := spec.Apply(&old)
	want := old
	want.Action, want.Priority, want.CheckAllResolvers = "disable, x=1", 1, false
	if err != nil || !reflect.DeepEqual(row, want) {
		t.Errorf("got %+v, %v", row, err)
	}
	spec, err = ParseRequest("p", map[string]any{"scope": "admin", "action": "disable", "realm": "", "user": "", "conditions": ""})
	if err != nil {
		t.Fatal(err)
	}
	if row, _ = spec.Apply(&old); row.User != "" || len(row.Conditions) != 0 || row.Realm != "" {
		t.Errorf("got %+v", row)
	}
}

// TestParseRequest_Active also keeps an inactive policy inactive when it is
// edited, and takes false for false.
func TestParseRequest_Active(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		old   *Row
		want  bool
	}{
		"new":                 {nil, nil, true},
		"new, empty text":     {"", nil, true},
		"new, false":          {false, nil, false},
		"new, 0":              {0.0, nil, false},
		"new, text":           {"False", nil, false},
		"new, yes":            {"yes", nil, false},
		"new, true":           {"true", nil, true},
		"edited while off":    {nil, &Row{Name: "p", Priority: 1}, false},
		"switched on by hand": {"1", &Row{Name: "p", Priority: 1}, true},
	} {
		params := request(nil)
		if c.value != nil {
			params["active"] = c.value
		}
		spec, err := ParseRequest("p", params)
		if err != nil {
			t.Fatal(err)
		}
		if row, err := spec.Apply(c.old); err != nil || row.Active != c.want {
			t.Errorf("%s: got %v, %v", name, row.Active, err)
		}
	}
}

func TestParseINI_ByHand(t *testing.T) {
	specs, err := ParseINI("# a remark\n[two]\nscope = authorization # why\naction = {'no_detail_on_fail': True}\nrealm = ['realm1', 'realm2']\npriority = 4\n" +
		"active = False\nconditions = [('userinfo', 'a', 'equals', 'b', True)]\n[three]\r\nscope=\"webui\"\naction = logout_time=9, hide_buttons\ntime=Mon-Fri: 9-17\n")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for _, s := range specs {
		row, err := s.Apply(nil)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	want := []Row{
		{Name: "two", Scope: "authorization", Action: "no_detail_on_fail", Realm: "realm1, realm2", Priority: 4,
			Conditions: []Condition{{"userinfo", "a", "equals", "b", true}}},
		{Name: "three", Active: true, Scope: "webui", Action: "logout_time=9, hide_buttons", Time: "Mon-Fri: 9-17", Priority: 1},
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got %+v", rows)
	}
}

func TestParseINI_Refuses(t *testing.T) {
	for name, src := range map[string]string{
		"no action":      "[bad]\nscope = webui\n",
		"no section":     "no section at all",
		"a broken dict":  "[bad]\nscope = webui\naction = {'a': '1'\n",
		"priority":       "[bad]\naction = {'a': '1'}\npriority = high\n",
		"twice":          "[a]\naction = x\n[a]\naction = y\n",
		"nested":         "[a]\naction = x\n[[b]]\n",
		"an open header": "[a\naction = x\n",
	} {
		if _, err := ParseINI(src); mfaerr.Wrap(err) == nil || mfaerr.Wrap(err).Code != mfaerr.CodeParameter {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParsePython(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want string
	}{
		"list":      {"[{'name': 'imp2', 'scope': 'admin', 'action': 'enable, disable', 'active': True}]", "enable, disable"},
		"dict":      {"{'policy': [{'name': 'imp2', 'action': {'a': True, 'b': 2, 'c': None, 'd': 1.5}}]}", "a, b=2, c=None, d=1.5"},
		"not a one": {"1 + x", ""},
		"no list":   {"{'event': []}", ""},
		"no name":   {"[{'scope': 'admin'}]", ""},
		"no dict":   {"['x']", ""},
	} {
		specs, err := ParsePython(c.src)
		if c.want == "" {
			if !mfaerr.Is(err, mfaerr.Request) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil || len(specs) != 1 || *specs[0].Action != c.want || specs[0].Name != "imp2" {
			t.Errorf("%s: got %+v, %v", name, specs, err)
		}
	}
}

func TestParseAttributes(t *testing.T) {
	for in, want := range map[string]map[string][]string{
		":hello: one two:*: *": {"hello": {"one", "two"}, "*": {"*"}},
		"a: b":                 {"a": {"b"}},
		":a:":                  {},
		"":                     {},
	} {
		if got := ParseAttributes(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestParseMangle(t *testing.T) {
	if m, ok := ParseMangle(`user/(.*)@x/\1/`); !ok || m != (Mangle{"user", "(.*)@x", `\1`}) {
		t.Errorf("got %v %v", m, ok)
	}
	if _, ok := ParseMangle("user/x"); ok {
		t.Error("took a text with one slash")
	}
}
