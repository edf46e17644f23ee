package login

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/hotp"
)

// openKeys holds values as they are.
type openKeys struct{}

func (openKeys) Seal(s string) (token.Sealed, error)   { return token.Sealed{Cipher: s}, nil }
func (openKeys) Open(s token.Sealed) (string, error)   { return s.Cipher, nil }
func (openKeys) SealPassword(s string) (string, error) { return s, nil }
func (openKeys) OpenPassword(s string) (string, error) { return s, nil }

// plainPINs compares PINs as they are.
type plainPINs struct{}

func (plainPINs) Check(_ context.Context, stored, _ string, pin secret.String) (bool, error) {
	return stored == pin.Reveal(), nil
}
func (plainPINs) Renew(context.Context, string, secret.String) (string, error) { return "", nil }

// noRules is an installation without policies.
type noRules struct{}

func (noRules) Text(string, string) (string, bool, error) { return "", false, nil }
func (noRules) Word(string, string) (string, bool, error) { return "", false, nil }
func (noRules) Words(string, string) ([]string, error)    { return nil, nil }
func (noRules) On(string, string) (bool, error)           { return false, nil }

// BenchmarkCheck decides logins with PIN and HOTP value. What a real PIN check
// costs is left out.
func BenchmarkCheck(b *testing.B) {
	key := []byte("12345678901234567890")
	for _, c := range []struct {
		name   string
		tokens int
		otp    string
		want   bool
	}{
		{"right, one token", 1, otp.HOTP(key, otp.SHA1, 3, 6), true},
		{"wrong, one token", 1, "000000", false},
		{"right, five tokens", 5, otp.HOTP(key, otp.SHA1, 3, 6), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			var list []*token.Token
			for i := range c.tokens {
				other := strings.Repeat(string(rune('a'+i)), 20)
				if i == c.tokens-1 {
					other = string(key)
				}
				list = append(list, &token.Token{ID: int64(i + 1), Serial: other, Type: "HOTP", Active: true, MaxFail: 10, OTPLen: 6, CountWindow: 10, SyncWindow: 1000,
					PINHash: "1234", Key: token.Sealed{Cipher: hex.EncodeToString([]byte(other))}, Info: map[string]token.Info{}})
			}
			checker := &Checker{Types: tokentype.NewRegistry([]tokentype.Type{hotp.Type{}}), PINs: plainPINs{}}
			none := settings.New(nil)
			now := time.Date(2027, 7, 4, 12, 0, 0, 0, time.UTC)
			b.ReportAllocs()
			for b.Loop() {
				var changes change.Set
				env := &tokentype.Env{Now: now, Local: time.UTC, Keys: openKeys{}, Settings: none, Rules: noRules{}, Changes: &changes}
				ok, _, err := checker.Check(b.Context(), env, &Attempt{Tokens: list, Pass: secret.New("1234" + c.otp)})
				if err != nil || ok != c.want {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
