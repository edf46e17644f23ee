// Package pw is the static password token.
package pw

import (
	"context"
	"unicode/utf8"

	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Defaults of generated passwords.
const (
	defaultLength   = 12
	defaultContents = "cn"
)

// Type is the token type pw.
type Type struct{}

var _ tokentype.Type = Type{}

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "pw", Prefix: "PW", Title: "Password Token", Description: "Password: a fixed password.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true,
	}
}

// Enroll stores a given password or makes one.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	length, err := p.Int("pw.length", defaultLength)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	contents, ok := p.Text("pw.contents")
	if !ok || contents == "" {
		contents = defaultContents
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{Required: true, Generate: func() (string, error) { return randtext.Password(e.Rand, length, contents) }})
	if err != nil {
		return out, err
	}
	if out.HasKey {
		t.OTPLen = utf8.RuneCountInString(out.Key)
		out.Detail["password"] = out.Key
	}
	return out, nil
}

// Verify compares the password.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	stored, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	return tokentype.Match{OK: stored != "" && value.Equal(stored), Next: t.Count}, nil
}
