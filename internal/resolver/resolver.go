// Package resolver is the contract of user stores: how a login name becomes a
// user, how users are listed and how their passwords are checked. Kinds live in
// folders below; realms put resolvers together.
package resolver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"edumfa/internal/field"
	"edumfa/internal/secret"
)

// ErrNoUser says that the store answered and has no such user.
var ErrNoUser = errors.New("no such user")

// ErrUnavailable says that the store could not be asked: it did not answer
// within its deadline, refused the connection, or its circuit breaker is open.
// Callers may then use what they still know of the user.
var ErrUnavailable = errors.New("user store is unavailable")

// Attributes of a user under the field's names: username, userid, givenname,
// surname, email, phone, mobile, description and what else the instance maps.
// A value is nil, a string, an int64, a float64, a bool or a []string
// (multi-value attributes).
type Attributes map[string]any

// Text returns an attribute as one text: the first of several, "" for none.
func (a Attributes) Text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case []string:
		if len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// User is a user of one store. ID is stable inside the store; Login is the name
// in the store's own spelling.
type User struct {
	ID         string
	Login      string
	Attributes Attributes
}

// Query asks for users: attribute name to pattern, in which * stands for any
// text. All must fit. No entries mean all users.
type Query map[string]string

// Resolver is one configured user store, safe for concurrent use. Every call
// ends within the store's own deadline or ctx, whichever is first.
// Errors: ErrNoUser, ErrUnavailable (wrapped), others for a broken set-up.
type Resolver interface {
	// ByLogin finds the user that logs in with the name.
	ByLogin(ctx context.Context, login string) (User, error)
	// ByID finds the user with the stable id.
	ByID(ctx context.Context, id string) (User, error)
	// Search lists the users that fit, at most as many as the store is set to.
	Search(ctx context.Context, q Query) ([]User, error)
	// CheckPassword reports whether the password is the user's. An empty
	// password is never right.
	CheckPassword(ctx context.Context, id string, password secret.String) (bool, error)
	// Close frees connections. The resolver is not used afterwards.
	Close() error
}

// BatchByID is an ability: many users with one question, for token lists.
// Users that are not there are missing from the map.
type BatchByID interface {
	ManyByID(ctx context.Context, ids []string) (map[string]User, error)
}

// Writer is an ability: the store lets users be added and changed. Attributes
// may have the name "password" (clear text); names that the instance does not
// map are left out.
type Writer interface {
	// Editable reports whether the instance is set to be changed.
	Editable() bool
	Add(ctx context.Context, a Attributes) (id string, err error)
	Update(ctx context.Context, id string, a Attributes) error
	Delete(ctx context.Context, id string) error
}

// MultiLogin is an ability: users have several login names (all spellings are
// returned by ByLogin under one User.Login).
type MultiLogin interface{ MultipleLoginNames() bool }

// Deps is what every kind is given.
type Deps struct {
	Now  func() time.Time
	Rand io.Reader
	Log  *slog.Logger
	// Dir is where relative file names of settings start.
	Dir string
	// FailoverPause is the pause between two rounds over a list of servers.
	FailoverPause time.Duration
}

// Secret reports whether an option of the kind is never shown.
func (k Kind) Secret(option string) bool {
	return slices.ContainsFunc(k.Fields, func(f field.Field) bool { return f.Name == option && f.Secret() })
}

// Kind is one sort of user store.
type Kind struct {
	Name   string // "ldapresolver", as in the database
	Fields []field.Field
	// New opens an instance. It must not wait for the store: one that cannot be
	// reached is found out by the first question. An error is a setting that can
	// never work.
	New func(ctx context.Context, name string, v field.Values, d Deps) (Resolver, error)
	// Test tries unsaved settings and says in words what it found.
	Test func(ctx context.Context, v field.Values, d Deps) (ok bool, description string)
	// Probe is there instead of Test where what is found is more than words.
	Probe func(ctx context.Context, v field.Values, d Deps) (found any, err error)
}
