package apptest_test

import (
	"testing"

	"edumfa/internal/app/apptest"
)

func TestInstallation(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			n := in.Serve()
			if r := n.Call("POST /auth", apptest.P{"username": "admin", "password": apptest.AdminPassword}); r.Status != 200 {
				t.Errorf("the administrator cannot log in: %d %s", r.Status, r.Raw)
			}
			if r := n.Call("POST /auth", apptest.P{"username": "alice", "password": "alice-pw"}); r.Status != 200 {
				t.Errorf("alice cannot log in: %d %s", r.Status, r.Raw)
			}
			n.Must("POST /token/init", apptest.P{"type": "spass", "user": "alice", "pin": "1234"})
			other := in.AnotherNode()
			if r := other.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"}); !r.Accepted() {
				t.Errorf("the other server refuses alice: %d %s", r.Status, r.Raw)
			}
		})
	}
}
