package fudiscr

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// The key of RFC 4226, appendix D, and its first values.
const otpKey = "3132333435363738393031323334353637383930"

func otpValues() []string { return []string{"755224", "287082", "359152", "969429", "338314"} }

// setUp follows the guide and returns the running installation with the key of
// the identity provider and a session of the administrator.
func setUp(t *testing.T) (in *installation, key, admin string) {
	t.Helper()
	in = newInstallation(t)
	in.manage("", "create_enckey")
	in.manage("", "create_audit_keys")
	in.manage("", "create_tables")
	in.manage("admin-pw\nadmin-pw\n", "admin", "add", "admin")
	in.manage("", "resolver", "create", "people", "passwdresolver", in.write("people", "{'fileName': '"+absolute(t, "testdata/passwd")+"'}"))
	in.manage("", "realm", "create", "uni", "people")
	in.serve()

	in.manage("idp-pw\nidp-pw\n", "admin", "add", "idp-admin")
	out := in.manage("", "api", "createtoken", "-r", "admin", "-u", "idp-admin", "-d", "3650")
	fields := regexp.MustCompile(`\AUsername:   idp-admin\nRealm:      API\nRole:       admin\nValidity:   3650 days\nAuth-Token: (\S+)\n\z`).FindStringSubmatch(out)
	if fields == nil {
		t.Fatalf("createtoken printed\n%s", out)
	}
	for _, name := range []string{"superuser", "idp-admin-policy", "idp-application-tokentype", "webauthn-enrollment", "webauthn-authentication"} {
		if out := in.manage("", "policy", "p_import", "-f", "testdata/"+name); !strings.Contains(out, "Added policy "+name) {
			t.Fatalf("%s: %s", name, out)
		}
	}
	if out := in.manage("", "event", "e_import", "-f", "testdata/idp-webauthn-allowed-transports"); !strings.Contains(out, "Added event idp-webauthn-allowed-transports") {
		t.Fatal(out)
	}
	r := in.call("", "POST /auth", url.Values{"username": {"admin"}, "password": {"admin-pw"}})
	r.want(200, "result.status", true)
	return in, fields[1], r.get("result.value.token").(string)
}

func TestGuide(t *testing.T) {
	in, key, admin := setUp(t)
	in.call(admin, "POST /token/init", url.Values{"type": {"hotp"}, "user": {"alice"}, "otpkey": {otpKey}, "pin": {"1234"}, "serial": {"HOTP1"}}).want(200, "result.value", true)
	in.call(admin, "POST /token/init", url.Values{"type": {"spass"}, "user": {"alice"}, "pin": {"pin only"}, "serial": {"PIN1"}}).want(200, "result.value", true)
	user := url.Values{"user": {"alice"}, "realm": {"uni"}}

	t.Run("list the tokens of a user", func(t *testing.T) {
		r := in.call(key, "GET /token/", user)
		r.want(200, "result.value.count", 2.0)
		r.want(200, "result.value.tokens.0.serial", "HOTP1")
	})
	t.Run("trigger and answer a challenge", func(t *testing.T) {
		r := in.call(key, "POST /validate/triggerchallenge", user)
		r.want(200, "result.value", 1.0)
		r.want(200, "detail.multi_challenge.0.serial", "HOTP1")
		id, _ := r.get("detail.transaction_id").(string)
		in.call(key, "POST /validate/check", url.Values{"user": {"alice"}, "realm": {"uni"}, "transaction_id": {id}, "pass": {"000000"}}).want(200, "result.value", false)
		answer := url.Values{"user": {"alice"}, "realm": {"uni"}, "transaction_id": {id}, "pass": {otpValues()[0]}}
		in.call(key, "POST /validate/check", answer).want(200, "result.value", true)
		in.call(key, "POST /validate/check", answer).want(200, "result.value", false)
	})
	t.Run("one token by its serial and its type", func(t *testing.T) {
		in.call(key, "POST /validate/triggerchallenge", url.Values{"user": {"alice"}, "realm": {"uni"}, "type": {"hotp"}}).want(200, "result.value", 1.0)
		in.call(key, "POST /validate/triggerchallenge", url.Values{"user": {"alice"}, "realm": {"uni"}, "type": {"totp"}}).want(200, "result.value", 0.0)
	})
	t.Run("a token without a challenge", func(t *testing.T) {
		in.call(key, "POST /validate/check", url.Values{"serial": {"PIN1"}, "pass": {"pin only"}}).want(200, "result.value", true)
		in.call(key, "POST /validate/check", url.Values{"serial": {"PIN1"}, "pass": {"another"}}).want(200, "result.value", false)
	})
	t.Run("the policy of the same name is not replaced", func(t *testing.T) {
		if out := in.manage("", "policy", "p_import", "-f", "testdata/webauthn-enrollment-indirect"); !strings.Contains(out, "exists") {
			t.Error(out)
		}
	})
	t.Run("nothing without the right key", func(t *testing.T) {
		in.call("", "POST /validate/triggerchallenge", user).want(401, "result.status", false)
		in.call(key[:len(key)-2]+"xx", "GET /token/", user).want(401, "result.status", false)
	})
}

// TestNothingElse tries what the key must not be good for. GET /system/ is not
// among it: every administrator may read the settings.
func TestNothingElse(t *testing.T) {
	in, key, admin := setUp(t)
	in.call(admin, "POST /token/init", url.Values{"type": {"hotp"}, "user": {"alice"}, "otpkey": {otpKey}, "serial": {"HOTP1"}}).want(200, "result.value", true)
	for _, request := range []string{
		"POST /token/init", "DELETE /token/HOTP1", "POST /token/disable", "POST /token/enable", "POST /token/revoke", "POST /token/reset", "POST /token/resync",
		"POST /token/assign", "POST /token/unassign", "POST /token/setpin", "POST /token/set", "POST /token/copypin", "POST /token/lost/HOTP1",
		"GET /policy/", "POST /policy/superuser", "DELETE /policy/superuser", "POST /policy/disable/superuser",
		"GET /user/", "POST /user/", "GET /resolver/", "POST /resolver/people", "DELETE /resolver/people", "POST /realm/uni", "DELETE /realm/uni",
		"POST /defaultrealm/uni", "DELETE /defaultrealm", "POST /system/setConfig", "GET /audit/", "GET /event/", "POST /event", "DELETE /event/1",
		"GET /smtpserver/", "POST /smtpserver/post",
	} {
		t.Run(request, func(t *testing.T) {
			r := in.call(key, request, url.Values{"user": {"alice"}, "serial": {"HOTP1"}, "type": {"hotp"}, "genkey": {"1"}, "scope": {"admin"}, "action": {"*"},
				"realm": {"uni"}, "resolvers": {"people"}, "from": {"HOTP1"}, "to": {"HOTP1"}, "pin": {"x"}, "otp1": {"1"}, "otp2": {"2"}, "resolver": {"people"}})
			if r.status != 403 || r.get("result.error.code") != 303.0 {
				t.Errorf("status %d: %v", r.status, r.get("result.error"))
			}
		})
	}
	in.call(admin, "GET /token/", url.Values{"user": {"alice"}}).want(200, "result.value.tokens.0.active", true)
}
