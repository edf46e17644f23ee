package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/resolver"
	"edumfa/internal/user"
)

// userStore keeps what is known of users beside their stores.
type userStore interface {
	SetCustomAttribute(ctx context.Context, id, resolverName string, realmID int64, key, value, kind string) (int64, error)
	DeleteCustomAttribute(ctx context.Context, id, resolverName string, realmID int64, key string) (int64, error)
	// RealmAttributes are the attributes of all users of a realm, by resolver and id.
	RealmAttributes(ctx context.Context, realmID int64) (map[[2]string]map[string]string, error)
	ForgetUser(ctx context.Context, login, resolverName string) error
}

// hiddenAttribute is never shown: in many stores it is the hash.
const hiddenAttribute = "password"

// ownRealms are the realms whose users an administrator may list; all is true
// when he may list every one.
func (a *API) ownRealms(ctx context.Context, r *Request, action string) (realms []string, all bool, err error) {
	if !r.Admin() || !r.Snap.Policies.HasActive(policy.ScopeAdmin) {
		return nil, true, nil
	}
	q := a.query(r, policy.ScopeAdmin, action)
	q.AdminUser, q.AdminRealm = &r.Caller.Username, &r.Caller.Realm
	list, err := r.Snap.Policies.Match(ctx, q)
	if err != nil {
		return nil, false, err
	}
	return ruledRealms(r, list)
}

// ruledRealms are the realms that policies are for: those that they name, and of
// policies for user stores those that have one of them. all is true for policies
// that name neither.
func ruledRealms(r *Request, list []*policy.Policy) (realms []string, all bool, err error) {
	for _, name := range r.Snap.Realms.Names() {
		for _, p := range list {
			found, every, err := p.InRealm(name)
			if err != nil {
				return nil, false, err
			}
			has, any, err := hasResolver(r, p, name)
			if err != nil {
				return nil, false, err
			}
			if every && any {
				return nil, true, nil
			}
			if (found || every) && (has || any) {
				realms = append(realms, name)
				break
			}
		}
	}
	return realms, false, nil
}

// hasResolver reports whether a realm has a user store that the policy names;
// any says that it names none.
func hasResolver(r *Request, p *policy.Policy, realm string) (found, any bool, err error) {
	for _, resolver := range append(r.Snap.Realms.Order(realm), "") {
		if found, any, err = p.InResolver(resolver); err != nil || found || any {
			return found, any, err
		}
	}
	return false, false, nil
}

// userList lists users. Administrators of some realms see the users of these,
// users themselves only.
func (a *API) userList(ctx context.Context, r *Request) (*Answer, error) {
	realmName, byRealm := r.Params.Text("realm")
	byRealm = byRealm && realmName != ""
	own, all, err := a.ownRealms(ctx, r, "userlist")
	if err != nil {
		return nil, err
	}
	realms := own
	if byRealm {
		realms = []string{realmName}
	}
	info := "None"
	if len(realms) > 0 {
		info = strings.Join(realms, ",")
	}
	r.Audit.Info = text("realm: " + info)
	names := userResolvers(r, realms, byRealm || !all)
	if !all && r.Params.TextOr("resolver", "") != "" {
		allowed := resolversOf(r, own)
		names = slices.DeleteFunc(names, func(n string) bool { return !slices.Contains(allowed, n) })
	}
	if r.SelfService() {
		names = []string{r.User.Resolver}
	} else if names, err = a.listedResolvers(ctx, r, names); err != nil {
		return nil, err
	}
	extra, err := a.listAttributes(ctx, r, realms, byRealm)
	if err != nil {
		return nil, err
	}
	users, err := a.searchUsers(ctx, r, names, extra)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(users), nil
}

// listedResolvers leaves of user stores those whose users an administrator may
// list.
func (a *API) listedResolvers(ctx context.Context, r *Request, names []string) ([]string, error) {
	if !r.Snap.Policies.HasActive(policy.ScopeAdmin) {
		return names, nil
	}
	var out []string
	for _, name := range names {
		q := a.rightQuery(r, "userlist")
		q.User, q.Resolver = nil, &name
		may, _, err := r.Snap.Policies.Allowed(ctx, q)
		if err != nil {
			return nil, err
		}
		if may {
			out = append(out, name)
		}
	}
	return out, nil
}

// userResolvers are the resolvers to ask: the named one, those of the realms,
// and without either those of every realm.
func userResolvers(r *Request, realms []string, limited bool) []string {
	var names []string
	if n := r.Params.TextOr("resolver", ""); n != "" {
		names = append(names, n)
	} else if !limited {
		realms = r.Snap.Realms.Names()
	}
	for _, n := range resolversOf(r, realms) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// resolversOf are the resolvers of realms; names of realms are compared exactly.
func resolversOf(r *Request, realms []string) []string {
	var names []string
	for _, name := range realms {
		x, known := r.Snap.Realms.Realm(name)
		if !known || x.Name != name {
			continue
		}
		for _, n := range x.Order {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

// listAttributes are the custom attributes to add to a list of one realm.
func (a *API) listAttributes(ctx context.Context, r *Request, realms []string, byRealm bool) (map[[2]string]map[string]string, error) {
	if len(realms) != 1 || !byRealm && len(realms) == 0 {
		return nil, nil
	}
	x, known := r.Snap.Realms.Realm(realms[0])
	if !known {
		return nil, nil
	}
	return a.Store.RealmAttributes(ctx, x.ID)
}

// userQuery is what is looked for: every parameter that is not about the list
// itself is an attribute.
func userListQuery(r *Request) resolver.Query {
	q := resolver.Query{"username": "*"}
	for _, name := range r.Params.Names() {
		if v, given := r.Params.Text(name); given && !slices.Contains([]string{"realm", "resolver", "user", "username"}, name) {
			q[name] = v
		}
	}
	for _, name := range []string{"username", "user"} {
		if v, given := r.Params.Text(name); given {
			q["username"] = v
		}
	}
	return q
}

func (a *API) searchUsers(ctx context.Context, r *Request, names []string, extra map[[2]string]map[string]string) ([]any, error) {
	q := userListQuery(r)
	out := []any{}
	for _, name := range names {
		i, known := r.Snap.Realms.Instance(name)
		if !known || i.Live == nil {
			continue
		}
		found, err := i.Live.Search(ctx, q)
		if err != nil {
			// One store that does not answer must not hide the users of the others.
			a.Log.WarnContext(ctx, "users cannot be listed", "resolver", name, "error", err)
			continue
		}
		w, can := i.Live.(resolver.Writer)
		editable := can && w.Editable()
		for _, u := range found {
			if r.SelfService() && u.ID != r.User.ID {
				continue
			}
			out = append(out, userShown(u, name, editable, extra[[2]string{name, u.ID}]))
		}
	}
	return out, nil
}

func userShown(u resolver.User, resolverName string, editable bool, extra map[string]string) map[string]any {
	row := map[string]any{}
	for k, v := range u.Attributes {
		if k != hiddenAttribute {
			row[k] = v
		}
	}
	if _, has := row["userid"]; !has {
		row["userid"] = u.ID
	}
	if _, has := row["username"]; !has {
		row["username"] = u.Login
	}
	row["resolver"], row["editable"] = resolverName, editable
	for k, v := range extra {
		row[k] = v
	}
	return row
}

// userAttributes are the attributes of a request for a user in a store. The
// parameter username, beside user, is another login name for him.
func userAttributes(r *Request) (resolver.Attributes, string, string, error) {
	resolverName, err := r.Params.Required("resolver")
	if err != nil {
		return nil, "", "", err
	}
	name, err := r.Params.Required("user")
	if err != nil {
		return nil, "", "", err
	}
	out := resolver.Attributes{"username": name}
	for _, n := range r.Params.Names() {
		if v := r.Params.TextOr(n, ""); v != "" && !slices.Contains([]string{"user", "resolver", "userid"}, n) {
			out[n] = v
		}
	}
	return out, name, resolverName, nil
}

// userAdd makes a user in a store that can be changed.
func (a *API) userAdd(ctx context.Context, r *Request) (*Answer, error) {
	attributes, name, resolverName, err := userAttributes(r)
	if err != nil {
		return nil, err
	}
	w, err := r.Users.Writable(resolverName)
	if err != nil {
		return nil, err
	}
	id, err := w.Add(ctx, attributes)
	if err != nil {
		return nil, userStoreError(resolverName, err)
	}
	if err := a.Store.ForgetUser(ctx, name, resolverName); err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(id+": "+name+"/"+resolverName)
	if i, known := r.Snap.Realms.Instance(resolverName); known && i.Stored.Kind == "sqlresolver" {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			return ok(n), nil
		}
	}
	return ok(id), nil
}

// userStoreError tells what a store said about a change.
func userStoreError(name string, err error) error {
	if e := (*mfaerr.Error)(nil); errors.As(err, &e) {
		return err
	}
	if errors.Is(err, resolver.ErrUnavailable) {
		return (&mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "The user store '" + name + "' cannot be asked at the moment."}).WithCause(err)
	}
	return mfaerr.NewUser("The user store '%s' refused the change.", name).WithCause(err)
}

// userUpdate changes a user of a store. Users change themselves only, whatever
// id they send.
func (a *API) userUpdate(ctx context.Context, r *Request) (*Answer, error) {
	attributes, name, resolverName, err := userAttributes(r)
	if err != nil {
		return nil, err
	}
	w, err := r.Users.Writable(resolverName)
	if err != nil {
		return nil, err
	}
	id := r.Params.TextOr("userid", "")
	if r.SelfService() {
		if id != "" && id != r.User.ID {
			return nil, mfaerr.NewPolicy("Users can change their own data only.")
		}
		id = r.User.ID
	}
	if id == "" {
		u, err := r.Users.Find(ctx, name, "", resolverName)
		if err != nil {
			return nil, err
		}
		id = u.ID
	}
	changed := id != ""
	if changed {
		err := w.Update(ctx, id, attributes)
		if errors.Is(err, resolver.ErrNoUser) {
			changed = false
		} else if err != nil {
			return nil, userStoreError(resolverName, err)
		}
		if err := a.Store.ForgetUser(ctx, name, resolverName); err != nil {
			return nil, err
		}
	}
	r.Audit.Success = 1
	r.Audit.Info = text(pyText(changed) + ": " + name + "/" + resolverName)
	return ok(changed), nil
}

// pathUser makes the user of the path the user that the request is about.
func (a *API) pathUser(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		u, err := r.Users.Find(ctx, r.Params.TextOr("username", ""), "", r.Params.TextOr("resolvername", ""))
		if err != nil {
			return nil, err
		}
		r.User = u
		r.Audit.ForUser(u)
		return next(ctx, r)
	}
}

// userDelete removes a user from a store.
func (a *API) userDelete(ctx context.Context, r *Request) (*Answer, error) {
	w, err := r.Users.Writable(r.User.Resolver)
	if err != nil {
		return nil, err
	}
	gone := r.User.ID != ""
	if gone {
		err := w.Delete(ctx, r.User.ID)
		if errors.Is(err, resolver.ErrNoUser) {
			gone = false
		} else if err != nil {
			return nil, userStoreError(r.User.Resolver, err)
		}
		if err := a.Store.ForgetUser(ctx, r.User.Login, r.User.Resolver); err != nil {
			return nil, err
		}
	}
	if gone {
		r.Audit.Success = 1
	}
	r.Audit.Info = text(r.User.String())
	return ok(gone), nil
}

// attributeOwner is the user whose attributes are asked for.
func attributeOwner(r *Request) (user.User, error) {
	if _, err := r.Params.Required("user"); err != nil {
		return user.User{}, err
	}
	if r.User.ID == "" {
		return user.User{}, user.ErrMissing()
	}
	return r.User, nil
}
