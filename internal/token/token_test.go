package token

import "testing"

func TestTypeKey(t *testing.T) {
	for stored, want := range map[string]string{"hotp": "hotp", "HOTP": "hotp", "HMAC": "hotp", "hmac": "hotp", "TOTP": "totp"} {
		if got := (&Token{Type: stored}).TypeKey(); got != want {
			t.Errorf("%s: %s", stored, got)
		}
	}
}
