// Package yubikey is the Yubikey that types one-time passwords which this server
// decrypts itself (AES mode).
package yubikey

import (
	"context"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of the type; both are learnt from the first value.
const (
	infoID     = "yubikey.tokenid" // hex of the private id
	infoPrefix = "yubikey.prefix"  // the public part in front of each value
)

const keyDigits = 32 // hex digits of an AES-128 key

// usualLength is that of a value with a public part of 12 characters.
const usualLength = 44

// Type is the token type yubikey.
type Type struct{}

var (
	_ tokentype.Type         = Type{}
	_ tokentype.Finder       = Type{}
	_ tokentype.TextEndpoint = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "yubikey", Prefix: "UBAM", Title: "Yubikey in AES mode", Description: "Yubikey: one time passwords of a Yubikey.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Enroll sets the AES key.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if t.ID == 0 {
		t.OTPLen = usualLength
	}
	out, err := e.TakeKey(t, compact{p}, tokentype.KeyRules{Size: keyDigits / 2, Required: true})
	if err != nil {
		return out, err
	}
	if t.OTPLen < valueLength {
		return out, mfaerr.NewParameter("A value of a Yubikey has at least %d characters, not %d.", valueLength, t.OTPLen)
	}
	t.Info[token.InfoKind] = token.Info{Value: token.KindHardware}
	return out, nil
}

// compact reads a key without the blanks between its bytes that programs for
// personalizing Yubikeys show.
type compact struct{ tokentype.EnrollParams }

func (c compact) Text(name string) (string, bool) {
	v, ok := c.EnrollParams.Text(name)
	if name == "otpkey" {
		v = strings.ReplaceAll(v, " ", "")
	}
	return v, ok
}

// Verify decrypts the value. Its counter must not be lower than the next one
// that is expected, which is one more than that of the last value.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	key, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	v, ok := decrypt(key, value.Reveal())
	if !ok || v.counter < t.Count {
		return tokentype.Match{}, nil
	}
	m := tokentype.Match{OK: true, Next: v.counter + 1}
	switch t.InfoText(infoID) {
	case v.id:
	case "":
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoID, Value: v.id})
	default:
		return tokentype.Match{}, nil // the key of another Yubikey
	}
	if t.InfoText(infoPrefix) == "" {
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoPrefix, Value: v.prefix})
	}
	return m, nil
}

// Find is Verify: the value itself says which one it is.
func (x Type) Find(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String, _ int) (tokentype.Match, error) {
	return x.Verify(ctx, e, t, value)
}
