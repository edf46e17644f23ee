package app_test

import (
	"slices"
	"strings"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/policy"
	"edumfa/internal/session"
	"edumfa/internal/token"
)

// TestRights_Enrol asks for every token type, as administrator and as user, with
// all rights to enrol but one and with only that one.
func TestRights_Enrol(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /policy/super", apptest.P{"scope": "admin", "adminuser": "admin", "action": "*", "realm": ""})
	callers := map[string]struct {
		as   apptest.Option
		who  apptest.P
		user apptest.P
	}{
		policy.ScopeAdmin: {apptest.As(n.JWT("helpdesk", "", session.RoleAdmin)), apptest.P{"adminuser": "helpdesk"}, apptest.P{"user": "alice", "realm": "realm1"}},
		policy.ScopeUser:  {apptest.As(n.JWT("alice", "realm1", session.RoleUser)), apptest.P{}, apptest.P{}},
	}
	for scope, c := range callers {
		rights := slices.DeleteFunc(rightsOf(scope), func(r string) bool { return !strings.HasPrefix(r, "enroll") || r == "enrollpin" })
		if len(rights) < 20 {
			t.Fatalf("only %d rights to enrol in the scope %s", len(rights), scope)
		}
		for _, right := range rights {
			t.Run(scope+" "+right, func(t *testing.T) {
				set := func(list ...string) {
					p := apptest.P{"scope": scope, "action": strings.Join(list, ","), "realm": ""}
					for k, v := range c.who {
						p[k] = v
					}
					n.Must("POST /policy/enrol"+scope, p)
				}
				call := apptest.P{"type": strings.ToLower(strings.TrimPrefix(right, "enroll"))}
				for k, v := range c.user {
					call[k] = v
				}
				set(slices.DeleteFunc(slices.Clone(rights), func(r string) bool { return r == right })...)
				if r := n.Call("POST /token/init", call, c.as); r.Status != 403 || r.ErrorCode() != 303 {
					t.Errorf("without the right: %d %s", r.Status, r.Raw)
				}
				set(right)
				if r := n.Call("POST /token/init", call, c.as); isRefusedRight(r) || r.Status >= 500 {
					t.Errorf("with the right: %d %s", r.Status, r.Raw)
				}
			})
		}
	}
}

// isRefusedRight reports whether an answer says that a right is missing. Types
// that need other policies too are refused with the same number.
func isRefusedRight(r *apptest.Reply) bool {
	return r.ErrorCode() == 303 && strings.Contains(r.Text("result.error.message"), "not allowed")
}

// TestLimits_OfEveryType gives alice a token of every type and allows her one of
// the type, then one that is active.
func TestLimits_OfEveryType(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "user": "alice", "serial": "MODEL"})
	model, err := n.App.Store.Token(t.Context(), "MODEL", token.Whole)
	if err != nil {
		t.Fatal(err)
	}
	n.Must("DELETE /token/MODEL", nil)
	for _, typ := range app.TokenTypes() {
		name := typ.Info().Name
		t.Run(name, func(t *testing.T) {
			have := model.Clone()
			have.ID, have.Type, have.Serial = 0, name, "HAVE-"+name
			if err := n.App.Store.InsertToken(t.Context(), have); err != nil {
				t.Fatal(err)
			}
			defer n.Must("DELETE /token/"+have.Serial, nil)
			refused := func() string {
				r := n.Admin("POST /token/init", apptest.P{"type": name, "user": "alice", "realm": "realm1"})
				if m := r.Text("result.error.message"); r.ErrorCode() == 303 && strings.Contains(m, "limited") {
					return m
				}
				return ""
			}
			for _, c := range []struct {
				action   string
				active   bool
				limited  bool
				disabled bool // the token that is there
			}{
				{name + "_max_token_per_user=1", false, true, false},
				{name + "_max_token_per_user=1", false, true, true},
				{name + "_max_token_per_user=2", false, false, false},
				{name + "_max_active_token_per_user=1", true, true, false},
				{name + "_max_active_token_per_user=1", true, false, true},
				{"max_token_per_user=1", false, true, false},
				{"max_active_token_per_user=1", true, true, false},
				{"other_max_token_per_user=1", false, false, false},
			} {
				if c.action == "other_max_token_per_user=1" {
					other := "hotp"
					if name == other {
						other = "totp"
					}
					c.action = other + "_max_token_per_user=1"
				}
				n.Must("POST /policy/limit", apptest.P{"scope": "enrollment", "action": c.action, "realm": ""})
				if c.disabled {
					n.Must("POST /token/disable/"+have.Serial, nil)
				}
				if m := refused(); (m != "") != c.limited || c.limited && strings.Contains(m, "active") != c.active {
					t.Errorf("%s, disabled %v: %q", c.action, c.disabled, m)
				}
				n.Must("DELETE /policy/limit", nil)
				// an enrolment that was let through may have left a token
				list, err := n.App.Store.Tokens(t.Context(), token.Filter{Type: name}, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range list {
					if x.Serial != have.Serial {
						n.Must("DELETE /token/"+x.Serial, nil)
					}
				}
				if c.disabled {
					n.Must("POST /token/enable/"+have.Serial, nil)
				}
			}
		})
	}
}
