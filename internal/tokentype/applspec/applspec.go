// Package applspec is the application specific password: a fixed password that
// only one service can use.
package applspec

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy/action"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// service names the parameter of enrolments and logins and the tokeninfo.
const service = "service_id"

// Form of generated passwords.
const (
	length   = 23
	contents = "cn"
)

// Type is the token type applspec.
type Type struct{}

var (
	_ tokentype.Type    = Type{}
	_ tokentype.Chooser = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "applspec", Prefix: "ASPW", Title: "Application Specific Password Token", Description: "Application password: a fixed password for one service.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll stores a given password or makes one, and the service.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	out, err := e.TakeKey(t, p, tokentype.KeyRules{Required: true, Generate: func() (string, error) { return newPassword(e) }})
	if err != nil {
		return out, err
	}
	id, given := p.Text(service)
	if !given {
		return tokentype.Enrolled{}, mfaerr.NewParameter("Missing parameter: '%s'", service)
	}
	t.Info[service] = token.Info{Value: id}
	if out.HasKey {
		t.OTPLen = utf8.RuneCountInString(out.Key)
		out.Detail["password"] = out.Key
	}
	return out, nil
}

// newPassword makes a password that survives its way back: values of requests
// are decoded once more, and one in which a percent sign and two hex digits meet
// would arrive as another one.
func newPassword(e *tokentype.Env) (string, error) {
	for {
		made, err := randtext.Password(e.Rand, length, contents)
		if err != nil || !escaped.MatchString(made) {
			return made, err
		}
	}
}

var escaped = regexp.MustCompile("%[0-9a-fA-F]{2}")

// Applies reports whether the request names the token's service.
func (Type) Applies(e *tokentype.Env, t *token.Token) bool {
	id := t.InfoText(service)
	if id == "" || e.Params == nil {
		return false
	}
	asked, _ := e.Params.Text(service)
	return strings.EqualFold(asked, id)
}

// Verify compares the password.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	stored, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	return tokentype.Match{OK: stored != "" && value.Equal(stored), Next: t.Count}, nil
}
