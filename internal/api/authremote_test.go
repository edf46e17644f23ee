package api_test

import (
	"testing"

	"edumfa/internal/app/apptest"
)

func TestRemoteUser(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	login := func(user, header string) int {
		return n.Call("POST /auth", P{"username": user}, apptest.Header("Remote-User", header)).Status
	}
	if got := login("alice", "alice"); got != 401 {
		t.Errorf("without a policy: %d", got)
	}
	n.Must("POST /policy/ru", P{"scope": "webui", "action": "remote_user=allowed", "user": "alice", "realm": ""})
	for _, c := range []struct {
		name, user, header string
		status             int
	}{
		{"allowed", "alice", "alice", 200},
		{"another name", "bob", "alice", 401},
		{"not for him", "bob", "bob", 401},
		{"no header", "alice", "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := login(c.user, c.header); got != c.status {
				t.Error(got)
			}
		})
	}
}
