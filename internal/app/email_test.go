package app_test

import (
	"slices"
	"sync"
	"testing"

	"edumfa/internal/app/apptest"
)

const emailSerial = "MAIL1"

// mailing is an installation with a mail server and an email token of alice.
func mailing(t *testing.T, o apptest.Options) (*apptest.Node, *mailServer) {
	n := apptest.New(t, o).Serve()
	s := newMailServer(t)
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": s.port, "sender": "mfa@example.org"})
	n.Must("POST /system/setConfig", apptest.P{"email.identifier": "post"})
	n.Must("POST /token/init", apptest.P{"type": "email", "serial": emailSerial, "user": "alice", "email": "alice@example.org", "pin": "pin", "otpkey": parallelKey})
	return n, s
}

// Whoever asks at the same time gets a value of his own, or is told to come back:
// no value is mailed twice.
func TestEmail_ValuesAreMailedOnce(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n, s := mailing(t, apptest.Options{Engine: e})
			const at = 16
			replies := make([]*apptest.Reply, at)
			var wait sync.WaitGroup
			for i := range at {
				wait.Go(func() { replies[i], _ = n.Try("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}) })
			}
			wait.Wait()
			asked := 0
			for i, r := range replies {
				switch {
				case r == nil:
					t.Errorf("request %d has no answer", i)
				case r.Status == 200 && r.Text("result.authentication") == "CHALLENGE":
					asked++
				case r.Status != 503:
					t.Errorf("request %d: %d %s", i, r.Status, r.Raw)
				}
			}
			codes := s.bodies()
			slices.Sort(codes)
			if asked == 0 || len(codes) != asked || len(slices.Compact(slices.Clone(codes))) != asked {
				t.Errorf("%d challenges and the mails %v: want one mail with its own value for each", asked, codes)
			}
		})
	}
}

func TestEmail_MailServerIsDown(t *testing.T) {
	n, _ := mailing(t, apptest.Options{})
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": "1"})
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"})
	if r.Text("result.authentication") != "REJECT" || r.Text("detail.message") != "The PIN was correct, but the EMail could not be sent!" {
		t.Errorf("answer: %s", r.Raw)
	}
	if c := n.Admin("GET /token/challenges/", nil); c.At("result.value.count") != 0.0 {
		t.Errorf("challenges are left: %s", c.Raw)
	}
}

// With several open challenges each takes its own value, once.
func TestEmail_ConcurrentChallenges(t *testing.T) {
	n, s := mailing(t, apptest.Options{})
	n.Must("POST /system/setConfig", apptest.P{"email.concurrent_challenges": "1"})
	ask := func() string {
		return n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}).Text("detail.transaction_id")
	}
	answer := func(id, code string) bool {
		return n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": code, "transaction_id": id}).Accepted()
	}
	a, b, c := ask(), ask(), ask()
	codes := s.bodies()
	if len(codes) != 3 {
		t.Fatalf("mails: %v", codes)
	}
	if answer(a, codes[1]) {
		t.Error("the first challenge takes the value of the second")
	}
	if !answer(b, codes[1]) || !answer(a, codes[0]) {
		t.Error("a challenge does not take its own value")
	}
	if answer(a, codes[0]) || answer(b, codes[1]) {
		t.Error("a value was taken twice")
	}
	if !n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin" + codes[2]}).Accepted() {
		t.Error("PIN and value at once are not taken")
	}
	if answer(c, codes[2]) {
		t.Error("the value of a login with PIN answers a challenge")
	}
}

func TestSMTPServer_PasswordsStayHere(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /smtpserver/post", apptest.P{"server": "mail.example.org", "username": "relay", "password": "geheim", "tls": "1"})
	if r := n.Must("GET /smtpserver/", nil); r.Text("result.value.post.password") != "__CENSORED__" {
		t.Errorf("definition: %s", r.Raw)
	}
	before, err := n.App.Store.SMTPServer(t.Context(), "post")
	if err != nil {
		t.Fatal(err)
	}
	n.Must("POST /smtpserver/post", apptest.P{"server": "mail.example.org", "password": "__CENSORED__", "description": "new"})
	after, err := n.App.Store.SMTPServer(t.Context(), "post")
	if err != nil {
		t.Fatal(err)
	}
	if after.Password != before.Password || !after.TLS || after.Username != "relay" || after.Description != "new" {
		t.Errorf("stored: %+v, before %+v", after, before)
	}
	// another server must not be told the password
	if r := n.Admin("POST /smtpserver/send_test_email", apptest.P{"identifier": "post", "server": "127.0.0.1", "recipient": "x@example.org",
		"username": "relay", "password": "__CENSORED__"}); r.ErrorCode() != 905 {
		t.Errorf("test of another server with the stored password: %s", r.Raw)
	}
}
