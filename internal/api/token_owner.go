package api

import (
	"context"
	"fmt"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

func errNoSource() error { return mfaerr.NewRequest(1016, "No unique token to copy from found") }

func errNoTarget() error { return mfaerr.NewRequest(1017, "No unique token to copy to found") }

// userText is a user as messages of these calls show him; programs match on it.
func userText(u user.User) string {
	return fmt.Sprintf("User(login='%s', realm='%s', resolver='%s')", u.Login, u.Realm, u.Resolver)
}

func ownerOf(u user.User) token.Owner {
	return token.Owner{UserID: u.ID, Resolver: u.Resolver, RealmID: u.RealmID, Realm: u.Realm}
}

// tokenAssign gives a token without an owner to a user.
func (a *API) tokenAssign(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("user"); err != nil {
		return nil, err
	}
	if _, err := r.Params.RequiredNonEmpty("serial"); err != nil {
		return nil, err
	}
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, errNoToken()
	}
	if t.Owner != nil {
		return nil, a.errAssigned(ctx, r, t)
	}
	if !r.User.Exists() {
		return nil, user.ErrMissing()
	}
	with := token.Assignment{Owner: ownerOf(r.User), Encrypted: r.Params.Bool("encryptpin")}
	if pin, given := r.Params.Text("pin"); given {
		p := secret.New(pin)
		with.PIN = &p
	}
	if err := a.Tokens.Assign(ctx, t.Clone(), with); err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(true), nil
}

func (a *API) errAssigned(ctx context.Context, r *Request, t *token.Token) error {
	if r.SelfService() {
		return mfaerr.NewRequest(1103, "Token already assigned to another user.")
	}
	u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
	if err != nil || u.Login == "" {
		u = user.User{Login: t.Owner.UserID, Realm: t.Owner.Realm, Resolver: t.Owner.Resolver}
	}
	return mfaerr.NewRequest(1103, "Token already assigned to user %s", userText(u))
}

// pair loads the tokens of the parameters from and to.
func (a *API) pair(ctx context.Context, r *Request, action string) (from, to *token.Token, err error) {
	source, err := r.Params.Required("from")
	if err != nil {
		return nil, nil, err
	}
	target, err := r.Params.Required("to")
	if err != nil {
		return nil, nil, err
	}
	if from, err = a.namedToken(ctx, r, source, action, errNoSource()); err != nil {
		return nil, nil, err
	}
	to, err = a.namedToken(ctx, r, target, action, errNoTarget())
	return from, to, err
}

// tokenCopyPIN gives a token the PIN of another.
func (a *API) tokenCopyPIN(ctx context.Context, r *Request) (*Answer, error) {
	from, to, err := a.pair(ctx, r, "copytokenpin")
	if err != nil {
		return nil, err
	}
	if err := a.Tokens.CopyPIN(ctx, from, to); err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(true), nil
}

// tokenCopyUser gives a token to the owner of another.
func (a *API) tokenCopyUser(ctx context.Context, r *Request) (*Answer, error) {
	from, to, err := a.pair(ctx, r, "copytokenuser")
	if err != nil {
		return nil, err
	}
	if err := a.Tokens.CopyOwner(ctx, from, to); err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(true), nil
}
