package tokentype

import (
	"context"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/token"
)

// Outside is what an enrolment asks of a server outside once everything else is
// right.
type Outside struct {
	// Ask changes the token; the detail is told to the client. It is called when the
	// token is stored, a new one in the state pending: nothing is made outside that
	// no token knows of. When it fails, a new token is removed again.
	Ask func(ctx context.Context, t *token.Token) (detail map[string]any, err error)
	// Undo takes back what Ask got, when it cannot be stored; nil where there is
	// nothing to take back.
	Undo func(ctx context.Context) error
}

// Waiter is an ability of types whose tokens stay pending until somebody outside
// has decided.
type Waiter interface {
	// Settle asks how a pending token stands and changes it accordingly; changed is
	// false when there is nothing new.
	Settle(ctx context.Context, e *Env, t *token.Token) (changed bool, err error)
}

// Revoker is an ability of types whose tokens are known outside too.
type Revoker interface {
	// RevokeOutside takes back what the token stands for. It is called before the
	// token is revoked here; nothing happens here when it fails.
	RevokeOutside(ctx context.Context, e *Env, t *token.Token, reason ca.Reason) error
}

// InfoAdder is an ability of types that show more in lists than tokeninfo has.
type InfoAdder interface {
	// AddInfo adds to the row of a token. hidden names are not to be shown; env makes
	// what the owner's policies are asked with.
	AddInfo(env func() *Env, t *token.Token, info map[string]any, hidden func(name string) bool)
	// Forget names the tokeninfo that is not to be kept now that somebody gets this
	// row of just this token.
	Forget(env func() *Env, t *token.Token, info map[string]any) ([]string, error)
}

// WholeRules are [Rules] that know values with blanks in them.
type WholeRules interface {
	// Values are all values that policies give, each as it is written.
	Values(scope, action string) ([]string, error)
}

// PINOpener reads PINs that are kept so that they can be read.
type PINOpener interface {
	OpenPIN(stored string) (string, error)
}

// Expirer is an ability of types whose tokens end, and can be made anew without
// their owner.
type Expirer interface {
	// ExpiresAt is when the token ends; false for one that does not.
	ExpiresAt(t *token.Token) (time.Time, bool)
	// Renew changes the token to what follows. undo takes that back when it cannot be
	// stored.
	Renew(ctx context.Context, e *Env, t *token.Token) (undo func(context.Context) error, err error)
}
