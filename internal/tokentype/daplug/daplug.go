// Package daplug is the Daplug dongle: an RFC 4226 token that types its digits
// as letters every keyboard layout has at the same place.
package daplug

import (
	"context"

	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// Type is the token type daplug.
type Type struct{}

var (
	_ tokentype.Type     = Type{}
	_ tokentype.Splitter = Type{}
	_ tokentype.Resyncer = Type{}
	_ tokentype.Finder   = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "daplug", Prefix: "DPLG", Title: "Daplug Event Token", Description: "Daplug dongle.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true,
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll sets key and hash.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	out, err := oath.Enroll(e, t, p, e.Settings.Text("hotp.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	return out, oath.Describe(ctx, e, t, p, &out, "")
}

// Split takes two letters for each digit.
func (Type) Split(e *tokentype.Env, t *token.Token, pass string) (pin, otp string, ok bool) {
	r, n := []rune(pass), 2*t.OTPLen
	if n < 0 || len(r) < n {
		return "", "", false
	}
	if e.Settings.PrependPIN() {
		return string(r[:len(r)-n]), string(r[len(r)-n:]), true
	}
	return string(r[n:]), string(r[:n]), true
}

// Verify looks for the value from the stored counter on.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	typed, ok := Digits(value.Reveal())
	if !ok {
		return tokentype.Match{}, nil
	}
	m, err := oath.VerifyEvent(e, t, secret.New(typed))
	m.Previous = false // not told for this type
	return m, err
}

// Resync finds two values in a row within the sync window.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	first, ok1 := Digits(otp1.Reveal())
	second, ok2 := Digits(otp2.Reveal())
	if !ok1 || !ok2 {
		return tokentype.Match{}, nil
	}
	return oath.ResyncEvent(e, t, secret.New(first), secret.New(second))
}

// Find looks for the value among the next window counters.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	typed, ok := Digits(value.Reveal())
	if !ok {
		return tokentype.Match{}, nil
	}
	return oath.FindEvent(e, t, secret.New(typed), window)
}

// Digits turns what the dongle types into the digits it means. Each digit is two
// letters: the hex digits of its ASCII code with b for 0, c for 1 up to k for 9,
// so that 7, which is 37 in hex, becomes "ei". ok is false for anything else.
func Digits(letters string) (digits string, ok bool) {
	if len(letters)%2 != 0 {
		return "", false
	}
	out := make([]byte, 0, len(letters)/2)
	for i := 0; i < len(letters); i += 2 {
		if letters[i] != 'e' || letters[i+1] < 'b' || letters[i+1] > 'k' {
			return "", false
		}
		out = append(out, letters[i+1]-'b'+'0')
	}
	return string(out), true
}
