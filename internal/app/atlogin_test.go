package app_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/keystore"
	"edumfa/internal/otp"
	"edumfa/internal/token"
)

// Every type that the policy enroll_via_multichallenge offers can be enrolled in
// the middle of a login, and no other.
func TestEnrolAtLogin_OfferedTypes(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	r := n.Must("GET /policy/defs/authentication", nil)
	offered, _ := r.At("result.value.enroll_via_multichallenge.value").([]any)
	for _, want := range []any{"HOTP", "TOTP", "DAYPASSWORD", "SMS", "EMAIL"} {
		if !slices.Contains(offered, want) {
			t.Errorf("%v is not among %v", want, offered)
		}
	}
}

// The key of a daypassword token is shown; its value ends the login.
func TestEnrolAtLogin_Daypassword(t *testing.T) {
	now := time.Now() // of all that happens: the day must not change meanwhile
	n := apptest.New(t, apptest.Options{Now: func() time.Time { return now }}).Serve()
	n.Must("POST /policy/atlogin", apptest.P{"scope": "authentication", "action": "enroll_via_multichallenge=daypassword", "realm": "realm1"})
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "SPASS1", "user": "alice", "pin": "first"})
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "first"})
	if r.Text("result.authentication") != "CHALLENGE" || r.Text("detail.type") != "daypassword" || r.Text("detail.image") == "" {
		t.Fatalf("question: %s", r.Raw)
	}
	answer := apptest.P{"user": "alice", "pass": "000000", "transaction_id": r.Text("detail.transaction_id")}
	if r := n.Call("POST /validate/check", answer); r.Accepted() {
		t.Errorf("wrong value: %s", r.Raw)
	}
	list, err := n.App.Store.Tokens(t.Context(), token.Filter{Serial: r.Text("detail.serial")}, token.Whole)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	text, err := n.App.Keys.Decrypt(keystore.Token, list[0].Key.Cipher, list[0].Key.IV)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	answer["pass"] = otp.HOTP(key, otp.SHA1, now.Unix()/86400, 6)
	if r := n.Call("POST /validate/check", answer); !r.Accepted() {
		t.Errorf("value: %s", r.Raw)
	}
}
