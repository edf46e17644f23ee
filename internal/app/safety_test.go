package app_test

import (
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

// asking is an installation in which hotp tokens are asked for, with one of
// alice.
func asking(t *testing.T) *apptest.Node {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "SAFE1", "user": "alice", "pin": "pin", "otpkey": parallelKey})
	rule(n, "ask", "authentication", "challenge_response=hotp", nil)
	return n
}

func rule(n *apptest.Node, name, scope, action string, more apptest.P) {
	p := apptest.P{"scope": scope, "action": action, "realm": ""}
	for k, v := range more {
		p[k] = v
	}
	n.Must("POST /policy/"+name, p)
}

func TestSafety_TriggeringIsNoLogin(t *testing.T) {
	n := asking(t)
	for name, r := range map[string]*apptest.Reply{
		"by an administrator": n.Must("POST /validate/triggerchallenge", apptest.P{"user": "alice"}),
		"by PIN":              n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}),
		"by PIN, for SAML":    n.Call("POST /validate/samlcheck", apptest.P{"user": "alice", "pass": "pin"}),
	} {
		if r.Text("result.authentication") != "CHALLENGE" {
			t.Errorf("%s: %s", name, r.Raw)
		}
	}
}

func TestSafety_DeniedAccessLeavesNoChallenge(t *testing.T) {
	n := asking(t)
	rule(n, "no", "authorization", "authorized=deny_access", nil)
	if r := n.Admin("POST /validate/triggerchallenge", apptest.P{"user": "alice"}); r.ErrorCode() != 401 {
		t.Errorf("trigger: %s", r.Raw)
	}
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); r.ErrorCode() != 401 {
		t.Errorf("PIN: %s", r.Raw)
	}
	if r := n.Admin("GET /token/challenges/", nil); r.At("result.value.count") != 0.0 {
		t.Errorf("challenges: %s", r.Raw)
	}
}

func TestSafety_TokenTypePolicyCountsForAnswers(t *testing.T) {
	n := asking(t)
	id := n.Must("POST /validate/triggerchallenge", apptest.P{"user": "alice"}).Text("detail.transaction_id")
	rule(n, "types", "authorization", "tokentype=totp", nil)
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": hotpValue(0), "transaction_id": id}); r.Status != 403 {
		t.Errorf("answer: %d %s", r.Status, r.Raw)
	}
	// also without the details that tell the type
	rule(n, "quiet", "authorization", "no_detail_on_success", nil)
	if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin" + hotpValue(1)}); r.Status != 403 {
		t.Errorf("value: %d %s", r.Status, r.Raw)
	}
	rule(n, "mode", "webui", "login_mode=eduMFA", nil)
	if r := n.Call("POST /auth", apptest.P{"username": "alice", "password": "pin" + hotpValue(2)}); r.Status != 403 {
		t.Errorf("/auth: %d %s", r.Status, r.Raw)
	}
}

func TestSafety_TriggerRightOfOneRealm(t *testing.T) {
	n := asking(t)
	rule(n, "writer", "admin", "policywrite", nil)
	rule(n, "right", "admin", "triggerchallenge", apptest.P{"realm": "elsewhere"})
	jwt := apptest.As(n.JWT("admin", "", session.RoleAdmin))
	for name, p := range map[string]apptest.P{
		"user": {"user": "alice"}, "serial": {"serial": "SAFE1"}, "user of a realm": {"user": "alice", "realm": "realm1"}, "serial and realm": {"serial": "SAFE1", "realm": "elsewhere"},
		"resolver": {"user": "alice", "resolver": "reso"},
	} {
		if r := n.Call("POST /validate/triggerchallenge", p, jwt); r.Status == 200 {
			t.Errorf("%s: %s", name, r.Raw)
		}
	}
}

// What a request carries must not become part of a stored challenge.
func TestSafety_RequestsDoNotWriteChallenges(t *testing.T) {
	n := asking(t)
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin", "session": "enrollment", "data": "123456", "challenge": "x", "challenge_data": "y"})
	rows, err := n.App.Store.Challenges(t.Context(), r.Text("detail.transaction_id"))
	if err != nil || len(rows) != 1 {
		t.Fatalf("challenges: %v %v", rows, err)
	}
	if c := rows[0]; c.Session != "" || c.Data != "" || c.Valid || c.Received != 0 {
		t.Errorf("challenge: %+v", c)
	}
}

func TestSafety_UnknownUserHurtsNobody(t *testing.T) {
	n := asking(t)
	for name, p := range map[string]apptest.P{
		"resolver":             {"user": "nobody", "resolver": "reso", "pass": "wrong"},
		"resolver and realm":   {"user": "nobody", "resolver": "reso", "realm": "realm1", "pass": "wrong"},
		"blank":                {"user": " ", "resolver": "reso", "pass": "wrong"},
		"empty":                {"user": "", "resolver": "reso", "pass": "wrong"},
		"resolver alone":       {"resolver": "reso", "pass": "wrong"},
		"with the wrong realm": {"user": "alice", "realm": "elsewhere", "resolver": "reso", "pass": "wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := n.Call("POST /validate/check", p); r.Status == 200 && r.Value() == true {
				t.Errorf("accepted: %s", r.Raw)
			}
		})
	}
	r := n.Admin("GET /token/", apptest.P{"serial": "SAFE1"})
	if r.At("result.value.tokens.0.failcount") != 0.0 && r.At("result.value.tokens.0.failcount") != 1.0 {
		t.Errorf("token: %s", r.Raw)
	}
}

func TestSafety_BlankUserIsRefused(t *testing.T) {
	n := asking(t)
	for _, path := range []string{"/validate/check", "/validate/samlcheck"} {
		if r := n.Call("POST "+path, apptest.P{"user": " ", "pass": "pin"}); r.Status != 400 {
			t.Errorf("%s: %d %s", path, r.Status, r.Raw)
		}
	}
	if r := n.Call("POST /auth", apptest.P{"username": " ", "password": "x"}); r.Status != 401 {
		t.Errorf("/auth: %d %s", r.Status, r.Raw)
	}
}

func TestSafety_SAMLWithoutHashes(t *testing.T) {
	n := asking(t)
	n.Must("POST /system/setConfig", apptest.P{"ReturnSamlAttributesOnFail": "1"})
	for _, pass := range []string{"wrong", "pin" + hotpValue(0)} {
		r := n.Call("POST /validate/samlcheck", apptest.P{"user": "alice", "pass": pass})
		attributes, _ := r.At("result.value.attributes").(map[string]any)
		if attributes["username"] != "alice" {
			t.Errorf("attributes: %s", r.Raw)
		}
		for name, v := range attributes {
			if s, _ := v.(string); len(s) > 3 && s[:3] == "$5$" {
				t.Errorf("attribute %s is a hash", name)
			}
		}
	}
}
