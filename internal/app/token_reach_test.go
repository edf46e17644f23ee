package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

// foreignCalls are all calls that name a token; %s of the path or the value SERIAL
// of a parameter is its serial.
func foreignCalls() []struct {
	call string
	p    apptest.P
} {
	type c = struct {
		call string
		p    apptest.P
	}
	list := []c{
		{"POST /token/init", apptest.P{"serial": "SERIAL", "type": "hotp", "otpkey": parallelKey}},
		{"POST /token/init", apptest.P{"serial": "SERIAL", "type": "hotp", "verify": "755224"}},
		{"POST /token/init", apptest.P{"serial": "SERIAL", "type": "hotp", "otpkey": parallelKey, "rollover": "1", "user": "bob", "realm": "realm1"}},
		{"POST /token/assign", apptest.P{"serial": "SERIAL"}},
		{"POST /token/assign", apptest.P{"serial": "SERIAL", "user": "bob", "realm": "realm1"}},
		{"POST /token/unassign", apptest.P{"serial": "SERIAL"}},
		{"POST /token/lost/SERIAL", nil},
		{"DELETE /token/SERIAL", nil},
		{"DELETE /token/SERIAL", apptest.P{"user": "bob", "realm": "realm1"}},
		{"POST /token/set/SERIAL", apptest.P{"max_failcount": "1"}},
		{"POST /token/realm/SERIAL", apptest.P{"realms": ""}},
		{"POST /token/copypin", apptest.P{"from": "MINE", "to": "SERIAL"}},
		{"POST /token/copyuser", apptest.P{"from": "MINE", "to": "SERIAL"}},
		{"POST /token/copyuser", apptest.P{"from": "SERIAL", "to": "MINE"}},
		{"POST /token/info/SERIAL/k", apptest.P{"value": "v"}},
		{"DELETE /token/info/SERIAL/hashlib", nil},
		{"POST /token/info/SERIAL", apptest.P{"info": `{"k":"v"}`}},
		{"POST /token/group/SERIAL/g", nil},
		{"POST /token/group/SERIAL", apptest.P{"groups": "g"}},
		{"DELETE /token/group/SERIAL/g", nil},
	}
	for _, name := range []string{"enable", "disable", "revoke", "reset", "setpin", "setrandompin", "description", "resync"} {
		more := apptest.P{"otppin": "x", "description": "x", "otp1": "287082", "otp2": "359152"}
		list = append(list, c{"POST /token/" + name + "/SERIAL", more})
		for _, extra := range []apptest.P{{}, {"user": "bob"}, {"user": "bob", "realm": "realm1"}, {"user": "bob", "realm": "realm1", "resolver": "reso"}} {
			p := apptest.P{"serial": "SERIAL"}
			for _, m := range []apptest.P{more, extra} {
				for k, v := range m {
					p[k] = v
				}
			}
			list = append(list, c{"POST /token/" + name, p})
		}
	}
	return list
}

// try makes every foreign call on the token and fails where the call is answered
// with success or the token is another afterwards.
func try(t *testing.T, n *apptest.Node, as apptest.Option, serial, pin string) {
	t.Helper()
	row := func() string {
		r := n.Admin("GET /token/", apptest.P{"serial": serial})
		return fmt.Sprint(r.At("result.value.tokens.0"))
	}
	before := row()
	for _, c := range foreignCalls() {
		p := apptest.P{}
		for k, v := range c.p {
			if v == "SERIAL" {
				v = serial
			}
			p[k] = v
		}
		call := strings.ReplaceAll(c.call, "SERIAL", serial)
		r := n.Call(call, p, as)
		if r.Status == http.StatusOK || r.Status >= 500 {
			t.Errorf("%s %v: %d %s", call, p, r.Status, r.Raw)
		}
		if after := row(); after != before {
			t.Fatalf("%s %v changed the token\n%s\n%s", call, p, before, after)
		}
	}
	if r := n.Call("POST /validate/check", apptest.P{"serial": serial, "pass": pin + hotpValue(0)}); !r.Accepted() {
		t.Errorf("the token has another PIN: %s", r.Raw)
	}
}

func TestUsersTouchOnlyTheirOwnTokens(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /policy/random", apptest.P{"scope": "user", "action": "*, otp_pin_set_random=8", "realm": ""})
	n.Must("POST /token/init", apptest.P{"user": "bob", "serial": "BOB1", "type": "hotp", "otpkey": parallelKey, "pin": "bobs"})
	n.Must("POST /token/init", apptest.P{"user": "alice", "serial": "MINE", "type": "hotp", "otpkey": parallelKey, "pin": "mine"})
	alice := apptest.As(n.JWT("alice", "realm1", session.RoleUser))
	try(t, n, alice, "BOB1", "bobs")
	for _, p := range []apptest.P{{}, {"serial": "BOB1"}, {"serial": "*"}, {"user": "bob"}, {"user": "bob", "realm": "realm1", "resolver": "reso", "userid": "1002"}, {"tokenrealm": "*"}} {
		r := n.Call("GET /token/", p, alice)
		for _, x := range []string{"BOB1"} {
			if strings.Contains(string(r.Raw), x) {
				t.Errorf("GET /token/ %v shows %s", p, x)
			}
		}
	}
	// without a serial the calls are about all own tokens, whoever is named
	for _, name := range []string{"disable", "enable", "reset", "unassign"} {
		if r := n.Call("POST /token/"+name, apptest.P{"user": "bob", "realm": "realm1"}, alice); r.Value() != 1.0 {
			t.Errorf("%s: %s", name, r.Raw)
		}
	}
	if r := n.Admin("GET /token/", apptest.P{"user": "bob"}); r.At("result.value.tokens.0.active") != true {
		t.Errorf("%s", r.Raw)
	}
}

func TestAdministratorsOfOneRealm(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
	for serial, realm := range map[string]string{"MINE": "realm1", "OTHER": "realm2"} {
		n.Must("POST /token/init", apptest.P{"user": "carol", "realm": realm, "serial": serial, "type": "hotp", "otpkey": parallelKey, "pin": "p"})
	}
	n.Must("POST /token/init", apptest.P{"realm": "realm2", "serial": "ADRIFT", "type": "hotp", "otpkey": parallelKey, "pin": "q"})
	n.Must("POST /policy/all", apptest.P{"scope": "admin", "action": "*, otp_pin_set_random=8", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "*, otp_pin_set_random=8", "adminrealm": "super", "realm": "realm1"})
	hanna := apptest.As(n.JWT("hanna", "super", session.RoleAdmin))
	try(t, n, hanna, "OTHER", "p")
	try(t, n, hanna, "ADRIFT", "q")
	if r := n.Call("GET /token/", nil, hanna); r.At("result.value.count") != 1.0 {
		t.Errorf("list: %s", r.Raw)
	}
	if r := n.Call("GET /token/getserial/"+hotpValue(4), apptest.P{"serial": "DRIFT"}, hanna); r.At("result.value.count") != 0.0 {
		t.Errorf("getserial: %s", r.Raw)
	}
	for _, name := range []string{"disable", "enable", "reset"} {
		if r := n.Call("POST /token/"+name+"/MINE", nil, hanna); r.Value() != 1.0 {
			t.Errorf("%s: %s", name, r.Raw)
		}
	}
	if r := n.Call("DELETE /token/MINE", nil, hanna); r.Value() != 1.0 {
		t.Errorf("delete: %s", r.Raw)
	}
}

// TestPINRulesWithoutUser: a PIN that is set by serial obeys the rules of the
// token's realm.
func TestPINRulesWithoutUser(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"user": "bob", "serial": "OWNED", "type": "hotp", "otpkey": parallelKey})
	n.Must("POST /token/init", apptest.P{"realm": "realm1", "serial": "LOOSE", "type": "hotp", "otpkey": parallelKey})
	n.Must("POST /policy/all", apptest.P{"scope": "admin", "action": "*", "adminuser": "admin", "realm": ""})
	n.Must("POST /policy/pins", apptest.P{"scope": "admin", "action": "otp_pin_minlength=4, otp_pin_contents=cn", "realm": "realm1"})
	for _, serial := range []string{"OWNED", "LOOSE"} {
		for pin, want := range map[string]int{"": 403, "a1": 403, "abcd": 403, "abc1": 200, "äbc1": 403} {
			if r := n.Admin("POST /token/setpin", apptest.P{"serial": serial, "otppin": pin}); r.Status != want {
				t.Errorf("%s %q: %d %s", serial, pin, r.Status, r.Raw)
			}
		}
	}
}

func TestLockedTokens(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"user": "bob", "serial": "L1", "type": "hotp", "otpkey": parallelKey})
	n.Must("POST /token/revoke/L1", nil)
	for call, p := range map[string]apptest.P{
		"POST /token/enable/L1": nil, "POST /token/reset/L1": nil, "POST /token/unassign": {"serial": "L1"},
		"POST /token/setpin/L1": {"otppin": "x"}, "POST /token/set/L1": {"max_failcount": "3"}, "POST /token/description/L1": {"description": "x"},
		"POST /token/info/L1/k": {"value": "v"}, "DELETE /token/info/L1/hashlib": nil, "POST /token/resync/L1": {"otp1": "1", "otp2": "2"},
		"POST /token/init": {"serial": "L1", "type": "hotp", "otpkey": parallelKey},
	} {
		if r := n.Admin(call, p); r.ErrorCode() != 1007 {
			t.Errorf("%s: %s", call, r.Raw)
		}
	}
	if r := n.Admin("DELETE /token/L1", nil); r.Value() != 1.0 {
		t.Errorf("delete: %s", r.Raw)
	}
}
