// Package hotp is the event based one-time password token of RFC 4226.
package hotp

import (
	"context"

	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// Type is the token type hotp.
type Type struct{}

var (
	_ tokentype.Type          = Type{}
	_ tokentype.LoginEnroller = Type{}
	_ tokentype.Resyncer      = Type{}
	_ tokentype.Finder        = Type{}
	_ tokentype.Defaults      = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "hotp", Prefix: "OATH", Title: "HMAC Event Token", Description: "HOTP: event based one time passwords.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true, TwoStep: true,
		EnrollableBy: []string{"admin", "user"}, PublicSettings: []string{"hotp.hashlib"},
	}
}

// EnrolAtLogin shows a key that is made here.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment { return oath.EnrolAtLogin() }

// Defaults are hash and length by policy.
func (Type) Defaults(scope string, r tokentype.Rules, _ tokentype.EnrollParams) (map[string]string, error) {
	return oath.Defaults("hotp", scope, r)
}

// Enroll sets key and hash.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	out, err := oath.Enroll(e, t, p, e.Settings.Text("hotp.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	return out, oath.Describe(ctx, e, t, p, &out, "")
}

// Verify looks for the value from the stored counter on.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	return oath.VerifyEvent(e, t, value)
}

// Resync finds two values in a row within the sync window.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	return oath.ResyncEvent(e, t, otp1, otp2)
}

// Find looks for the value among the next window counters.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	return oath.FindEvent(e, t, value, window)
}
