package api_test

import (
	"fmt"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

func TestAudit(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e, Config: "SUPERUSER_REALM = ['super']\n"}).Serve()
			n.Must("POST /realm/realm2", P{"resolvers": "reso"})
			n.Must("POST /realm/super", P{"resolvers": "reso"})
			for _, realm := range []string{"realm1", "realm2"} {
				n.Call("POST /validate/check", P{"user": "alice", "realm": realm, "pass": "x"})
			}
			count := func(r *apptest.Reply) any {
				v, _ := r.Value().(map[string]any)
				return v["count"]
			}
			for _, c := range []struct {
				name string
				p    P
				want float64
			}{
				{"a pattern", P{"action": "*validate/check*"}, 2},
				{"a value", P{"action": "POST /validate/check", "realm": "realm2"}, 1},
				{"letters of a pattern stand for themselves", P{"action": "POST%"}, 0},
				{"a flag", P{"action": "*validate*", "success": "1"}, 0},
				{"a date", P{"action": "*validate*", "date": "2*"}, 2},
				{"what is no column", P{"action": "*validate*", "nosuch": "x"}, 2},
				{"below a number", P{"action": "*validate*", "below": "1"}, 0},
				{"above a number", P{"action": "*validate*", "above": "1"}, 2},
				{"a period", P{"action": "*validate*", "timelimit": "1h"}, 2},
			} {
				t.Run(c.name, func(t *testing.T) {
					if got := count(n.Must("GET /audit/", c.p)); got != c.want {
						t.Errorf("%v rows, want %v", got, c.want)
					}
				})
			}
			r := n.Must("GET /audit/", P{"action": "*validate*"})
			if s := string(r.Raw); strings.Count(s, `"sig_check": "OK"`) != 2 || strings.Count(s, `"missing_line": "OK"`) != 2 {
				t.Errorf("%s", s)
			}
			n.Must("POST /policy/root", P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
			n.Must("POST /policy/desk", P{"scope": "admin", "action": "auditlog, auditlog_download", "adminrealm": "super", "realm": "realm2"})
			desk := apptest.As(n.JWT("alice", "super", session.RoleAdmin))
			if got := count(n.Call("GET /audit/", P{"action": "*validate*"}, desk)); got != 1.0 {
				t.Errorf("an administrator of one realm sees %v rows", got)
			}
			file := string(n.Call("GET /audit/rows.csv", P{"action": "*validate*"}, desk).Raw)
			if strings.Count(file, "\n") != 1 || !strings.Contains(file, "'realm2'") {
				t.Errorf("%q", file)
			}
		})
	}
}

func TestAudit_PagesByNumber(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for range 5 {
		n.Call("POST /validate/check", P{"user": "alice", "pass": "x"})
	}
	seen, below := 0, ""
	for range 4 {
		p := P{"action": "*validate*", "page_size": "2"}
		if below != "" {
			p["below"] = below
		}
		v, _ := n.Must("GET /audit/", p).Value().(map[string]any)
		rows, _ := v["auditdata"].([]any)
		for _, row := range rows {
			number, _ := row.(map[string]any)["number"].(float64)
			below = fmt.Sprint(number)
			seen++
		}
		if more := v["next"] != nil; more != (seen < 5) {
			t.Errorf("after %d rows: next is %v", seen, v["next"])
		}
	}
	if seen != 5 {
		t.Errorf("%d rows", seen)
	}
	if r := n.Admin("GET /audit/", P{"below": "x"}); r.Status != 400 {
		t.Errorf("%s", r.Raw)
	}
}

func TestAudit_CallsOfNobodyLeaveNoRow(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Call("GET /policy/", nil)
	n.User("alice", "GET /policy/", nil)
	r := n.Must("GET /audit/", P{"action": "*policy*"})
	if v, _ := r.Value().(map[string]any); v["count"] != 0.0 {
		t.Errorf("%s", r.Raw)
	}
}
