package app_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// blueKey is a Yubikey that has typed nothing yet.
var blueKey = fixtureToken{OTPKey: "5a3b9f0e7c1d2468ace013579bdf0246", PrivateID: "112233445566", PublicPrefix: "cccccbklngvj"}

// typed is the value of the n-th time blueKey was plugged in.
func typed(n int) string {
	k := blueKey
	k.Next.Usage = n
	return k.yubikey()
}

func TestYubikey_ValidationProtocol(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "yubikey", "serial": "UBAM26916344_1", "otpkey": blueKey.OTPKey, "user": "alice", "pin": "pin"})
	n.Must("POST /system/setConfig", apptest.P{"yubikey.apiid.7": base64.StdEncoding.EncodeToString([]byte("key"))})
	ask := func(what, otp, want string) {
		t.Helper()
		r := n.Call("GET /ttype/yubikey", apptest.P{"id": "7", "nonce": "n", "otp": otp})
		if r.Status != 200 || !strings.Contains(string(r.Raw), "\nstatus="+want+"\n") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %s, want %s", what, r.Status, r.Raw, want)
		}
	}
	ask("without the PIN", typed(1), "BAD_OTP")
	ask("with a wrong PIN", "nip"+typed(1), "BAD_OTP")
	ask("found by its serial", "pin"+typed(1), "OK")
	ask("again", "pin"+typed(1), "BAD_OTP")
	ask("found by its prefix", "pin"+typed(2), "OK")
	ask("an older one", "pin"+typed(1), "BAD_OTP")
	rule(n, "types", "authorization", "tokentype=hotp", nil)
	ask("against the policy", "pin"+typed(3), "BAD_OTP")
	n.Must("DELETE /policy/types", nil)
	ask("used up by that", "pin"+typed(3), "BAD_OTP")
	n.Must("POST /token/disable/UBAM26916344_1", nil)
	ask("disabled", "pin"+typed(4), "BAD_OTP")
	n.Must("POST /token/enable/UBAM26916344_1", nil)
	ask("used up while disabled", "pin"+typed(4), "BAD_OTP")
	rows := n.Admin("GET /audit/", apptest.P{"action": "*ttype*", "sortorder": "asc"})
	for i, want := range []float64{0, 0, 1} {
		row, _ := rows.At("result.value.auditdata." + string(rune('0'+i))).(map[string]any)
		if row["success"] != want || row["serial"] != "UBAM26916344_1" || row["user"] != "alice" || row["token_type"] != "yubikey" {
			t.Errorf("audit row %d: %v", i, row)
		}
	}
}
