package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
)

// A policy can want a value of each new token of these types before it counts.
func TestVerifyEnrolment_OfMoreTypes(t *testing.T) {
	now := time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)
	n := apptest.New(t, apptest.Options{Now: func() time.Time { return now }}).Serve()
	rule(n, "ask", "enrollment", "verify_enrollment=paper tan daplug daypassword", nil)
	for kind, value := range map[string]func(i int) string{
		"paper":       func(i int) string { return hotpValue(uint64(i)) },
		"tan":         func(i int) string { return hotpValue(uint64(i)) },
		"daplug":      func(i int) string { return letters.Replace(hotpValue(uint64(i))) },
		"daypassword": func(int) string { return hotpValue(uint64(now.Unix() / 86400)) },
	} {
		t.Run(kind, func(t *testing.T) {
			p := apptest.P{"type": kind, "serial": "V" + kind, "otpkey": parallelKey, "pin": "pin"}
			r := n.Must("POST /token/init", p)
			if r.Text("detail.rollout_state") != "verify" || r.Text("detail.verify.message") == "" {
				t.Fatalf("enrolment: %s", r.Raw)
			}
			login := apptest.P{"serial": "V" + kind, "pass": "pin" + value(2)}
			if r := n.Call("POST /validate/check", login); r.Accepted() {
				t.Errorf("before it is verified: %s", r.Raw)
			}
			p["verify"] = "123"
			if r := n.Admin("POST /token/init", p); r.ErrorCode() != 905 {
				t.Errorf("a wrong value: %s", r.Raw)
			}
			p["verify"] = value(3)
			r = n.Must("POST /token/init", p)
			if r.Text("detail.rollout_state") != "enrolled" || r.At("detail.otps") != nil {
				t.Errorf("verified: %s", r.Raw)
			}
			login["pass"] = "pin" + value(3)
			if r := n.Call("POST /validate/check", login); r.Accepted() != (kind == "daypassword") {
				t.Errorf("the same value: %s", r.Raw)
			}
			login["pass"] = "pin" + value(4)
			if r := n.Call("POST /validate/check", login); !r.Accepted() {
				t.Errorf("the next value: %s", r.Raw)
			}
		})
	}
}

func TestTypes_WithoutAnAbility(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "motp", "serial": "M1", "genkey": "1", "motppin": "1"})
	if r := n.Admin("POST /token/resync/M1", apptest.P{"otp1": "123456", "otp2": "234567"}); r.Value() == true {
		t.Errorf("resynchronised: %s", r.Raw)
	}
	for _, p := range []apptest.P{
		{"type": "sshkey", "serial": "S1", "sshkey": "ssh-ed25519 AAAA me"},
		{"type": "tan", "serial": "L1", "tans": "111111 222222"},
	} {
		n.Must("POST /token/init", p)
	}
	if r := n.Call("POST /validate/check", apptest.P{"serial": "S1", "pass": "ssh-ed25519"}); r.Accepted() {
		t.Errorf("an SSH key logs in: %s", r.Raw)
	}
	for _, call := range []string{"GET /token/", "GET /token/?outform=csv"} {
		r := n.Admin(call, apptest.P{"serial": "L1"})
		if strings.Contains(string(r.Raw), "tan.tan") || !strings.Contains(string(r.Raw), "tan.count") {
			t.Errorf("%s: %s", call, r.Raw)
		}
	}
	for i, want := range []string{"L1", ""} { // what was looked for is used up
		if r := n.Admin("GET /token/getserial/222222", nil); fmt.Sprint(r.At("result.value.serial")) != want && (want != "" || r.At("result.value.serial") != nil) {
			t.Errorf("%d: %s", i, r.Raw)
		}
	}
}

// Tokens of other services are as if they were not there.
func TestApplicationPassword_OfItsServiceOnly(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "applspec", "serial": "A1", "user": "alice", "service_id": "mail", "otpkey": "mail-word", "pin": "p"})
	n.Must("POST /token/init", apptest.P{"type": "applspec", "serial": "A2", "user": "alice", "service_id": "chat", "otpkey": "chat-word", "pin": "p"})
	for _, c := range []struct {
		pass, service string
		want          bool
	}{{"pmail-word", "mail", true}, {"pmail-word", "Mail", true}, {"pmail-word", "chat", false}, {"pmail-word", "", false}, {"mail-word", "mail", false}} {
		if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": c.pass, "service_id": c.service}); r.Accepted() != c.want {
			t.Errorf("%s for %q: %s", c.pass, c.service, r.Raw)
		}
	}
	r := n.Admin("GET /token/", apptest.P{"serial": "A2"})
	if r.At("result.value.tokens.0.failcount") != 1.0 { // of the attempt for its own service
		t.Errorf("the other service's token: %s", r.Raw)
	}
}

// Users read the questions that they answer when they enrol, and nothing else.
func TestQuestion_PublicSettings(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for key, want := range map[string]any{"question.question.1": "Colour?", "question.num_answers": nil, "question.questions": nil} {
		n.Must("POST /system/setConfig", apptest.P{key: "Colour?"})
		if r := n.User("alice", "GET /system/"+key, nil); r.Value() != want {
			t.Errorf("%s: %s", key, r.Raw)
		}
	}
}

// Users read the defaults of day passwords, for their enrolment form.
func TestDayPassword_PublicSettings(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for key, value := range map[string]string{"daypassword.timeStep": "12h", "daypassword.hashlib": "sha256"} {
		n.Must("POST /system/setConfig", apptest.P{key: value})
		if r := n.User("alice", "GET /system/"+key, nil); r.Value() != value {
			t.Errorf("%s: %s", key, r.Raw)
		}
	}
	n.Must("POST /token/init", apptest.P{"type": "daypassword", "serial": "D1", "genkey": "1"})
	r := n.Admin("GET /token/", apptest.P{"serial": "D1"})
	if r.Text("result.value.tokens.0.info.timeStep") != "43200" || r.Text("result.value.tokens.0.info.hashlib") != "sha256" {
		t.Errorf("enrolled: %s", r.Raw)
	}
}
