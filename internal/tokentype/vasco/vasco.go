// Package vasco knows the tokens of the vendor VASCO. Their values can only be
// checked by a library that the vendor sells and that this program does not
// load, so they can be listed and deleted, and neither enrolled nor used.
package vasco

import (
	"context"
	"encoding/hex"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// blobSize is the length of a key in hex digits.
const blobSize = 496

// Type is the token type vasco.
type Type struct{}

var _ tokentype.Type = Type{}

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "vasco", Prefix: "VASC", Title: "VASCO Token", Description: "VASCO: a vendor's token.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Planned: true, EnrollableBy: []string{"admin"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll refuses: with what is wrong with the request, or with the reason that
// stands against every token of the type.
func (Type) Enroll(_ context.Context, _ *tokentype.Env, _ *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if p.Bool("genkey") {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Generating OTP keys is not supported")
	}
	key, given := p.Text("otpkey")
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: 'otpkey'")
	}
	if len(key) != blobSize {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Expected OTP key as %d-character hex string, but length is %d", blobSize, len(key))
	}
	if _, err := hex.DecodeString(key); err != nil {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Expected OTP key as %d-character hex string, but it is malformed", blobSize)
	}
	return tokentype.Enrolled{}, mfaerr.NewTokenAdmin("VASCO tokens need a library of their vendor, which this server does not load. They cannot be enrolled or used.")
}

// Verify finds nothing right.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}
