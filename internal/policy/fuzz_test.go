package policy

import (
	"net/netip"
	"strings"
	"testing"
)

func FuzzLists(f *testing.F) {
	for _, c := range loadVectors(f).SetPolicy {
		action, _ := c.Input["action"].(string)
		f.Add(action, "alice", "10.0.0.1")
	}
	f.Add("realm[2-9], !realm7, -x, *, (?i)a.*", "realm3", "10.0.0.0/8, !10.0.0.1")
	f.Fuzz(func(t *testing.T, text, value, clients string) {
		if len(text) > 200 || len(value) > 100 || len(clients) > 200 {
			return
		}
		p := Parse(Row{Name: "p", Active: true, Scope: "webui", Action: text, User: text, Resolver: text, Client: clients, Priority: 1})
		if again := FormatActions(p.Actions); FormatActions(ParseActions(again)) != again {
			t.Errorf("%q is not stable: %q", text, again)
		}
		s := NewSet([]Row{p.Row}, noon)
		q := Query{Scope: "webui", Action: value, Login: &value, Resolver: &value, Client: netip.MustParseAddr("10.0.0.1")}
		list, err := s.Match(t.Context(), q)
		verdicts, _ := s.Explain(t.Context(), q)
		if err == nil && (len(list) == 1) != (verdicts[0].Reason == Fits) {
			t.Errorf("%q: %d matches, but %+v", text, len(list), verdicts[0])
		}
	})
}

func FuzzConditions(f *testing.F) {
	for _, c := range loadVectors(f).Compare {
		left, _ := c.Left.(string)
		f.Add(left, c.Comparator, c.Right)
	}
	f.Add("a", "in", `"a" b, \,c`)
	f.Fuzz(func(t *testing.T, left, comparator, right string) {
		if len(left) > 200 || len(right) > 200 {
			return
		}
		for _, l := range []any{left, []string{left}, nil, 5, 1.5} {
			got, err := Compare(l, comparator, right)
			if err != nil || strings.HasPrefix(comparator, "!") {
				continue
			}
			not, err := Compare(l, "!"+comparator, right)
			if err == nil && got == not {
				t.Errorf("%v %s %q: both are %v", l, comparator, right, got)
			}
		}
	})
}

func FuzzPINRule(f *testing.F) {
	for _, c := range loadVectors(f).PINs {
		f.Add(c.Policy, c.Pin)
	}
	f.Fuzz(func(t *testing.T, rule, pin string) {
		r, err := ParsePINRule(rule)
		if err != nil {
			return
		}
		if ok, text := r.Check(pin); ok != (text == "") {
			t.Errorf("%q %q: %v %q", rule, pin, ok, text)
		}
	})
}

func FuzzFiles(f *testing.F) {
	v := loadVectors(f)
	f.Add(v.ExportText)
	f.Add("# x\n[one]\nscope = webui\naction = {'logout_time': '5'}\nrealm = a, b\n")
	f.Add("[{'name': 'imp2', 'scope': 'admin', 'action': 'enable, disable', 'active': True}]")
	f.Fuzz(func(t *testing.T, src string) {
		_, _ = ParsePython(src)
		specs, err := ParseINI(src)
		if err != nil {
			return
		}
		var list []*Policy
		for _, s := range specs {
			if row, err := s.Apply(nil); err == nil {
				list = append(list, Parse(row))
			}
		}
		_ = FormatINI(list)
	})
}
