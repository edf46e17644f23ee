package app_test

import (
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

func TestNobodyLocksAllAdministratorsOut(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	reading := apptest.P{"scope": "admin", "action": "policyread, tokenlist", "realm": ""}
	if r := n.Admin("POST /policy/oops", reading); r.ErrorCode() != 303 {
		t.Fatalf("locked out: %s", r.Raw)
	}
	n.Must("POST /policy/root", apptest.P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/desk", reading)
	for _, call := range []string{"POST /policy/disable/root", "DELETE /policy/root"} {
		if r := n.Admin(call, nil); r.ErrorCode() != 303 {
			t.Errorf("%s: %s", call, r.Raw)
		}
	}
	if r := n.Admin("POST /policy/root", apptest.P{"scope": "admin", "action": "*, -policywrite", "adminuser": "admin", "realm": ""}); r.ErrorCode() != 303 {
		t.Errorf("exclusion: %s", r.Raw)
	}
	if r := n.Admin("POST /policy/import/p.cfg", apptest.P{"file": "[root]\nscope = admin\naction = policyread\nactive = True\nrealm = \n"}); r.ErrorCode() != 303 || !strings.Contains(string(r.Raw), "force=1") {
		t.Errorf("import: %s", r.Raw)
	}
	n.Must("POST /policy/weekend", apptest.P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": "", "time": "Sat-Sun: 0-24", "client": "10.0.0.0/8"})
	n.Must("POST /policy/disable/root", nil) // the other one holds at times
	if r := n.Admin("POST /policy/enable/root", nil); r.ErrorCode() != 303 {
		t.Errorf("outside of these times: %s", r.Raw)
	}
}

func TestForceLocksAllAdministratorsOut(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /policy/root", apptest.P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "policyread", "realm": ""})
	n.Must("POST /policy/disable/root", apptest.P{"force": "1"})
	if r := n.Admin("POST /policy/enable/root", nil); r.ErrorCode() != 303 {
		t.Errorf("forced: %s", r.Raw)
	}
}

func TestPoliciesAreCheckedWhenSaved(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for _, c := range []struct {
		name, want string
		p          apptest.P
	}{
		{"unknown action", `no action \"boil\"`, apptest.P{"scope": "authentication", "action": "boil", "realm": ""}},
		{"value missing", `\"otppin\" needs a value`, apptest.P{"scope": "authentication", "action": "otppin", "realm": ""}},
		{"no number", "needs a whole number", apptest.P{"scope": "webui", "action": "logout_time=soon", "realm": ""}},
		{"unknown scope", "there is no scope", apptest.P{"scope": "kitchen", "action": "boil", "realm": ""}},
		{"no realm", "there is no realm", apptest.P{"scope": "authentication", "action": "passOnNoToken", "realm": "nowhere"}},
		{"no resolver", "there is no resolver", apptest.P{"scope": "authentication", "action": "passOnNoToken", "realm": "", "resolver": "nowhere"}},
		{"impossible time", "time: ", apptest.P{"scope": "authentication", "action": "passOnNoToken", "realm": "", "time": "Mon-Fri: 25-99"}},
		{"nothing strange", "", apptest.P{"scope": "authentication", "action": "otppin=none, passthru", "realm": "realm1, realm.*, !realm2", "time": "Mon-Fri: 8-17"}},
	} {
		r := n.Must("POST /policy/"+strings.ReplaceAll(c.name, " ", "-"), c.p)
		if c.want == "" && strings.Contains(string(r.Raw), "warnings") || !strings.Contains(string(r.Raw), c.want) {
			t.Errorf("%s: %s", c.name, r.Raw)
		}
	}
}

func TestPolicyExplain(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	for name, p := range map[string]apptest.P{
		"fits":   {"scope": "authentication", "action": "otppin=none", "realm": "realm1"},
		"other":  {"scope": "webui", "action": "logout_time=60", "realm": ""},
		"bob":    {"scope": "authentication", "action": "otppin=none", "realm": "", "user": "bob"},
		"client": {"scope": "authentication", "action": "otppin=none", "realm": "", "client": "10.9.0.0/16"},
		"off":    {"scope": "authentication", "action": "otppin=none", "realm": "", "active": "0"},
	} {
		n.Must("POST /policy/"+name, p)
	}
	n.Must("POST /policy/disable/off", nil)
	r := n.Must("GET /policy/explain", apptest.P{"scope": "authentication", "action": "otppin", "user": "alice", "realm": "realm1", "client": "10.1.1.1"})
	want := map[string]string{"fits": "applies", "other": "scope", "bob": "user", "client": "client", "off": "active"}
	list, _ := r.Value().([]any)
	if len(list) != len(want) {
		t.Fatalf("%s", r.Raw)
	}
	for _, x := range list {
		v, _ := x.(map[string]any)
		name, _ := v["name"].(string)
		if v["reason"] != want[name] || v["applies"] != (want[name] == "applies") {
			t.Errorf("%s: %v", name, v)
		}
	}
}

// Asking for a challenge is no failure, and remembered logins do not skip the PIN.
func TestLimitsAndRememberedLogins(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) { limitsAndRememberedLogins(t, e) })
	}
}

func limitsAndRememberedLogins(t *testing.T, e apptest.Engine) {
	n := apptest.New(t, apptest.Options{Engine: e}).Serve()
	n.Must("POST /token/init", apptest.P{"user": "alice", "serial": "H1", "type": "hotp", "otpkey": parallelKey, "pin": "pin"})
	n.Must("POST /policy/z", apptest.P{"scope": "authorization", "action": "auth_max_fail=2/1h", "realm": ""})
	n.Must("POST /policy/c", apptest.P{"scope": "authentication", "action": "challenge_response=hotp, auth_cache=4h", "realm": ""})
	ask := func(pass, transaction string) *apptest.Reply {
		p := apptest.P{"user": "alice", "pass": pass}
		if transaction != "" {
			p["transaction_id"] = transaction
		}
		return n.Call("POST /validate/check", p)
	}
	var id string
	for range 3 {
		id = ask("pin", "").Text("detail.transaction_id")
	}
	if r := ask(hotpValue(0), id); !r.Accepted() {
		t.Fatalf("answer: %s", r.Raw)
	}
	if r := ask(hotpValue(0), ""); r.Accepted() {
		t.Errorf("the answer alone: %s", r.Raw)
	}
	if r := ask("pin"+hotpValue(1), ""); !r.Accepted() {
		t.Fatalf("value: %s", r.Raw)
	}
	if r := ask("pin"+hotpValue(1), ""); !r.Accepted() || r.Text("detail.message") != "Authenticated by AuthCache." {
		t.Errorf("again: %s", r.Raw)
	}
	ask("wrong", "")
	if r := ask("pin"+hotpValue(2), ""); r.Accepted() || r.Text("detail.message") != "Only 2 failed authentications per 1:00:00" {
		t.Errorf("limit: %s", r.Raw)
	}
}

// What is forced is stored, and the answer says what it means.
func TestLockingAllAdministratorsOutIsSaid(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	r := n.Admin("POST /policy/oops", apptest.P{"scope": "admin", "action": "policyread, tokenlist", "realm": "", "force": "1"})
	if r.Status != 200 || !strings.Contains(string(r.Raw), "no administrator may write policies") {
		t.Errorf("stored without a warning, or not stored: %d %s", r.Status, r.Raw)
	}
}
