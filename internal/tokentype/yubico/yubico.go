// Package yubico is the Yubikey whose one-time passwords Yubico's service checks,
// or another validation server.
package yubico

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/yubicocloud"
)

const name = "yubico"

// infoID is the public part in front of each value, which says whose it is.
const infoID = "yubico.tokenid"

const (
	idLength  = 12
	otpLength = 44
)

// Type is the token type yubico.
type Type struct{}

var _ tokentype.Type = Type{}

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: name, Prefix: "UBCM", Title: "Yubico Token", Description: "Yubikey by Yubico's service.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps the public part of the Yubikey's values, of which a whole value may
// be given.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	id, given := p.Text(infoID)
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: '%s'", infoID)
	}
	if len(id) < idLength {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The id of a Yubikey has %d characters.", idLength)
	}
	if _, err := e.TakeKey(t, p, tokentype.KeyRules{}); err != nil {
		return tokentype.Enrolled{}, err
	}
	t.OTPLen = otpLength
	t.Info[infoID] = token.Info{Value: id[:idLength]}
	t.Info[token.InfoKind] = token.Info{Value: token.KindHardware}
	return tokentype.Enrolled{Detail: map[string]any{}}, nil
}

// Verify asks the service for values of this Yubikey, others are wrong.
func (Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, otp secret.String) (tokentype.Match, error) {
	m := tokentype.Match{Next: t.Count}
	id := t.InfoText(infoID)
	if len(otp.Reveal()) != otpLength || len(id) != idLength || !strings.EqualFold(otp.Reveal()[:idLength], id) || !e.Usable(t) {
		return m, nil
	}
	right, err := tokentype.Once(e, strings.Join([]string{name, t.Serial, otp.Reveal()}, "\x00"), func() (bool, error) {
		s := e.Settings
		return e.Servers.Yubico(ctx, yubicocloud.Service{URL: s.Text("yubico.url", ""), ID: s.Text("yubico.id", ""), Key: secret.New(s.Text("yubico.secret", "")), Post: s.Bool("yubico.do_post", false)}, otp)
	})
	if err != nil {
		m.Reason = err.Error()
		return m, ctx.Err()
	}
	m.OK = right
	return m, nil
}
