// Package tokentype is the contract of token types: what every type must do,
// what it may do besides, and what it is given to do it with. Types live in
// folders below and are listed in app/builtin.go.
//
// Types decide; they do not store. What a login changes is returned as changes
// and carried out together with the login's audit row.
package tokentype

import (
	"context"

	"edumfa/internal/change"
	"edumfa/internal/policy/action"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

// Client modes tell a login page how a challenge is answered.
const (
	Interactive = "interactive"
	Poll        = "poll"
)

// Info are the facts of a type.
type Info struct {
	Name        string // lower case, as in the database
	Prefix      string // of generated serials
	Title       string // for lists
	Description string // what may be enrolled, for GET /auth/rights
	ClientMode  string
	// Authenticates: a value can be checked at once. Challenges: a challenge can
	// be made for it.
	Authenticates, Challenges bool
	// NativeChallenge types are asked by their PIN alone, without a policy.
	NativeChallenge bool
	// OutOfBand types are answered elsewhere: asking whether they are is no attempt.
	OutOfBand bool
	// NoPIN types have none, so PIN rules do not apply.
	NoPIN bool
	// Verifiable types can ask for a value before enrolment is finished.
	Verifiable bool
	// TwoStep types can be enrolled with a part of the key from the client.
	TwoStep bool
	// EnrollableBy are the roles the user interface offers it to: admin, user.
	EnrollableBy []string
	// PINScopes are the policy scopes in which the type has PIN rules of its own.
	PINScopes []string
	// ReadablePIN types need their PIN later: it is always stored so that it can be
	// read again.
	ReadablePIN bool
	// Planned types are known by name only and take no part in logins.
	Planned bool
	// PublicSettings are the type's settings that users may read; a name that ends
	// in a dot stands for all that begin with it.
	PublicSettings []string
}

// Match is what Verify found.
type Match struct {
	OK bool
	// Next is the counter to store; only with OK.
	Next int64
	// Previous: the value is right but was used before.
	Previous bool
	// WithoutPIN: the value was all that was typed, and no PIN is asked for.
	WithoutPIN bool
	// Detail is told to the client when the value alone was wrong.
	Detail map[string]any
	// State is what MoreChallenges keeps of the answer for the next challenge.
	State string
	// Reason says why a value is not right, for the log.
	Reason string
	// Changes go with the attempt, right or wrong (what a resynchronisation
	// remembers, the drift of a clock).
	Changes []change.Change
}

// Type is one token type.
type Type interface {
	Info() Info
	// Actions are the type's own policy actions beside those every type has.
	Actions() []action.Definition
	// Enroll fills a new token, or one that is enrolled again, from the request.
	// Errors are the client's: mfaerr.
	Enroll(ctx context.Context, e *Env, t *token.Token, p EnrollParams) (Enrolled, error)
	// Verify looks whether the token gives the value now. It changes nothing.
	Verify(ctx context.Context, e *Env, t *token.Token, otp secret.String) (Match, error)
}

// Chooses is an ability of types whose actions offer names of what is configured.
type Chooses interface {
	// ActionsWith are the type's own policy actions with the names to choose from.
	ActionsWith(d action.Dynamic) []action.Definition
}

// EnrollParams reads the parameters of an enrolment.
type EnrollParams interface {
	Text(name string) (string, bool)
	Bool(name string) bool
	// Int is def when the parameter is missing; an error when it is no number.
	Int(name string, def int) (int, error)
	Names() []string
}

// Enrolled is what the client is told of an enrolment. Members become members
// of "detail"; secrets in it are meant for the client.
type Enrolled struct {
	Detail map[string]any
	// Key is the generated or given OTP key as text, for detail.otpkey; HasKey is
	// false when the enrolment set none.
	Key    string
	HasKey bool
	// Outside, when not nil, is asked before the enrolment is complete.
	Outside *Outside
}

// Registry finds types by name.
type Registry struct {
	list  []Type
	index map[string]Type
}

// NewRegistry keeps the types in the given order.
func NewRegistry(list []Type) *Registry {
	r := &Registry{list: list, index: make(map[string]Type, len(list))}
	for _, t := range list {
		r.index[t.Info().Name] = t
	}
	return r
}

// All returns the types.
func (r *Registry) All() []Type { return r.list }

// Get finds a type by its lower-case name.
func (r *Registry) Get(name string) (Type, bool) {
	t, ok := r.index[name]
	return t, ok
}
