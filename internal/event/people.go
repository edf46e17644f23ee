package event

import (
	"context"

	"edumfa/internal/token"
)

// People are the persons a request has to do with, and the texts about it that
// handlers write. Answers may cost a query, as those of [Facts].
type People interface {
	// Caller is who logged in to make the request; the zero value is nobody.
	Caller() Caller
	// Meant is the user that the request names, whether he exists or not, or else
	// the owner of its token.
	Meant() User
	// Foreign reports whether a token is out of reach of a user who manages his own
	// tokens: it belongs to somebody else.
	Foreign(t *token.Token) bool
	// Origin says how the request came.
	Origin() Origin
	// Owner is what is known of the user of [Facts.User]; the zero value is
	// nobody. A store that cannot be asked is an error.
	Owner(ctx context.Context) (Person, error)
	// Find finds a user by name; the zero value is nobody.
	Find(ctx context.Context, login, realm string) (Person, error)
	// Everybody are the users of a realm; none for a realm that does not exist.
	Everybody(ctx context.Context, realm string) ([]Person, error)
	// LocalAdmin is the mail address of a local administrator; false without him.
	LocalAdmin(ctx context.Context, name string) (mail string, known bool, err error)
	// Subject is the token that the request, its answer or its audit row names.
	// Without one, Serials are those of all tokens of the user.
	Subject(ctx context.Context) (Subject, error)
}

// Caller is who logged in. A local administrator has no realm; Role is "admin" or
// "user".
type Caller struct{ Name, Realm, Role string }

// Origin is how a request came.
type Origin struct {
	// Path is "/token/init", Root "https://mfa.example.org/".
	Method, Path, Root string
	UserAgent          string
	// Authorization is the header of that name; it is a secret.
	Authorization string
	// Node is the name of the server that answers.
	Node string
}

// Person is a user and how to reach him. What is not known is empty.
type Person struct {
	User
	GivenName, Surname, Mail, Mobile string

	ID      string // in the store
	RealmID int64
}

// Subject is the token that a request is about.
type Subject struct {
	Serials           []string
	Type, Description string // empty for several, and for one that is gone
}
