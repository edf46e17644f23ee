// Package daypassword is the time based value that is good for hours or days and
// as often as wanted until its step ends.
package daypassword

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// infoStep is the tokeninfo of the time step: seconds, or a number with a unit
// like 12h (see [otp.ParseTimeStep]).
const infoStep = "timeStep"

const (
	defaultStep = "1d"
	// shownStep is the period in seconds of the enrolment URL when the request
	// names no step. It is not the token's; clients that use the URL name one.
	shownStep = "30"
)

// Type is the token type daypassword.
type Type struct{}

var (
	_ tokentype.Type          = Type{}
	_ tokentype.Finder        = Type{}
	_ tokentype.Defaults      = Type{}
	_ tokentype.LoginEnroller = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "daypassword", Prefix: "DYPW", Title: "Time based Password", Description: "DayPassword: a time based value that may be used again.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true,
		EnrollableBy:   []string{"admin", "user"},
		PublicSettings: []string{"daypassword.hashlib", "daypassword.timeStep"},
	}
}

// EnrolAtLogin shows a key that is made here.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment { return oath.EnrolAtLogin() }

// Defaults are hash, length and time step by policy.
func (Type) Defaults(scope string, r tokentype.Rules, _ tokentype.EnrollParams) (map[string]string, error) {
	out, err := oath.Defaults("daypassword", scope, r)
	if err != nil {
		return nil, err
	}
	v, given, err := r.Text(scope, "daypassword_timestep")
	if given {
		out[infoStep] = v
	}
	return out, err
}

// Enroll sets key, hash and time step.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	step, given := p.Text(infoStep)
	if !given || step == "" {
		d, err := stepOf(e, t)
		if err != nil {
			return tokentype.Enrolled{}, err
		}
		step, given = strconv.FormatInt(int64(d/time.Second), 10), false
	} else if _, err := otp.ParseTimeStep(step); err != nil {
		return tokentype.Enrolled{}, err
	}
	out, err := oath.Enroll(e, t, p, e.Settings.Text("daypassword.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	t.Info[infoStep] = token.Info{Value: step}
	if !given {
		step = shownStep
	}
	return out, oath.Describe(ctx, e, t, p, &out, step)
}

// stepOf is the token's time step.
func stepOf(e *tokentype.Env, t *token.Token) (time.Duration, error) {
	return otp.ParseTimeStep(cmp.Or(t.InfoText(infoStep), e.Settings.Text("daypassword.timeStep", ""), defaultStep))
}

// Verify compares the value of the step that lasts now.
func (x Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	return x.Find(ctx, e, t, value, 0)
}

// Find is Verify: there are no other values that could be meant.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, _ int) (tokentype.Match, error) {
	if !oath.Digits(t, value) {
		return tokentype.Match{}, nil
	}
	key, h, err := oath.Key(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	step, err := stepOf(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	at, ok := otp.FindDayPassword(key, h, t.OTPLen, step, e.Now, value.Reveal())
	return tokentype.Match{OK: ok, Next: at}, nil
}
