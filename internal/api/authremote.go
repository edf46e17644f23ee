package api

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"edumfa/internal/policy"
	"edumfa/internal/session"
	"edumfa/internal/user"
)

// remoteUserHeader names whom the web server in front has identified. It counts
// only where the policy remote_user says so, and only from the machine itself and
// the proxies that the setting OverrideAuthorizationClient trusts: everybody else
// could write into it what he likes.
const remoteUserHeader = "Remote-User"

// remoteUser reports whether the web server has identified the user of the
// request, and the policies let that be enough.
func (a *API) remoteUser(ctx context.Context, r *Request, name string) (bool, error) {
	if r.HTTP.Header.Get(remoteUserHeader) != name {
		return false, nil
	}
	login, realmName := r.Users.Split(name)
	if realmName == "" {
		realmName = r.Snap.Realms.Default()
	}
	q := a.userQuery(r, policy.ScopeWebUI, "remote_user", user.User{Login: login, Realm: strings.ToLower(realmName)})
	values, err := r.Snap.Policies.Values(ctx, q, policy.Words)
	if err != nil || len(values) == 0 || values[0].Text == "disable" {
		return false, err
	}
	if !believed(r) {
		a.Log.WarnContext(ctx, "the header Remote-User is not believed: its sender is no proxy of the setting OverrideAuthorizationClient", "sender", r.HTTP.RemoteAddr)
		return false, nil
	}
	r.Audit.Policy(values.Policies()...)
	return true, nil
}

// believed reports whether who connected may say who somebody is.
func believed(r *Request) bool {
	peer, err := netip.ParseAddrPort(r.HTTP.RemoteAddr)
	if err != nil {
		return false
	}
	addr := peer.Addr().Unmap()
	return addr.IsLoopback() || r.Snap.Proxies.Trusts(addr)
}

// authRemote logs in whom the web server has identified: a local administrator,
// or else a user of a realm.
func (a *API) authRemote(ctx context.Context, r *Request, name, realmName string) (*Answer, error) {
	_, err := a.Store.Admin(ctx, name)
	if err == nil {
		r.Audit.Success, r.Audit.User, r.Audit.Administrator, r.Audit.Info = 1, text(""), text(name), text("internal admin")
		return a.loggedIn(ctx, r, session.Caller{Username: name, Role: session.RoleAdmin, AuthType: session.AuthRemoteUser}, nil)
	}
	if !errors.Is(err, a.NotFound) {
		return nil, err
	}
	u, err := r.Users.FromParams(ctx, name, realmName, realmName != "", "")
	if err != nil {
		return nil, err
	}
	r.User = u
	r.Audit.ForUser(u)
	if !u.Exists() {
		return nil, wrongCredentials(nil)
	}
	r.Audit.Success = 1
	return a.loggedIn(ctx, r, session.Caller{Username: u.Login, Realm: u.Realm, Role: a.roleIn(r, u), AuthType: session.AuthRemoteUser}, nil)
}

// roleIn is the role of a user: those of some realms are administrators.
func (a *API) roleIn(r *Request, u user.User) string {
	if slices.ContainsFunc(a.Config.SuperuserRealms(), func(s string) bool { return strings.EqualFold(s, u.Realm) }) {
		r.Audit.Administrator = text(u.Login)
		return session.RoleAdmin
	}
	return session.RoleUser
}
