// Package spass is the simple pass token: it has a PIN and no value.
package spass

import (
	"context"

	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Type is the token type spass.
type Type struct{}

var (
	_ tokentype.Type     = Type{}
	_ tokentype.Splitter = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "spass", Prefix: "PISP", Title: "Simple Pass Token", Description: "SPass: a PIN, or no PIN, that is always right.",
		ClientMode: tokentype.Interactive, Authenticates: true, EnrollableBy: []string{"admin", "user"}, PINScopes: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps a key that is never used: other programs expect one.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	rules := tokentype.KeyRules{}
	if _, given := p.Text("otpkey"); !given {
		return e.TakeKey(t, generated{p}, rules)
	}
	return e.TakeKey(t, p, rules)
}

// generated asks for a key to be made.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// Split takes everything as the PIN.
func (Type) Split(_ *tokentype.Env, _ *token.Token, pass string) (pin, otp string, ok bool) {
	return pass, "", true
}

// Verify accepts: the PIN is all there is.
func (Type) Verify(_ context.Context, _ *tokentype.Env, t *token.Token, _ secret.String) (tokentype.Match, error) {
	return tokentype.Match{OK: true, Next: t.Count}, nil
}
