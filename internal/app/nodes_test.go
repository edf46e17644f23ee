package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
)

// onTwoNodes runs a test with two servers on one database.
func onTwoNodes(t *testing.T, now func() time.Time, f func(t *testing.T, a, b *apptest.Node)) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e, Now: now})
			f(t, in.Serve(), in.AnotherNode())
		})
	}
}

// What is configured through one node counts on the other's next request, also
// when the clock does not move between two changes.
func TestChangeThroughAnotherNode(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	onTwoNodes(t, c.now, func(t *testing.T, a, b *apptest.Node) {
		a.Must("POST /token/init", apptest.P{"type": "spass", "user": "alice", "pin": "1234", "serial": "S1"})
		accepted := func(n *apptest.Node) bool {
			return n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"}).Accepted()
		}
		if !accepted(b) {
			t.Fatal("the token of one node is not the other's")
		}
		policy := apptest.P{"scope": "authorization", "action": "tokentype=hotp", "realm": "", "active": "true"}
		for i := range 3 {
			a.Must("POST /policy/only_hotp", policy)
			if accepted(b) {
				t.Errorf("round %d: the other node does not know the policy", i)
			}
			b.Must("DELETE /policy/only_hotp", nil)
			if !accepted(a) {
				t.Errorf("round %d: the first node still knows the policy", i)
			}
		}
		a.Must("POST /system/setConfig", apptest.P{"k1": "1"})
		if v := b.Admin("GET /system/k1", nil).Value(); v != "1" {
			t.Errorf("setting on the other node: %v", v)
		}
		a.Must("POST /system/setConfig", apptest.P{"k1": "2"})
		if v := b.Admin("GET /system/k1", nil).Value(); v != "2" {
			t.Errorf("second setting within a second: %v", v)
		}
		a.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
		if !strings.Contains(string(b.Admin("GET /realm/", nil).Raw), `"realm2"`) {
			t.Error("the other node does not know the realm")
		}
		b.Must("DELETE /realm/realm2", nil)
		a.Must("POST /resolver/reso2", apptest.P{"type": "passwdresolver", "fileName": "passwd"})
		if !strings.Contains(string(b.Admin("GET /resolver/", nil).Raw), `"reso2"`) {
			t.Error("the other node does not know the resolver")
		}
	})
}

// Two administrators change things at once through two nodes: both changes
// arrive on both.
func TestChangesAtOnce(t *testing.T) {
	onTwoNodes(t, nil, func(t *testing.T, a, b *apptest.Node) {
		for round := range 5 {
			var both sync.WaitGroup
			for i, n := range []*apptest.Node{a, b} {
				both.Go(func() {
					r, err := n.Try("POST /system/setConfig", apptest.P{fmt.Sprintf("k%d_%d", round, i): "x"}, apptest.As(n.JWT("admin", "", "admin")))
					if err != nil || r.Status != 200 {
						t.Errorf("setConfig: %v %v", err, r)
					}
				})
			}
			both.Wait()
			for _, n := range []*apptest.Node{a, b} {
				for i := range 2 {
					if v := n.Admin(fmt.Sprintf("GET /system/k%d_%d", round, i), nil).Value(); v != "x" {
						t.Errorf("round %d: a node does not know the change of node %d", round, i)
					}
				}
			}
		}
	})
}

// A challenge of one node is answered at another, and a session works anywhere.
func TestChallengeAndSessionOnAnotherNode(t *testing.T) {
	onTwoNodes(t, nil, func(t *testing.T, a, b *apptest.Node) {
		a.Must("POST /policy/cr", apptest.P{"scope": "authentication", "action": "challenge_response=hotp", "realm": ""})
		f := fixtureToken{OTPKey: "3132333435363738393031323334353637383930"}
		f.DB.OTPLen = 6
		a.Must("POST /token/init", apptest.P{"type": "hotp", "user": "alice", "pin": "1234", "otpkey": f.OTPKey})
		r := a.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"})
		id := r.Text("detail.transaction_id")
		if id == "" {
			t.Fatalf("no challenge: %s", r.Raw)
		}
		if r := b.Call("POST /validate/check", apptest.P{"user": "alice", "pass": f.otp(0), "transaction_id": id}); !r.Accepted() {
			t.Errorf("the answer at the other node: %s", r.Raw)
		}
		if r := a.Call("POST /validate/check", apptest.P{"user": "alice", "pass": f.otp(1), "transaction_id": id}); r.Accepted() {
			t.Errorf("the challenge was answered twice: %s", r.Raw)
		}
		session := a.Call("POST /auth", apptest.P{"username": "admin", "password": apptest.AdminPassword}).Text("result.value.token")
		if r := b.Call("GET /token/", nil, apptest.As(session)); r.Status != 200 {
			t.Errorf("the session at the other node: %d %s", r.Status, r.Raw)
		}
	})
}

// Logins go on while resolvers are exchanged under them.
func TestReloadUnderLoad(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	n := in.Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "user": "alice", "pin": "1234"})
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				r, err := n.Try("POST /validate/check", apptest.P{"user": "alice", "pass": "1234"})
				if err != nil || !r.Accepted() {
					t.Errorf("login during a change: %v %s", err, r.Raw)
					return
				}
			}
		})
	}
	for i := range 20 {
		file := "passwd"
		if i%2 == 0 {
			file = in.Dir + "/passwd" // another value: the instance is opened anew
		}
		n.Must("POST /resolver/reso", apptest.P{"type": "passwdresolver", "fileName": file})
	}
	cancel()
	load.Wait()
}
