// Package planned names token types that the field has and this program does not
// have yet. Their rights and limits can be written into policies, and lists show
// their tokens; they cannot be enrolled and take no part in logins.
package planned

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Type is a type that is known by its facts only.
type Type struct{ Facts tokentype.Info }

var _ tokentype.Type = Type{}

// Types are the types that are to come, in the order of their names.
func Types() []tokentype.Type {
	both := []string{"admin", "user"}
	list := []tokentype.Info{
		{Name: "yubico", Prefix: "UBCM", Description: "Yubikey by Yubico's service.", Authenticates: true, Challenges: true, EnrollableBy: both},
	}
	out := make([]tokentype.Type, len(list))
	for i, f := range list {
		if f.ClientMode == "" {
			f.ClientMode = tokentype.Interactive
		}
		f.Planned = true
		out[i] = Type{Facts: f}
	}
	return out
}

// Info returns the facts.
func (t Type) Info() tokentype.Info { return t.Facts }

// Actions are the type's own policy actions: none.
func (t Type) Actions() []action.Definition { return nil }

// Enroll refuses.
func (t Type) Enroll(context.Context, *tokentype.Env, *token.Token, tokentype.EnrollParams) (tokentype.Enrolled, error) {
	return tokentype.Enrolled{}, mfaerr.NewTokenAdmin("Tokens of the type %s cannot be enrolled with this version.", t.Facts.Name)
}

// Verify finds nothing right.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}
