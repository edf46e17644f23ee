package app_test

import (
	"fmt"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/test/server/freeradius"
)

func radiusNode(t *testing.T, o freeradius.Options) (*apptest.Node, *freeradius.Server) {
	t.Helper()
	f := freeradius.Start(t, o)
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /radiusserver/hall", apptest.P{"server": "127.0.0.1", "port": fmt.Sprint(f.Port), "secret": f.Secret, "retries": "2", "timeout": "5", "enforce_ma": "1"})
	return n, f
}

// Logins with a real RADIUS server, by tokens and by the policy passthru.
func TestRADIUS_Logins(t *testing.T) {
	n, _ := radiusNode(t, freeradius.Options{Sign: true,
		Users: map[string]string{"al": "pässword € 123456", "alice": "far+away &%41"}, Asked: map[string]string{"ask": "777777"}})
	n.Must("POST /policy/through", apptest.P{"scope": "authentication", "realm": "", "action": "passthru=hall, challenge_response=radius"})
	check := func(pass string, more apptest.P) *apptest.Reply {
		p := apptest.P{"user": "alice", "pass": strings.ReplaceAll(pass, "%", "%25")}
		for k, v := range more {
			p[k] = v
		}
		return n.Call("POST /validate/check", p)
	}
	if r := check("far+away &%41", nil); !r.Accepted() {
		t.Errorf("passthru: %s", r.Raw)
	}
	if r := check("far+away &A", nil); r.Accepted() {
		t.Errorf("passthru with a wrong password: %s", r.Raw)
	}
	n.Must("POST /token/init", apptest.P{"type": "radius", "serial": "R1", "user": "alice", "radius.identifier": "hall", "radius.user": "al"})
	if r := check("pässword € 123456", nil); !r.Accepted() || r.Text("detail.serial") != "R1" {
		t.Errorf("token: %s", r.Raw)
	}
	if r := check("far+away &%41", nil); r.Accepted() {
		t.Errorf("passthru although there is a token: %s", r.Raw)
	}
	n.Must("POST /token/init", apptest.P{"type": "radius", "serial": "R2", "user": "bob", "radius.identifier": "hall", "radius.user": "ask"})
	r := check("start", apptest.P{"user": "bob"})
	id := r.Text("detail.transaction_id")
	if id == "" || r.Text("detail.message") != freeradius.Question {
		t.Fatalf("challenge: %s", r.Raw)
	}
	for _, c := range []struct {
		pass string
		want bool
	}{{"000000", false}, {"777777", true}, {"777777", false}} {
		if r := check(c.pass, apptest.P{"user": "bob", "transaction_id": id}); r.Accepted() != c.want {
			t.Errorf("answer %s: %s", c.pass, r.Raw)
		}
	}
}

// CVE-2024-3596: where signatures are demanded, answers without one let nobody in,
// neither by a token nor by passthru nor in a trial.
func TestDefect_UnsignedRADIUSAnswers(t *testing.T) {
	n, f := radiusNode(t, freeradius.Options{Users: map[string]string{"alice": "secret1"}})
	n.Must("POST /radiusserver/hall", apptest.P{"server": "127.0.0.1", "port": fmt.Sprint(f.Port), "secret": "__CENSORED__", "retries": "1", "timeout": "1"})
	n.Must("POST /policy/through", apptest.P{"scope": "authentication", "realm": "", "action": "passthru=hall"})
	n.Must("POST /token/init", apptest.P{"type": "radius", "serial": "R1", "user": "bob", "radius.identifier": "hall", "radius.user": "alice"})
	trial := apptest.P{"identifier": "hall", "server": "127.0.0.1", "port": fmt.Sprint(f.Port), "secret": "__CENSORED__", "username": "alice", "password": "secret1"}
	for _, user := range []string{"alice", "bob"} {
		if r := n.Call("POST /validate/check", apptest.P{"user": user, "pass": "secret1"}); r.Accepted() {
			t.Errorf("%s: %s", user, r.Raw)
		}
	}
	if r := n.Admin("POST /radiusserver/test_request", trial); r.Value() != false {
		t.Errorf("trial: %s", r.Raw)
	}
	trial["enforce_ma"] = "0"
	if r := n.Admin("POST /radiusserver/test_request", trial); r.Value() != true {
		t.Errorf("trial without: %s", r.Raw)
	}
}

func TestRADIUSServer_SecretsStayHere(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /radiusserver/hall", apptest.P{"server": "radius.example", "secret": "geheim"})
	n.Must("POST /token/init", apptest.P{"type": "radius", "serial": "R1", "user": "alice", "radius.server": "radius.example", "radius.secret": "geheim", "radius.user": "al"})
	for _, call := range []string{"GET /radiusserver/", "GET /token/"} {
		if r := n.Must(call, nil); strings.Contains(string(r.Raw), "geheim") {
			t.Errorf("%s: %s", call, r.Raw)
		}
	}
	r := n.Admin("POST /radiusserver/test_request", apptest.P{"identifier": "hall", "server": "127.0.0.1", "secret": "__CENSORED__", "username": "u", "password": "p"})
	if r.ErrorCode() != 905 {
		t.Errorf("the stored secret is sent to another server: %s", r.Raw)
	}
}

// A server that is its own remote server comes to an end.
func TestRemote_OwnServer(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /edumfaserver/self", apptest.P{"url": n.Server.URL, "tls": "0"})
	n.Must("POST /token/init", apptest.P{"type": "remote", "serial": "LOOP", "user": "alice", "remote.server_id": "1", "remote.user": "alice"})
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"}); r.Status != 200 || r.Accepted() {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
	// another user's token there decides, with what is special in requests
	n.Must("POST /token/init", apptest.P{"type": "pw", "serial": "PW1", "user": "bob", "otpkey": "a+b &c%2541ä"})
	n.Must("POST /token/init", apptest.P{"type": "remote", "serial": "FAR", "user": "carol", "remote.server_id": "1", "remote.user": "bob", "remote.realm": "realm1"})
	r := n.Call("POST /validate/check", apptest.P{"user": "carol", "pass": "a+b &c%2541ä"})
	if !r.Accepted() || r.Text("detail.serial") != "FAR" {
		t.Errorf("%s", r.Raw)
	}
	if info := n.Must("GET /token/", apptest.P{"serial": "FAR"}); info.Text("result.value.tokens.0.info.last_matching_remote_serial") != "PW1" {
		t.Errorf("%s", info.Raw)
	}
}

// Other servers are asked last: a value of an own token is not shown to them.
func TestRemote_IsAskedLast(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /edumfaserver/self", apptest.P{"url": n.Server.URL, "tls": "0"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "OTHER", "user": "bob", "pin": "his"})
	n.Must("POST /token/init", apptest.P{"type": "remote", "serial": "A-FAR", "user": "alice", "remote.server_id": "1", "remote.user": "bob"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "OWN", "user": "alice", "pin": "mine"})
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "mine"}); r.Text("detail.serial") != "OWN" {
		t.Errorf("%s", r.Raw)
	}
	if r := n.Must("GET /token/", apptest.P{"serial": "OTHER"}); r.At("result.value.tokens.0.failcount") != 0.0 {
		t.Errorf("the other server was asked: %s", r.Raw)
	}
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "his"}); r.Text("detail.serial") != "A-FAR" {
		t.Errorf("%s", r.Raw)
	}
}
