package api

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
)

// realmStore keeps realms and resolvers.
type realmStore interface {
	SetRealm(ctx context.Context, name string, links []realm.Link) (added, failed []string, err error)
	DeleteRealm(ctx context.Context, name string) (int64, error)
	SetDefaultRealm(ctx context.Context, name string) (int64, error)
	SetResolver(ctx context.Context, s resolver.Stored) (int64, error)
	DeleteResolver(ctx context.Context, name string) (int64, error)
}

// nameOf checks a name of a realm or resolver.
func nameOf(name string) error {
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-.", c)) {
			return mfaerr.NewParameter("The name '%s' may have letters, digits, '_', '-' and '.' only.", name)
		}
	}
	if name == "" {
		return mfaerr.NewParameter("The name must not be empty.")
	}
	return nil
}

// realmSet makes a realm or gives it other resolvers.
func (a *API) realmSet(ctx context.Context, r *Request) (*Answer, error) {
	sent, err := r.Params.Required("resolvers")
	if err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(r.Params.TextOr("realm", ""))), " ", "-")
	if err := nameOf(name); err != nil {
		return nil, err
	}
	var links []realm.Link
	var unnamed []string
	seen := map[string]bool{}
	for n := range strings.SplitSeq(sent, ",") {
		n = strings.TrimSpace(n)
		if n == "" {
			unnamed = append(unnamed, n)
			continue
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		l := realm.Link{Resolver: n}
		if p, isNumber := r.Params.Raw("priority." + n).(int64); isNumber {
			v := int(p)
			l.Priority = &v
		}
		links = append(links, l)
	}
	added, failed, err := a.Store.SetRealm(ctx, name, links)
	if err != nil {
		return nil, err
	}
	failed = append(failed, unnamed...)
	if len(failed) == 0 {
		r.Audit.Success = 1
	}
	r.Audit.Info = text("realm: " + pyliteral.Repr(r.Params.TextOr("realm", "")) + ", resolvers: " + pyliteral.Repr(sent))
	return ok(map[string]any{"added": texts(added), "failed": texts(failed)}), nil
}

// realmShown is a realm as clients see it.
func realmShown(x *realm.Realm) map[string]any {
	list := []any{}
	for _, l := range x.Links {
		var priority any
		if l.Priority != nil && *l.Priority != 0 {
			priority = *l.Priority
		}
		list = append(list, map[string]any{"name": l.Resolver, "type": l.Kind, "priority": priority})
	}
	return map[string]any{"id": x.ID, "option": "", "default": x.Default, "resolver": list}
}

// realmList lists the realms that the policies of the administrator name, all of
// them when one names none.
func (a *API) realmList(ctx context.Context, r *Request) (*Answer, error) {
	q := a.query(r, policy.ScopeAdmin, "")
	q.AdminUser, q.AdminRealm, q.Conditions = &r.Caller.Username, &r.Caller.Realm, policy.CheckNone
	policies, err := r.Snap.Policies.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	var named []string
	all := len(policies) == 0
	for _, p := range policies {
		realms := p.View().Realm
		named = append(named, realms...)
		all = all || len(realms) == 0
	}
	out := map[string]any{}
	if all {
		named = r.Snap.Realms.Names()
	}
	for _, name := range named {
		out[name] = nil
		if x, known := r.Snap.Realms.Realm(name); known {
			out[name] = realmShown(x)
		}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// realmSuperuser lists the realms whose users are administrators.
func (a *API) realmSuperuser(_ context.Context, r *Request) (*Answer, error) {
	r.Audit.Success = 1
	return ok(texts(a.Config.SuperuserRealms())), nil
}

// noRealm is the answer about a realm that is not there.
const noRealm = "The requested Realm could not be found."

// realmDelete removes a realm.
func (a *API) realmDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("realm", "")
	x, known := r.Snap.Realms.Realm(name)
	if !known || x.Name != name {
		return nil, mfaerr.NewNotFound(noRealm)
	}
	id, err := a.Store.DeleteRealm(ctx, name)
	if err != nil {
		return nil, a.missing(err, noRealm)
	}
	r.Audit.Success, r.Audit.Info = id, text(name)
	return ok(id), nil
}

// defaultRealmSet makes a realm the default.
func (a *API) defaultRealmSet(ctx context.Context, r *Request) (*Answer, error) {
	name := strings.ToLower(strings.TrimSpace(r.Params.TextOr("realm", "")))
	if name == "" {
		return nil, mfaerr.NewNotFound(noRealm)
	}
	id, err := a.Store.SetDefaultRealm(ctx, name)
	if err != nil {
		return nil, a.missing(err, noRealm)
	}
	r.Audit.Success, r.Audit.Info = id, text(name)
	return ok(id), nil
}

// defaultRealmGet shows the default realm, nothing when there is none.
func (a *API) defaultRealmGet(_ context.Context, r *Request) (*Answer, error) {
	out := map[string]any{}
	r.Audit.Success = 1
	if x, known := r.Snap.Realms.Realm(r.Snap.Realms.Default()); known && r.Snap.Realms.Default() != "" {
		out[x.Name] = realmShown(x)
		r.Audit.Info = text(x.Name)
	}
	return ok(out), nil
}

// defaultRealmDelete leaves no realm the default.
func (a *API) defaultRealmDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := a.Store.SetDefaultRealm(ctx, "")
	if err != nil {
		return nil, a.missing(err, "There is no default realm.")
	}
	r.Audit.Success = id
	return ok(id), nil
}
