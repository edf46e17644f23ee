package audit

import (
	"strings"
	"testing"
	"time"

	"edumfa/internal/pyliteral"
)

func contains(expr string) (func(string) (bool, error), error) {
	return func(s string) (bool, error) { return strings.Contains(s, expr), nil }, nil
}

func TestExpired(t *testing.T) {
	v, err := pyliteral.Parse("[{'rotate': 10, 'action': 'validate', 'user': 'eve'}, {'rotate': '100', 'action': 'validate'}, {'rotate': 0}]")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := ParseRules(v, contains)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		action, user *string
		days         int
		want         bool
	}{
		"first rule, old":                    {text("GET /validate/check"), text("eve"), 11, true},
		"first rule, young":                  {text("GET /validate/check"), text("eve"), 9, false},
		"second rule keeps longer":           {text("GET /validate/check"), nil, 50, false},
		"second rule, old":                   {text("GET /validate/check"), nil, 101, true},
		"no rule":                            {text("POST /auth"), text("eve"), 1000, false},
		"a rule without patterns is no rule": {nil, nil, 1000, false},
	} {
		t.Run(name, func(t *testing.T) {
			date := now.Add(-time.Duration(c.days) * 24 * time.Hour)
			got, err := Expired(rules, Row{Action: c.action, User: c.user, Date: &date}, now)
			if err != nil || got != c.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestParseRulesRefuses(t *testing.T) {
	for _, src := range []string{"{}", "['x']", "[{'action': 'x'}]", "[{'rotate': 'x'}]", "[{'rotate': -1}]", "[{'rotate': 1, 'nonsense': 'x'}]"} {
		v, err := pyliteral.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseRules(v, contains); err == nil {
			t.Errorf("%s was accepted", src)
		}
	}
}

func TestCSVLine(t *testing.T) {
	date, d, one, action := time.Date(2026, 5, 1, 12, 0, 0, 5000, time.UTC), 1500*time.Millisecond, int64(1), "GET /x"
	got := CSVLine(Row{ID: 7, Date: &date, Duration: &d, Success: &one, Action: &action}, true, false)
	want := "'7','2026-05-01T12:00:00.000005','OK','FAIL','GET /x','1'" + strings.Repeat(",'None'", 14) + ",'1.5','None'\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}
