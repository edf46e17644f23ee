// Package registration is the registration code: a password that is good for
// one login and then gone.
package registration

import (
	"context"
	"regexp"
	"unicode/utf8"

	"edumfa/internal/change"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Defaults of generated codes.
const (
	defaultLength   = 24
	defaultContents = "cn"
)

// Type is the token type registration.
type Type struct{}

var (
	_ tokentype.Type         = Type{}
	_ tokentype.AfterSuccess = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "registration", Prefix: "REG", Title: "Registration Code Token", Description: "Registration: a code for one login.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin"},
	}
}

// Enroll stores a given code or makes one.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	length, err := p.Int("registration.length", defaultLength)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	contents, ok := p.Text("registration.contents")
	if !ok || contents == "" {
		contents = defaultContents
	}
	rules := tokentype.KeyRules{Generate: func() (string, error) { return newCode(e, length, contents) }}
	if _, given := p.Text("otpkey"); !given {
		p = generated{p}
	}
	out, err := e.TakeKey(t, p, rules)
	if err != nil {
		return out, err
	}
	if out.HasKey {
		t.OTPLen = utf8.RuneCountInString(out.Key)
		out.Detail["registrationcode"] = out.Key
	}
	return out, nil
}

// newCode makes a code that survives its way back: values of requests are
// decoded once more, and a code in which a percent sign and two hex digits meet
// would arrive as another one.
func newCode(e *tokentype.Env, length int, contents string) (string, error) {
	for {
		code, err := randtext.Password(e.Rand, length, contents)
		if err != nil || !escaped.MatchString(code) {
			return code, err
		}
	}
}

var escaped = regexp.MustCompile("%[0-9a-fA-F]{2}")

// generated asks for a code to be made.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// Verify compares the code.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	stored, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	return tokentype.Match{OK: stored != "" && value.Equal(stored), Next: t.Count}, nil
}

// AfterSuccess ends the code: of several logins at once, the one whose change
// finds the token still there has used it.
func (Type) AfterSuccess(t *token.Token) []change.Change {
	return []change.Change{change.DeleteToken{ID: t.ID, Serial: t.Serial}}
}
