package api

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/session"
	"edumfa/internal/user"
)

func wrongCredentials(detail map[string]any) error {
	e := mfaerr.NewAuth(mfaerr.CodeAuthWrong, "Authentication failure. Wrong credentials")
	e.Detail = detail
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	return e
}

// auth logs a person in and hands out a session token.
func (a *API) auth(ctx context.Context, r *Request) (*Answer, error) {
	name, ok := r.Params.Text("username")
	if !ok || strings.TrimSpace(name) == "" {
		return nil, mfaerr.NewAuth(mfaerr.CodeAuthNoUser, "Authentication failure. Missing Username")
	}
	password := secret.New(r.Params.TextOr("password", ""))
	realmName := r.Params.TextOr("realm", "")
	if realmName != "" {
		if _, known := r.Snap.Realms.Realm(realmName); !known {
			return nil, mfaerr.NewAuth(mfaerr.CodeAuthWrong, "Authentication failure. Unknown realm: %s.", realmName)
		}
	}
	if known, err := a.remoteUser(ctx, r, name); err != nil {
		return nil, err
	} else if known {
		return a.authRemote(ctx, r, name, realmName)
	}
	known, right, err := a.localAdmin(ctx, r, name, password)
	if err != nil {
		return nil, err
	}
	if right {
		return a.loggedIn(ctx, r, session.Caller{Username: name, Role: session.RoleAdmin}, nil)
	}
	answer, err := a.authRealm(ctx, r, name, realmName, password)
	if !known {
		err = a.refusedEvenly(ctx, password, err)
	}
	return answer, err
}

// refusedEvenly lets the refusal of a name that is no local administrator's take
// as long as that of one who has the name: time must not tell who administers.
func (a *API) refusedEvenly(ctx context.Context, password secret.String, refusal error) error {
	if !mfaerr.Is(refusal, mfaerr.Auth) {
		return refusal
	}
	if err := a.AdminPasswords.Waste(ctx, password); err != nil {
		return err
	}
	return refusal
}

// localAdmin checks the password of a local administrator; a name that none has
// is left to the realms.
func (a *API) localAdmin(ctx context.Context, r *Request, name string, password secret.String) (known, right bool, err error) {
	account, err := a.Store.Admin(ctx, name)
	if errors.Is(err, a.NotFound) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	if account.Password == "" {
		return false, false, nil
	}
	if right, err = a.AdminPasswords.Verify(ctx, account.Password, password); err != nil || !right {
		return true, false, err
	}
	r.Audit.Success, r.Audit.User, r.Audit.Administrator, r.Audit.Info = 1, text(""), text(name), text("internal admin")
	if a.AdminPasswords.NeedsRehash(account.Password) {
		renewed, err := a.AdminPasswords.Hash(ctx, password)
		if err != nil {
			return true, false, err
		}
		r.Changes.Add(change.SetAdminPassword{Username: name, Old: account.Password, New: renewed})
	}
	return true, true, nil
}

// authRealm logs in a user of a realm, by password or by token as the policy
// login_mode says.
func (a *API) authRealm(ctx context.Context, r *Request, name, realmName string, password secret.String) (*Answer, error) {
	u, err := r.Users.FromParams(ctx, name, realmName, realmName != "", "")
	if err != nil && !mfaerr.Is(err, mfaerr.Request) {
		return nil, err
	}
	r.User = u
	r.Audit.ForUser(u)
	role := a.roleIn(r, u)
	mode, _, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeWebUI, "login_mode", u), policy.Words)
	if err != nil {
		return nil, err
	}
	if mode == "disable" {
		return nil, mfaerr.NewPolicy("The login for this user is disabled.")
	}
	if !u.Exists() {
		return nil, wrongCredentials(nil)
	}
	if !r.Params.Has("password") {
		// nobody logs in without, whatever policies accept
		r.Audit.Info = text(`Missing parameter "password"`)
		return nil, wrongCredentials(nil)
	}
	var detail map[string]any
	var reply login.Reply
	var yes bool
	if mode == "eduMFA" {
		yes, reply, err = a.checkUser(ctx, r, password)
		detail = loginDetail(reply)
		detail["loginmode"] = "eduMFA"
		r.Audit.Info = text(reply.Message + "|loginmode=eduMFA")
		r.Audit.Serial = text(strings.Join(reply.Serials(), ","))
	} else {
		r.Audit.Info = text("|loginmode=None")
		yes, err = r.Users.CheckPassword(ctx, u, password)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case yes:
		used := reply.Used
		if used == "" {
			used = reply.Type
		}
		if err := a.authorizeType(ctx, r, used); err != nil {
			return nil, err
		}
		r.Audit.Success = 1
		a.warnOfNamesake(ctx, r, u)
		return a.loggedIn(ctx, r, session.Caller{Username: u.Login, Realm: u.Realm, Role: role}, detail)
	case len(reply.Prompts) > 0:
		r.Audit.Asked = true
		return a.challenged(ctx, r, u, role, detail)
	}
	return nil, wrongCredentials(detail)
}

// warnOfNamesake says in the log that a user of the default realm has the name
// of a local administrator: only the password tells who of them logs in.
func (a *API) warnOfNamesake(ctx context.Context, r *Request, u user.User) {
	if u.Realm != r.Snap.Realms.Default() {
		return
	}
	if _, err := a.Store.Admin(ctx, u.Login); err == nil {
		a.Log.WarnContext(ctx, "a user of the default realm logs in who has the name of a local administrator", "name", u.Login, "realm", u.Realm)
	}
}

// challenged asks for the answer to a challenge before there is a session.
func (a *API) challenged(ctx context.Context, r *Request, u user.User, role string, detail map[string]any) (*Answer, error) {
	c := session.Caller{Username: u.Login, Realm: u.Realm, Role: role}
	value := map[string]any{"role": role, "username": u.Login, "realm": u.Realm}
	if err := a.addUISettings(ctx, r, c, value); err != nil {
		return nil, err
	}
	return okDetail(value, detail), nil
}

func (a *API) loggedIn(ctx context.Context, r *Request, c session.Caller, detail map[string]any) (*Answer, error) {
	r.Caller = c
	rights, menus, err := a.rights(ctx, r, c)
	if err != nil {
		return nil, err
	}
	signed, err := a.Sessions.Issue(session.Claims{Username: c.Username, Realm: c.Realm, Role: c.Role, AuthType: cmp.Or(c.AuthType, session.AuthPassword), Expires: r.Now.Add(session.SessionLifetime), Rights: rights})
	if err != nil {
		return nil, err
	}
	value := map[string]any{
		"token": signed, "role": c.Role, "username": c.Username, "realm": c.Realm,
		"log_level": a.Config.LogLevelNumber(), "rights": texts(rights), "menus": texts(menus),
	}
	if err := a.addUISettings(ctx, r, c, value); err != nil {
		return nil, err
	}
	return okDetail(value, detail), nil
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// rights are what the caller may do, for the user interface.
func (a *API) rights(ctx context.Context, r *Request, c session.Caller) (rights, menus []string, err error) {
	if a.Keys.Locked() {
		return []string{}, []string{}, nil
	}
	q := a.rightsQuery(r, c)
	all := a.Actions.Names(q.Scope)
	if rights, err = r.Snap.Policies.Rights(ctx, q, all); err != nil {
		return nil, nil, err
	}
	return rights, policy.Menus(rights, func(action string) []string { return a.Actions.Menus(q.Scope, action) }), nil
}

func (a *API) rightsQuery(r *Request, c session.Caller) policy.Query {
	if c.Role == session.RoleAdmin {
		q := a.query(r, policy.ScopeAdmin, "")
		q.AdminUser, q.AdminRealm = &c.Username, &c.Realm
		return q
	}
	return a.userQuery(r, policy.ScopeUser, "", r.User)
}

// authRights lists the token types the caller may enrol.
func (a *API) authRights(ctx context.Context, r *Request) (*Answer, error) {
	q := a.rightsQuery(r, r.Caller)
	var names []string
	about := map[string]string{}
	for _, t := range a.Types.All() {
		info := t.Info()
		if slices.Contains(info.EnrollableBy, r.Caller.Role) {
			names = append(names, info.Name)
			about[info.Name] = info.Description
		}
	}
	allowed, err := r.Snap.Policies.EnrollTypes(ctx, q, names)
	if err != nil {
		return nil, err
	}
	value := map[string]any{}
	for _, n := range allowed {
		value[n] = about[n]
	}
	r.Audit.Success = 1
	return ok(value), nil
}
