package app_test

import (
	"testing"

	"edumfa/internal/app/apptest"
)

var answers = map[string]any{"A?": "1", "B?": "2", "C?": "3", "D?": "4", "E?": "5"}

// A login that takes several answers is over with the last one only, and no
// answer counts twice.
func TestQuestion_SeveralAnswers(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "question", "serial": "Q1", "user": "alice", "pin": "pin", "questions": answers})
	n.Must("POST /policy/q", apptest.P{"scope": "authentication", "action": "question_number=3", "realm": ""})
	if r := n.Must("GET /token/", apptest.P{"serial": "Q1"}); r.Text("result.value.tokens.0.info.A?") == "1" {
		t.Error("the answers are shown")
	}
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin", "session": "7"})
	asked := map[string]bool{}
	for range 2 {
		question, id := r.Text("detail.message"), r.Text("detail.transaction_id")
		asked[question] = true
		if r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "wrong", "transaction_id": id}); r.Text("result.authentication") != "REJECT" {
			t.Fatalf("wrong answer: %s", r.Raw)
		}
		first := apptest.P{"user": "alice", "pass": answers[question], "transaction_id": id, "session": "7"}
		if r = n.Call("POST /validate/check", first); r.Text("result.authentication") != "CHALLENGE" {
			t.Fatalf("answer: %s", r.Raw)
		}
		if again := n.Call("POST /validate/check", first); again.Text("result.authentication") != "REJECT" {
			t.Fatalf("the same answer again: %s", again.Raw)
		}
		if poll := n.Call("GET /validate/polltransaction", apptest.P{"transaction_id": id}); poll.Accepted() {
			t.Fatalf("polling: %s", poll.Raw)
		}
	}
	question := r.Text("detail.message")
	if asked[question] {
		t.Errorf("%s was asked twice", question)
	}
	if r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": answers[question], "transaction_id": r.Text("detail.transaction_id")}); !r.Accepted() {
		t.Errorf("last answer: %s", r.Raw)
	}
}

// Two people are two tokens, whatever way is taken.
func TestFourEyes_NoTokenCountsTwice(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "user": "alice", "pin": "one"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S2", "user": "bob", "pin": "two"})
	n.Must("POST /token/init", apptest.P{"type": "4eyes", "serial": "F1", "user": "carol", "pin": "start", "4eyes": "realm1:2", "separator": "|"})
	check := func(pass, id string) *apptest.Reply {
		p := apptest.P{"user": "carol", "pass": pass}
		if id != "" {
			p["transaction_id"] = id
		}
		return n.Call("POST /validate/check", p)
	}
	for _, c := range []struct {
		pass string
		want bool
	}{{"one|two", true}, {"one|one", false}, {"one|", false}, {"x|y", false}, {"start|one", false}} {
		if r := check(c.pass, ""); r.Accepted() != c.want {
			t.Errorf("%s: %s", c.pass, r.Raw)
		}
	}
	for _, start := range []string{"start", "one"} {
		r := check(start, "")
		if start == "start" {
			r = check("one", r.Text("detail.transaction_id"))
		}
		id := r.Text("detail.transaction_id")
		if r.Text("result.authentication") != "CHALLENGE" || id == "" {
			t.Fatalf("after one: %s", r.Raw)
		}
		if r := check("one", id); r.Text("result.authentication") != "REJECT" {
			t.Errorf("the same token again: %s", r.Raw)
		}
		if r := check("two", id); !r.Accepted() {
			t.Errorf("the other token: %s", r.Raw)
		}
	}
	for _, bad := range []string{"realm1:0", "realm1", "", "realm1:x", "realm1:-1"} {
		if r := n.Admin("POST /token/init", apptest.P{"type": "4eyes", "user": "carol", "4eyes": bad}); r.ErrorCode() != 905 {
			t.Errorf("4eyes=%q: %s", bad, r.Raw)
		}
	}
}

// A 4eyes token that is used up looks at no password, and wrong ones are no
// matter of the tokens that help.
func TestFourEyes_IsNoOracle(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "user": "alice", "pin": "one"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S2", "user": "bob", "pin": "two"})
	n.Must("POST /token/init", apptest.P{"type": "4eyes", "serial": "F1", "user": "carol", "pin": "start", "4eyes": "realm1:2", "separator": "|"})
	for range 12 {
		n.Call("POST /validate/check", apptest.P{"user": "carol", "pass": "x|y"})
	}
	wrong := n.Call("POST /validate/check", apptest.P{"user": "carol", "pass": "x|y"})
	right := n.Call("POST /validate/check", apptest.P{"user": "carol", "pass": "one|two"})
	if right.Accepted() || right.Text("detail.message") != wrong.Text("detail.message") || right.Text("detail.foureyes") != wrong.Text("detail.foureyes") {
		t.Errorf("answers differ: %s and %s", wrong.Raw, right.Raw)
	}
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "one"}); !r.Accepted() {
		t.Errorf("a helping token was locked: %s", r.Raw)
	}
}

func TestIndexedSecret_EmptySecret(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "indexedsecret", "serial": "I1", "user": "alice", "pin": "pin", "otpkey": ""})
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); r.Status != 400 || r.ErrorCode() != 401 {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}
