package api

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

func errNoToken() error { return mfaerr.NewNotFound("The requested token could not be found.") }

// ownToken is the token of the parameter serial; for a user only one of his own,
// and one of the user that an administrator names beside the serial.
func (a *API) ownToken(ctx context.Context, r *Request) (*token.Token, error) {
	if r.namesUser() && !r.User.Exists() {
		return nil, user.ErrMissing()
	}
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if t == nil || r.namesUser() && !ownedBy(t, r.User) {
		return nil, errNoToken()
	}
	return t, nil
}

// targets are the tokens that a request is about: the one of the parameter
// serial, or without it all of the user.
func (a *API) targets(ctx context.Context, r *Request) ([]*token.Token, error) {
	if r.Params.TextOr("serial", "") != "" {
		t, err := a.ownToken(ctx, r)
		return []*token.Token{t}, err
	}
	if r.User.Empty() {
		return nil, mfaerr.NewParameter("You either need to provide user or serial")
	}
	if !r.User.Exists() {
		return nil, user.ErrMissing()
	}
	of := &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID}
	return a.Store.Tokens(ctx, token.Filter{Of: of}, token.Whole)
}

// each does something with every token of the request, in one transaction, and
// answers how many it was done to.
func (a *API) each(do func(ctx context.Context, t *token.Token) (bool, error)) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		list, err := a.targets(ctx, r)
		if err != nil {
			return nil, err
		}
		n := 0
		err = a.Store.InTx(ctx, func(ctx context.Context) error {
			n = 0
			for _, t := range list {
				done, err := do(ctx, t.Clone())
				if err != nil {
					return err
				}
				if done {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		r.forgetToken()
		r.Audit.Success = 1
		return ok(n), nil
	}
}

// always is for changes that are made whatever the token is like.
func always(do func(ctx context.Context, t *token.Token) error) func(context.Context, *token.Token) (bool, error) {
	return func(ctx context.Context, t *token.Token) (bool, error) { return true, do(ctx, t) }
}

// namedToken is a token that a parameter other than serial names, within the
// caller's reach.
func (a *API) namedToken(ctx context.Context, r *Request, serial, action string, missing error) (*token.Token, error) {
	list, err := a.Store.Tokens(ctx, token.Filter{Serials: []string{serial}}, token.Whole)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, missing
	}
	return list[0], a.reach(ctx, r, action, list[0])
}
