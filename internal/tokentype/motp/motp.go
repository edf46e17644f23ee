// Package motp is the Mobile-OTP token: a phone hashes time, key and a PIN that
// is typed into the phone.
package motp

import (
	"context"

	"edumfa/internal/enrolurl"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/policy/action"
	"edumfa/internal/qr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Sizes of generated keys in bytes.
const (
	defaultKeySize = 16
	maxKeySize     = 512
)

// Type is the token type motp.
type Type struct{}

var _ tokentype.Type = Type{}

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "motp", Prefix: "PIMO", Title: "mOTP Token", Description: "mOTP: mobile one time passwords.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll sets the key and the PIN of the phone. The PIN is kept as the token's
// user PIN, which can be set anew without the key.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if _, given := p.Text("otpkey"); !given && !p.Bool("genkey") {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: 'otpkey'")
	}
	pin, given := p.Text("motppin")
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: 'motppin'")
	}
	size, err := p.Int("keysize", defaultKeySize)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	if size < 1 || size > maxKeySize {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The key size %d is not possible.", size)
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{Size: size, Required: true, PreferGenerated: true})
	if err != nil {
		return out, err
	}
	if t.UserPIN, err = e.Keys.Seal(pin); err != nil || !out.HasKey {
		return out, err
	}
	url := enrolurl.MOTP(out.Key)
	img, err := qr.DataURI(url)
	if err != nil {
		return out, err
	}
	out.Detail["motpurl"] = map[string]any{"description": "URL for MOTP token", "value": url, "img": img}
	return out, nil
}

// Verify looks for the value around now. A step that was used, or lies before
// one that was, is never accepted again.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	key, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	pin, err := e.Keys.Open(t.UserPIN)
	if err != nil {
		return tokentype.Match{}, err
	}
	now := otp.Steps{Length: otp.MOTPStep}.Counter(e.Now)
	at, ok := otp.FindMOTP(key, pin, t.OTPLen, now, t.CountWindow, value.Reveal())
	if !ok || t.Count != 0 && at <= t.Count {
		return tokentype.Match{}, nil
	}
	return tokentype.Match{OK: true, Next: at}, nil
}
