package app_test

import (
	"fmt"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/session"
)

// markers are in what belongs to bob, and in no request of the tests.
const (
	markedDescription = "marked-description"
	markedAttribute   = "marked-attribute"
)

// walk calls every endpoint that keep lets through with the names of a foreign
// token and a foreign user in every place that takes one, and fails where an
// answer shows something of theirs or where one of them is another afterwards.
func walk(t *testing.T, n *apptest.Node, as apptest.Option, realm string, keep func(path string) bool) {
	t.Helper()
	state := func() string {
		tokens := n.Admin("GET /token/", apptest.P{"serial": "FOREIGN"})
		attributes := n.Admin("GET /user/attribute", apptest.P{"user": "bob", "realm": realm})
		return fmt.Sprint(tokens.At("result.value.tokens"), attributes.Value())
	}
	before := state()
	if !strings.Contains(before, markedDescription) || !strings.Contains(before, markedAttribute) {
		t.Fatalf("set-up: %s", before)
	}
	fill := strings.NewReplacer("{serial}", "FOREIGN", "{username}", "bob", "{realm}", realm, "{resolvername}", "reso", "{attrkey}", "mark",
		"{otp}", hotpValue(0), "{groupname}", "g", "{key}", "k", "{filename}", "f", "{csvfile}", "audit.csv")
	for _, e := range n.App.Endpoints() {
		if !keep(e.Path) {
			continue
		}
		for _, p := range []apptest.P{
			{"serial": "FOREIGN"},
			{"serial": "FOREIGN", "user": "bob", "realm": realm},
			{"user": "bob", "realm": realm},
			{"username": "bob", "user": "bob", "realm": realm, "resolver": "reso", "serial": "FOREIGN", "from": "FOREIGN", "to": "FOREIGN",
				"key": "mark", "value": "x", "otppin": "x", "pin": "x", "description": "x", "type": "hotp", "genkey": "1", "realms": ""},
		} {
			path := fill.Replace(e.Path)
			if strings.Contains(path, "{") {
				continue // names nothing that belongs to anybody
			}
			r := n.Call(e.Method+" "+path, p, as)
			if r.Status >= 500 || strings.Contains(string(r.Raw), markedDescription) || strings.Contains(string(r.Raw), markedAttribute) {
				t.Errorf("%s %s %v: %d %s", e.Method, path, p, r.Status, r.Raw)
			}
			if after := state(); after != before {
				t.Fatalf("%s %s %v changed\n%s\n%s", e.Method, path, p, before, after)
			}
		}
	}
}

func foreign(n *apptest.Node, realm string) {
	n.Must("POST /token/init", apptest.P{"user": "bob", "realm": realm, "serial": "FOREIGN", "type": "hotp", "otpkey": parallelKey, "pin": "p", "description": markedDescription})
	n.Must("POST /policy/attributes", apptest.P{"scope": "admin", "action": "*, set_custom_user_attributes=:*: *", "adminuser": "admin", "realm": ""})
	n.Must("POST /user/attribute", apptest.P{"user": "bob", "realm": realm, "key": "mark", "value": markedAttribute})
}

// validate is for everybody: who asks there knows a PIN, or learns nothing.
func notValidate(path string) bool {
	return !strings.HasPrefix(path, "/validate/") && path != "/auth"
}

func TestEndpointsShowUsersNothingOfOthers(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	foreign(n, "realm1")
	walk(t, n, apptest.As(n.JWT("alice", "realm1", session.RoleUser)), "realm1", notValidate)
}

func TestEndpointsShowAdministratorsNothingOfOtherRealms(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /realm/realm2", apptest.P{"resolvers": "reso"})
	foreign(n, "realm2")
	n.Must("POST /policy/desk", apptest.P{"scope": "admin", "action": "*, otp_pin_set_random=8, set_custom_user_attributes=:*: *, delete_custom_user_attributes=*", "adminrealm": "super", "realm": "realm1"})
	walk(t, n, apptest.As(n.JWT("hanna", "super", session.RoleAdmin)), "realm2", func(path string) bool {
		for _, prefix := range []string{"/token/", "/user", "/audit/", "/tokengroup/"} {
			if strings.HasPrefix(path, prefix) {
				return true
			}
		}
		return false
	})
}
