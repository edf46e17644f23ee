package app_test

import (
	"bytes"
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
	rule(n, "pins", "admin", "*, otp_pin_minlength=2, spass_otp_pin_minlength=6", nil)
	for _, c := range []struct {
		kind, pin string
		status    int
	}{{"spass", "1234", 403}, {"spass", "123456", 200}, {"hotp", "1", 403}, {"hotp", "1234", 200}} {
		if r := n.Admin("POST /token/init", apptest.P{"type": c.kind, "genkey": "1", "pin": c.pin}); r.Status != c.status {
			t.Errorf("%s with the PIN %q: %d, want %d: %s", c.kind, c.pin, r.Status, c.status, r.Raw)
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
