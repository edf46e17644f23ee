package api

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/session"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// arrive reads the request once.
func (a *API) arrive(ctx context.Context, req *http.Request, rt *Route, now time.Time) (*Request, error) {
	r := &Request{HTTP: req, Route: rt, Now: now, Node: a.Config.NodeFor(req.Host), pins: login.PINMemory{}, answers: tokentype.Answers{}, before: &firedBefore{}}
	values := map[string]string{}
	for _, name := range pathNames(rt.Path) {
		values[name] = req.PathValue(name)
	}
	if rt.RawBody > 0 {
		if err := r.takeBody(rt.RawBody); err != nil {
			r.Params = params.New(nil)
			return r, err
		}
	}
	limits := params.DefaultLimits()
	p, err := params.Decode(req, values, limits)
	if err != nil {
		r.Params = params.New(nil)
		return r, err
	}
	r.Params = p
	if r.Snap, err = a.Snapshots.Current(ctx); err != nil {
		return r, err
	}
	r.Users = &user.Finder{Realms: r.Snap.Realms, Settings: r.Snap.Settings, Attributes: a.Store, Cache: a.UserCache, Failed: a.Metrics.UserStoreFailed}
	r.Client = a.clientAddress(r)
	return r, nil
}

// takeBody reads a body that is no parameters.
func (r *Request) takeBody(limit int64) error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.HTTP.Body, limit))
	if err != nil {
		return mfaerr.NewParameter("The body is too large or not complete.").WithCause(err)
	}
	r.Body, r.HTTP.Body = b, http.NoBody
	return nil
}

func (a *API) clientAddress(r *Request) netip.Addr {
	var remote netip.Addr
	if ap, err := netip.ParseAddrPort(r.HTTP.RemoteAddr); err == nil {
		remote = ap.Addr().Unmap()
	}
	parameter := ""
	if strings.HasPrefix(r.Route.Path, "/validate/") || strings.HasPrefix(r.Route.Path, "/ttype/") || r.Route.Path == "/auth" {
		parameter = r.Params.TextOr("client", "")
	}
	return r.Snap.Proxies.Resolve(remote, r.HTTP.Header.Get("X-Forwarded-For"), parameter)
}

// authenticate finds out who calls, where the route wants to know.
func (a *API) authenticate(_ context.Context, r *Request) error {
	roles := []string{session.RoleAdmin}
	switch r.Route.Who {
	case anyone:
		return nil // an Authorization header, valid or not, means nothing here
	case adminOrUser:
		roles = append(roles, session.RoleUser)
	}
	proof := r.HTTP.Header.Get("Authorization")
	if r.Route.Form {
		proof = r.Params.TextOr("authtoken", "")
		if proof == "" {
			return session.ErrNoHeader()
		}
	} else if len(r.HTTP.Header.Values("Authorization")) == 0 {
		return session.ErrNoHeader()
	}
	c, err := a.Sessions.Check(proof, r.Now, roles...)
	if err != nil {
		return err
	}
	r.Caller = c
	return nil
}

// identify finds the user that the request is about, and begins the audit.
func (a *API) identify(ctx context.Context, r *Request) error {
	if r.SelfService() {
		// a user speaks of himself, whatever the request says
		r.Params.Set("user", r.Caller.Username)
		r.Params.Set("realm", r.Caller.Realm)
	}
	if r.Admin() {
		r.Audit.Administrator = text(r.Caller.Username)
	}
	if r.Route.Light || r.Route.Login {
		return nil
	}
	typed, _ := r.Params.Text("user")
	realmName, given := r.Params.Text("realm")
	u, err := r.Users.FromParams(ctx, typed, realmName, given, r.Params.TextOr("resolver", ""))
	if err != nil && !mfaerr.Is(err, mfaerr.Request) {
		return err
	}
	if err != nil {
		u = user.User{}
	}
	if r.SelfService() {
		if !u.Exists() {
			return user.ErrMissing()
		}
		r.Params.Set("resolver", u.Resolver)
	}
	r.User = u
	return a.noteUser(ctx, r)
}

// noteUser writes user and token of the request to the audit; without a user the
// owner of the token is the request's user.
func (a *API) noteUser(ctx context.Context, r *Request) error {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return err
	}
	if serial, ok := r.Params.Text("serial"); ok {
		r.Audit.Serial = text(serial)
	}
	if t != nil {
		r.Audit.TokenType = text(t.Type)
		if r.User.Empty() && t.Owner != nil {
			if u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err == nil {
				r.User = u
			}
		}
	}
	if !r.User.Empty() {
		r.Audit.ForUser(r.User)
		return nil
	}
	r.Audit.User, r.Audit.Realm, r.Audit.Resolver = optional(r, "user"), optional(r, "realm"), optional(r, "resolver")
	return nil
}

func optional(r *Request, name string) *string {
	if v, ok := r.Params.Text(name); ok {
		return &v
	}
	return nil
}
