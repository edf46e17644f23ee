package app_test

import (
	"testing"

	"edumfa/internal/app/apptest"
)

// A user's call for the token of somebody else is refused, and nothing that is
// attached to it happens to that token before.
func TestEvents_ForeignTokens(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for serial, owner := range map[string]string{"A1": "alice", "B1": "bob"} {
		n.Must("POST /token/init", apptest.P{"type": "spass", "serial": serial, "user": owner})
	}
	on(n, "token_disable, token_list, token_enable", "pre", "Token", "set description", apptest.P{"description": "touched"}, nil)
	on(n, "token_disable, token_list, token_enable", "post", "Token", "set description", apptest.P{"description": "touched"}, nil)
	for _, c := range []string{"POST /token/disable/A1", "GET /token/?serial=A1", "GET /token/?serial=A*", "POST /token/enable/B1,A1", "GET /token/?serial=B1,A1"} {
		n.User("bob", c, nil)
	}
	for serial, want := range map[string]string{"A1": "", "B1": "touched"} {
		n.User("bob", "POST /token/disable/B1", nil)
		r := n.App.Store
		tok, err := r.Token(t.Context(), serial, 0)
		if err != nil || tok.Description != want {
			t.Errorf("%s: %q, %v", serial, tok.Description, err)
		}
	}
	n.Must("POST /token/disable/A1", nil)
	if tok, err := n.App.Store.Token(t.Context(), "A1", 0); err != nil || tok.Description != "touched" {
		t.Errorf("by an administrator: %q, %v", tok.Description, err)
	}
}
