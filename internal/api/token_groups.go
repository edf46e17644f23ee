package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
)

func errNoGroup() error { return mfaerr.NewNotFound("The tokengroup does not exist.") }

// groupStore is what grouping tokens needs of the database.
type groupStore interface {
	// TokenGroupExists reports whether there is a group of the name.
	TokenGroupExists(ctx context.Context, name string) (bool, error)
	TokenGroups(ctx context.Context, name string) ([]token.Group, error)
	SaveTokenGroup(ctx context.Context, g token.Group) (int64, error)
	DeleteTokenGroup(ctx context.Context, id int64) (tokens int, err error)
}

// tokenGroupAdd puts a token into one more group. A token that is in it already
// answers like a group that does not exist: clients know no other answer.
func (a *API) tokenGroupAdd(ctx context.Context, r *Request) (*Answer, error) {
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	name := r.Params.TextOr("groupname", "")
	r.Audit.addDetail(name)
	known, err := a.Store.TokenGroupExists(ctx, name)
	if err != nil {
		return nil, err
	}
	if !known || slices.Contains(t.Groups, name) {
		return nil, errNoGroup()
	}
	return a.setGroups(ctx, r, t, append(slices.Clone(t.Groups), name))
}

// tokenGroupSet puts a token into just the groups of the request. Groups that do
// not exist are left out.
func (a *API) tokenGroupSet(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("groups"); err != nil {
		return nil, err
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	names := r.Params.List("groups")
	r.Audit.addDetail(strings.Join(names, ","))
	return a.setGroups(ctx, r, t, names)
}

// tokenGroupRemove takes a token out of a group.
func (a *API) tokenGroupRemove(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("groupname", "")
	r.Audit.addDetail(name)
	known, err := a.Store.TokenGroupExists(ctx, name)
	if err != nil {
		return nil, err
	}
	t, err := a.ownToken(ctx, r)
	if mfaerr.Is(err, mfaerr.NotFound) || err == nil && !known {
		return nil, errNoGroup()
	}
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(t.Groups), func(g string) bool { return g == name })
	return a.setGroups(ctx, r, t, rest)
}

func (a *API) setGroups(ctx context.Context, r *Request, t *token.Token, groups []string) (*Answer, error) {
	if err := a.Tokens.SetGroups(ctx, t.Clone(), groups); err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(1), nil
}
