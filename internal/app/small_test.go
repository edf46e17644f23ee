package app_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/admin"
	"edumfa/internal/app/apptest"
)

// What one setting or one policy does, where no recorded conversation has it.

func TestSetting_NoAuthCounter(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "pin": "1234"})
	n.Must("POST /system/setConfig", apptest.P{"no_auth_counter": "True"})
	for i, want := range []any{nil, "1"} {
		if r := n.Call("POST /validate/check", apptest.P{"serial": "S1", "pass": "1234"}); !r.Accepted() {
			t.Fatalf("%s", r.Raw)
		}
		if got := n.Must("GET /token/", nil).At("result.value.tokens.0.info.count_auth"); got != want {
			t.Errorf("login %d: count_auth is %v, want %v", i, got, want)
		}
		n.Admin("DELETE /system/no_auth_counter", nil)
	}
}

func TestSetting_DisableClientTracking(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "pin": "1234"})
	seen := func() int {
		n.Call("POST /validate/check", apptest.P{"serial": "S1", "pass": "1234"})
		clients, _ := n.Must("GET /client/", nil).Value().(map[string]any)
		return len(clients)
	}
	n.Must("POST /system/setConfig", apptest.P{"DisableClientTracking": "1"})
	if got := seen(); got != 0 {
		t.Errorf("%d clients are known without tracking", got)
	}
	n.Must("DELETE /system/DisableClientTracking", nil)
	if got := seen(); got != 1 {
		t.Errorf("%d clients are known with tracking", got)
	}
}

// A challenge is good for the time of its type, else for that of all types,
// else for two minutes.
func TestSetting_ChallengeValidity(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "H1", "user": "alice", "otpkey": parallelKey})
	const layout = "Mon, 02 Jan 2006 15:04:05 GMT"
	for _, c := range []struct {
		setting string
		want    time.Duration
	}{{"", 2 * time.Minute}, {"DefaultChallengeValidityTime", 5 * time.Minute}, {"HotpChallengeValidityTime", 40 * time.Second}} {
		if c.setting != "" {
			n.Must("POST /system/setConfig", apptest.P{c.setting: int(c.want / time.Second)})
		}
		id := n.Must("POST /validate/triggerchallenge", apptest.P{"user": "alice"}).Text("detail.transaction_id")
		r := n.Must("GET /token/challenges/", apptest.P{"transaction_id": id})
		from, err1 := time.Parse(layout, r.Text("result.value.challenges.0.timestamp"))
		to, err2 := time.Parse(layout, r.Text("result.value.challenges.0.expiration"))
		if err1 != nil || err2 != nil || (to.Sub(from)-c.want).Abs() > time.Second {
			t.Errorf("%q: from %v to %v, want %v: %s", c.setting, from, to, c.want, r.Raw)
		}
	}
}

// The policy for the lock of the app is one for each type.
func TestTokenInit_AppPIN(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	types := []string{"hotp", "totp", "daypassword"}
	for _, of := range types {
		rule(n, "lock", "enrollment", of+"_force_app_pin", nil)
		for _, typ := range types {
			r := n.Must("POST /token/init", apptest.P{"type": typ, "genkey": "1"})
			if link := r.Text("detail.googleurl.value"); link == "" || strings.Contains(link, "pin=True") != (typ == of) {
				t.Errorf("%s with the policy of %s: %s", typ, of, link)
			}
		}
	}
}

func TestTokenInit_TwoKeys(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	if r := n.Admin("POST /token/init", apptest.P{"type": "pw", "genkey": "1", "otpkey": "secret"}); r.ErrorCode() != 344 {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}

func TestTypeEndpoint_OfTypesWithoutOne(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	for _, name := range []string{"hotp", "spass", "nonsense"} {
		if r := n.Call("POST /ttype/"+name, nil); r.Status != 400 || r.ErrorCode() != 905 {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
	}
}

// Without the right enrollpin the PIN of a request is ignored.
func TestTokenInit_PINWithoutTheRight(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	rule(n, "all", "admin", "enrollSPASS, policywrite, policydelete", nil)
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "pin": "1234"})
	if r := n.Call("POST /validate/check", apptest.P{"serial": "S1", "pass": "1234"}); r.Accepted() {
		t.Errorf("the PIN was set: %s", r.Raw)
	}
	rule(n, "all", "admin", "enrollSPASS, enrollpin, policywrite", nil)
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S2", "pin": "1234"})
	if r := n.Call("POST /validate/check", apptest.P{"serial": "S2", "pass": "1234"}); !r.Accepted() {
		t.Errorf("the PIN was not set: %s", r.Raw)
	}
}

// While the keys are locked an administrator may log in, to unlock them, but is
// shown no rights.
func TestLockedKeys_NoRights(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/edumfa-2.9.5")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "enckey.enc"), filepath.Join(dir, "enckey")); err != nil {
		t.Fatal(err)
	}
	c := clockAt(readManifest(t).MadeAt.Add(5 * time.Minute))
	n := apptest.Adopt(t, dir, apptest.Options{Now: c.now}).Serve()
	r := n.Call("POST /auth", apptest.P{"username": "legacyadmin", "password": "legacy-pw"})
	rights, _ := r.At("result.value.rights").([]any)
	menus, _ := r.At("result.value.menus").([]any)
	if r.Status != 200 || len(rights) != 0 || len(menus) != 0 {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
	if r := n.Admin("POST /token/init", apptest.P{"type": "hotp", "genkey": "1"}); r.ErrorCode() != 707 {
		t.Errorf("enrolment: %d %s", r.Status, r.Raw)
	}
}

// What nobody and nothing is named in can be left out of the audit.
func TestAudit_Reduced(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite, Config: "EDUMFA_REDUCE_SQLAUDIT = True\n"}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "H1", "user": "alice", "genkey": "1"})
	n.Must("POST /validate/triggerchallenge", apptest.P{"user": "alice"})
	n.Admin("POST /validate/triggerchallenge", nil)
	r := n.Must("GET /audit/", apptest.P{"action": "*triggerchallenge"})
	if r.At("result.value.count") != 1.0 || !strings.Contains(string(r.Raw), "alice") {
		t.Errorf("%s", r.Raw)
	}
}

func TestAuth_WarnsOfNamesakes(t *testing.T) {
	var log bytes.Buffer
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite, Log: slog.New(slog.NewTextHandler(&log, nil))})
	n := in.Serve()
	login := func() bool {
		log.Reset()
		if r := n.Call("POST /auth", apptest.P{"username": "alice", "password": "alice-pw"}); r.Status != 200 || r.Text("result.value.role") != "user" {
			t.Fatalf("%d %s", r.Status, r.Raw)
		}
		return strings.Contains(log.String(), "name of a local administrator")
	}
	if login() {
		t.Errorf("warned of nobody: %s", &log)
	}
	if err := n.App.Store.SaveAdmin(t.Context(), admin.Account{Username: "alice", Password: "no hash"}); err != nil {
		t.Fatal(err)
	}
	if !login() {
		t.Error("no warning")
	}
}

// Rules for the PINs of one type stand in place of the general ones.
func TestPINRules_OfOneType(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	for _, c := range []struct {
		rules string
		spass map[string]int // status by PIN
		hotp  map[string]int
	}{
		{"otp_pin_minlength=2, spass_otp_pin_minlength=6", map[string]int{"1234": 403, "123456": 200}, map[string]int{"1": 403, "1234": 200}},
		{"otp_pin_maxlength=4, spass_otp_pin_maxlength=8", map[string]int{"123456789": 403, "12345678": 200}, map[string]int{"12345": 403, "1234": 200}},
		{"otp_pin_contents=n, spass_otp_pin_contents=c", map[string]int{"1234": 403, "abcd": 200}, map[string]int{"abcd": 403, "1234": 200}},
	} {
		for _, scope := range []string{"admin", "user"} {
			rule(n, "pins", scope, "*, "+c.rules, nil)
			for kind, pins := range map[string]map[string]int{"spass": c.spass, "hotp": c.hotp} {
				for pin, status := range pins {
					p := apptest.P{"type": kind, "genkey": "1", "pin": pin}
					call := func() *apptest.Reply { return n.User("alice", "POST /token/init", p) }
					if scope == "admin" {
						call = func() *apptest.Reply { return n.Admin("POST /token/init", p) }
					}
					if r := call(); r.Status != status {
						t.Errorf("%s %s: %s with the PIN %q: %d, want %d: %s", scope, c.rules, kind, pin, r.Status, status, r.Raw)
					}
				}
			}
			n.Must("DELETE /policy/pins", nil)
		}
	}
}

// TestEnrolmentDefaults asks policies of both scopes for what an enrolment does
// not say.
func TestEnrolmentDefaults(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	for _, c := range []struct{ kind, action, path, want string }{
		{"hotp", "hotp_hashlib=sha256", "info.hashlib", "sha256"},
		{"hotp", "hotp_otplen=8", "otplen", "8"},
		{"totp", "totp_hashlib=sha512", "info.hashlib", "sha512"},
		{"totp", "totp_otplen=8", "otplen", "8"},
		{"totp", "totp_timestep=60", "info.timeStep", "60"},
		{"totp", "totp_timeshift=False", "info.useTimeShift", "False"},
		{"daypassword", "daypassword_hashlib=sha256", "info.hashlib", "sha256"},
		{"daypassword", "daypassword_otplen=8", "otplen", "8"},
		{"daypassword", "daypassword_timestep=12h", "info.timeStep", "12h"},
	} {
		for _, scope := range []string{"admin", "user"} {
			t.Run(scope+" "+c.action, func(t *testing.T) {
				rule(n, "defaults", scope, "*, "+c.action, nil)
				defer n.Must("DELETE /policy/defaults", nil)
				p := apptest.P{"type": c.kind, "genkey": "1"}
				var r *apptest.Reply
				if scope == "admin" {
					r = n.Admin("POST /token/init", p)
				} else {
					r = n.User("alice", "POST /token/init", p)
				}
				got := n.Must("GET /token/", apptest.P{"serial": r.Text("detail.serial")})
				if have := fmt.Sprint(got.At("result.value.tokens.0." + c.path)); have != c.want {
					t.Errorf("%s is %s: %s", c.path, have, r.Raw)
				}
			})
		}
	}
}

// The question for a new PIN has a time of its own.
func TestSetting_PINResetValidity(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	rule(n, "first", "enrollment", "change_pin_on_first_use", nil)
	rule(n, "ask", "authentication", "change_pin_via_validate", nil)
	n.Must("POST /system/setConfig", apptest.P{"PinResetChallengeValidityTime": "300"})
	n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "H1", "user": "alice", "pin": "1234", "otpkey": parallelKey})
	id := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "1234" + hotpValue(0)}).Text("detail.transaction_id")
	r := n.Must("GET /token/challenges/", apptest.P{"transaction_id": id})
	const layout = "Mon, 02 Jan 2006 15:04:05 GMT"
	from, err1 := time.Parse(layout, r.Text("result.value.challenges.0.timestamp"))
	to, err2 := time.Parse(layout, r.Text("result.value.challenges.0.expiration"))
	if err1 != nil || err2 != nil || (to.Sub(from)-5*time.Minute).Abs() > time.Second {
		t.Errorf("from %v to %v: %s", from, to, r.Raw)
	}
}

// TestUISettings_Apps shows QR codes of apps where policies of the scope webui
// say so.
func TestUISettings_Apps(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	login := apptest.P{"username": "admin", "password": apptest.AdminPassword}
	for member, action := range map[string]string{
		"qr_image_android": "show_android_privacyidea_authenticator", "qr_image_ios": "show_ios_privacyidea_authenticator", "qr_image_custom": "show_custom_authenticator=https://apps.example.org/mfa",
	} {
		if r := n.Call("POST /auth", login); r.At("result.value."+member) != nil {
			t.Errorf("%s without a policy: %s", member, r.Raw)
		}
		rule(n, "app", "webui", action, nil)
		if r := n.Call("POST /auth", login); !strings.HasPrefix(r.Text("result.value."+member), "data:image/png;base64,") {
			t.Errorf("%s with the policy: %s", member, r.Raw)
		}
		n.Must("DELETE /policy/app", nil)
	}
}
