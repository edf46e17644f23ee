package api

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// query begins a question to the policies: it has what every question of a
// request has in common.
func (a *API) query(r *Request, scope, action string) policy.Query {
	return policy.Query{
		Scope: scope, Action: action, Client: r.Client, Node: r.Node, Time: r.Now,
		Header:      r.HTTP.Header.Get,
		Environment: func(name string) string { return environment(r, name) },
		AllResolvers: func(_ context.Context, _, realm string) ([]string, error) {
			return r.Users.Realms.Order(realm), nil
		},
		Token: func(ctx context.Context) (*policy.Token, error) { return a.policyToken(ctx, r) },
	}
}

// userQuery asks for the request's user, or the given one.
func (a *API) userQuery(r *Request, scope, action string, u user.User) policy.Query {
	q := a.query(r, scope, action)
	q.User = a.policyUser(r, u)
	return q
}

func (a *API) policyUser(r *Request, u user.User) *policy.User {
	return &policy.User{Login: u.Login, Realm: u.Realm, Resolver: u.Resolver,
		Info: func(ctx context.Context) (map[string]any, error) { return r.Users.Info(ctx, u) }}
}

// tokenQuery asks for the owner of a token; without one for its only realm.
func (a *API) tokenQuery(r *Request, scope, action string, t *token.Token, u user.User) policy.Query {
	if !u.Empty() {
		return a.userQuery(r, scope, action, u)
	}
	q := a.query(r, scope, action)
	if t != nil && len(t.Realms) == 1 {
		q.Realm = &t.Realms[0]
	}
	return q
}

// callerQuery asks for the rights of the caller: in the scope admin with his own
// realm and the user he deals with, in the scope user with himself.
func (a *API) callerQuery(r *Request, action string) policy.Query {
	if r.SelfService() {
		return a.userQuery(r, policy.ScopeUser, action, r.User)
	}
	q := a.query(r, policy.ScopeAdmin, action)
	q.AdminUser, q.AdminRealm = &r.Caller.Username, &r.Caller.Realm
	if !r.User.Empty() {
		q.User = a.policyUser(r, r.User)
	}
	return q
}

func (a *API) policyToken(ctx context.Context, r *Request) (*policy.Token, error) {
	t, err := a.requestToken(ctx, r)
	if err != nil || t == nil {
		return nil, err
	}
	return policyToken(t), nil
}

func policyToken(t *token.Token) *policy.Token {
	info := make(map[string]string, len(t.Info))
	for k, v := range t.Info {
		info[k] = v.Value
	}
	return &policy.Token{Info: info, Fields: map[string]any{
		"serial": t.Serial, "tokentype": t.Type, "description": t.Description, "failcount": int64(t.FailCount), "maxfail": int64(t.MaxFail),
		"active": t.Active, "revoked": t.Revoked, "locked": t.Locked, "count": t.Count, "count_window": int64(t.CountWindow),
		"sync_window": int64(t.SyncWindow), "otplen": int64(t.OTPLen), "rollout_state": t.State, "realms": t.Realms, "id": t.ID,
	}}
}

// environment answers the names of a WSGI environment that policies ask for.
func environment(r *Request, name string) string {
	switch name {
	case "REMOTE_ADDR":
		return r.Client.String()
	case "REQUEST_METHOD":
		return r.HTTP.Method
	case "PATH_INFO":
		return r.HTTP.URL.Path
	case "QUERY_STRING":
		return r.HTTP.URL.RawQuery
	case "SERVER_PROTOCOL":
		return r.HTTP.Proto
	case "CONTENT_TYPE":
		return r.HTTP.Header.Get("Content-Type")
	case "HTTP_HOST":
		return r.HTTP.Host
	}
	if h, ok := strings.CutPrefix(name, "HTTP_"); ok {
		return r.HTTP.Header.Get(strings.ReplaceAll(h, "_", "-"))
	}
	return ""
}

// on reports whether a yes-or-no action holds, and notes the policies.
func (a *API) holds(ctx context.Context, r *Request, q policy.Query) (bool, error) {
	found, names, err := r.Snap.Policies.Any(ctx, q)
	if err == nil && found {
		r.Audit.Policy(names...)
	}
	return found, err
}

// value is the one value of an action, and notes the policies.
func (a *API) policyValue(ctx context.Context, r *Request, q policy.Query, split policy.Split) (string, bool, error) {
	v, ok, err := r.Snap.Policies.Value(ctx, q, split)
	if err == nil && ok {
		r.Audit.Policy(v.Policies...)
	}
	return v.Text, ok, err
}

// policyValues are all values of an action, and notes the policies.
func (a *API) policyValues(ctx context.Context, r *Request, q policy.Query, split policy.Split) ([]string, error) {
	v, err := r.Snap.Policies.Values(ctx, q, split)
	if err == nil {
		r.Audit.Policy(v.Policies()...)
	}
	return v.Texts(), err
}

// needs lets only callers pass who have the right: by a policy, or because the
// scope has none.
func (a *API) needs(action string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			if err := a.demand(ctx, r, action); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}
	}
}

// demand refuses a caller without the right. An administrator needs it for the
// user or realm that the request names and also for the token it names: neither
// may be used to reach the other.
func (a *API) demand(ctx context.Context, r *Request, action string) error {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return err
	}
	if r.SelfService() || t == nil || r.namesUser() {
		if err := a.allowed(ctx, r, a.rightQuery(r, action), action); err != nil {
			return err
		}
	}
	if t == nil {
		return nil
	}
	err = a.reach(ctx, r, action, t)
	if mfaerr.Is(err, mfaerr.Policy) && r.namesUser() && r.User.Login == "" {
		return user.ErrMissing() // a realm alone names nobody
	}
	return err
}

// rightQuery asks for the right of the caller. What a request of an administrator
// does not name is not compared: a policy for one user also allows to list his
// realm.
func (a *API) rightQuery(r *Request, action string) policy.Query {
	q := a.callerQuery(r, action)
	if r.SelfService() || r.User.Login != "" {
		return q
	}
	q.User = nil
	if r.User.Realm != "" {
		q.Realm = &r.User.Realm
	}
	if r.User.Resolver != "" {
		q.Resolver = &r.User.Resolver
	} else if name, given := r.Params.Text("resolver"); given && name != "" {
		q.Resolver = &name
	}
	return q
}

// needsAnywhere is needs for a right that is not compared with the user that the
// request names: what it reaches is limited later.
func (a *API) needsAnywhere(action string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			q := a.callerQuery(r, action)
			if r.Admin() {
				q.User = nil
			}
			if err := a.allowed(ctx, r, q, action); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}
	}
}

// allowed refuses the caller if the query finds no right.
func (a *API) allowed(ctx context.Context, r *Request, q policy.Query, action string) error {
	may, names, err := r.Snap.Policies.Allowed(ctx, q)
	if err != nil {
		return err
	}
	if !may {
		who := "Admin"
		if r.SelfService() {
			who = "User"
		}
		return mfaerr.NewPolicy("%s actions are defined, but the action %s is not allowed!", who, action)
	}
	r.Audit.Policy(names...)
	return nil
}

// reach refuses an administrator who has the right in none of the token's
// realms. A token that is in no realm is within everybody's reach.
func (a *API) reach(ctx context.Context, r *Request, action string, t *token.Token) error {
	if !r.Admin() {
		return nil
	}
	realms := t.Realms
	if len(realms) == 0 && t.Owner != nil {
		realms = []string{t.Owner.Realm}
	}
	if len(realms) == 0 {
		q := a.callerQuery(r, action)
		q.User = nil
		return a.allowed(ctx, r, q, action)
	}
	owner := user.User{}
	if t.Owner != nil {
		owner.Resolver = t.Owner.Resolver
		if r.User.ID == t.Owner.UserID && r.User.Resolver == t.Owner.Resolver {
			owner = r.User
		} else if u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err == nil {
			owner = u
		}
	}
	var refused error
	for _, realm := range realms {
		q := a.callerQuery(r, action)
		q.User, q.Realm = nil, &realm
		if t.Owner != nil {
			at := owner
			at.Realm = realm
			q.User = a.policyUser(r, at)
		}
		if refused = a.allowed(ctx, r, q, action); !mfaerr.Is(refused, mfaerr.Policy) {
			return refused
		}
	}
	return refused
}

// withinReach refuses administrators who have no right at all for the user that
// the request names.
func (a *API) withinReach(ctx context.Context, r *Request) error {
	if !r.Admin() || r.User.Empty() {
		return nil
	}
	any, _, err := r.Snap.Policies.Allowed(ctx, a.callerQuery(r, ""))
	if err == nil && !any {
		err = mfaerr.NewPolicy("Admin actions are defined, but none is allowed for this user!")
	}
	return err
}

// rules are the policies of one user in one request, for token types.
type rules struct {
	a   *API
	r   *Request
	ctx context.Context
	t   *token.Token
	u   user.User
}

func (x rules) Text(scope, action string) (string, bool, error) {
	return x.a.policyValue(x.ctx, x.r, x.a.tokenQuery(x.r, scope, action, x.t, x.u), policy.Whole)
}

func (x rules) On(scope, action string) (bool, error) {
	return x.a.holds(x.ctx, x.r, x.a.tokenQuery(x.r, scope, action, x.t, x.u))
}

func (x rules) Word(scope, action string) (string, bool, error) {
	return x.a.policyValue(x.ctx, x.r, x.a.tokenQuery(x.r, scope, action, x.t, x.u), policy.Words)
}

func (x rules) Words(scope, action string) ([]string, error) {
	return x.a.policyValues(x.ctx, x.r, x.a.tokenQuery(x.r, scope, action, x.t, x.u), policy.Words)
}
