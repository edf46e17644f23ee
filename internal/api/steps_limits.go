package api

import (
	"context"
	"strconv"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// namedUser is the user that the request itself names; nobody if it names none.
func (a *API) namedUser(r *Request) user.User {
	if r.namesUser() {
		return r.User
	}
	return user.User{}
}

// highest is the highest of the numbers that policies set. Who exceeds it is
// refused by the policies it comes from.
func (a *API) highest(ctx context.Context, r *Request, q policy.Query) (limit int, names []string, ok bool, err error) {
	list, err := r.Snap.Policies.Values(ctx, q, policy.Words)
	if err != nil {
		return 0, nil, false, err
	}
	for _, v := range list {
		n, err := strconv.Atoi(v.Text)
		if err != nil {
			return 0, nil, false, errMalformed()
		}
		if !ok || n > limit {
			limit, names, ok = n, v.Policies, true
		}
	}
	return limit, names, ok, nil
}

// limitRealm refuses another token in a realm that has as many as policies allow.
func (a *API) limitRealm(ctx context.Context, r *Request) error {
	realm := a.namedUser(r).Realm
	if realm == "" {
		return nil
	}
	q := a.query(r, policy.ScopeEnrollment, "max_token_per_realm")
	q.Realm = &realm
	limit, names, limited, err := a.highest(ctx, r, q)
	if err != nil || !limited {
		return err
	}
	n, err := a.Store.CountTokens(ctx, token.Filter{Realm: realm})
	if err != nil || n < limit {
		return err
	}
	r.Audit.Policy(names...)
	return mfaerr.NewPolicy("The number of tokens in this realm is limited!")
}

// limitUser refuses another token, or another active one, for a user who has as
// many as policies allow. A token he has already may be enrolled again.
func (a *API) limitUser(ctx context.Context, r *Request) error {
	u := r.User
	if !u.Exists() {
		return nil
	}
	name, err := a.enrolledType(ctx, r)
	if err != nil {
		return err
	}
	serial := r.Params.TextOr("serial", "")
	of := &token.Owner{UserID: u.ID, Resolver: u.Resolver, RealmID: u.RealmID}
	active := true
	for _, x := range []struct {
		action, text string
		filter       token.Filter
	}{
		{name + "_max_token_per_user", "The number of tokens of type " + name + " for this user is limited!", token.Filter{Of: of, Type: name}},
		{"max_token_per_user", "The number of tokens for this user is limited!", token.Filter{Of: of}},
		{name + "_max_active_token_per_user", "The number of active tokens of type " + name + " for this user is limited!", token.Filter{Of: of, Type: name, Active: &active}},
		{"max_active_token_per_user", "The number of active tokens for this user is limited!", token.Filter{Of: of, Active: &active}},
	} {
		limit, names, limited, err := a.highest(ctx, r, a.userQuery(r, policy.ScopeEnrollment, x.action, u))
		if err != nil {
			return err
		}
		if !limited {
			continue
		}
		list, err := a.Store.Tokens(ctx, x.filter, 0)
		if err != nil {
			return err
		}
		has := false
		for _, t := range list {
			has = has || serial != "" && t.Serial == serial
		}
		if !has && len(list) >= limit {
			r.Audit.Policy(names...)
			return mfaerr.NewPolicy("%s", x.text)
		}
	}
	return nil
}
