package event

import (
	"context"
	"net/netip"
	"time"
)

// Facts are what conditions and handlers ask about a request. Answers may cost a query: they
// are asked for only when a condition needs them, and for each definition anew,
// since handlers change the world. Not safe for concurrent use.
type Facts interface {
	// Role is "admin" or "user"; callers that did not log in are users.
	Role() string
	// ClientIP is where the request comes from; invalid if unknown.
	ClientIP() netip.Addr
	// Serial is the serial in the request or else in the answer, "" for none.
	Serial() string
	// User is the user of the request or else the owner of the serial. It is
	// empty when there is none or when the user does not exist.
	User(ctx context.Context) (User, error)
	// Token is the token of the serial or else the only token of the user. It is
	// nil when there is none, or more than one.
	Token(ctx context.Context) (*Token, error)
	// TokenCount is how many tokens the user has.
	TokenCount(ctx context.Context) (int, error)
	// AnyTokenLocked reports whether any token of the user has reached its fail
	// counter.
	AnyTokenLocked(ctx context.Context) (bool, error)
	// Orphaned reports whether the token has an owner that its store lost.
	Orphaned(ctx context.Context) (bool, error)
	// Named is the serial that a handler acts on: of the request, of the answer, or
	// else what the audit row names. It may be a list with commas.
	Named() string
	// Serials are the tokens of the user, or only those that are not disabled.
	Serials(ctx context.Context, active bool) ([]string, error)
	// Counter is an event counter summed over all nodes; 0 if it is not there.
	Counter(ctx context.Context, name string) (int64, error)
	People
}

// User is a user of a realm; the zero value is nobody.
type User struct{ Login, Realm, Resolver string }

// Empty reports whether there is no user.
func (u User) Empty() bool { return u == User{} }

// Token is what conditions know of a token.
type Token struct {
	Type               string
	Realms             []string
	Resolvers          []string // of all its realms
	FailCount, MaxFail int
	Counter            int64
	RolloutState       string
	HasOwner           bool
	Valid              bool // now lies in its validity period
	Info               map[string]string
}

// Language reads what administrators write into conditions and options.
type Language interface {
	// Match fits a pattern at the beginning of text; groups[0] is what fits, the
	// others are the groups, "" for those that took no part.
	Match(pattern, text string) (groups []string, ok bool, err error)
	// Search looks for a pattern anywhere in text.
	Search(pattern, text string) (bool, error)
	// Period reads "7h", "10d", "1y".
	Period(text string) (time.Duration, error)
	// Date reads a date as tokeninfo has it.
	Date(text string, now time.Time) (time.Time, error)
}
