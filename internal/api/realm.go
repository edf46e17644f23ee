package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
)

// realmSet makes a realm or gives it other resolvers.
func (a *API) realmSet(ctx context.Context, r *Request) (*Answer, error) {
	name := strings.ToLower(strings.TrimSpace(r.Params.TextOr("realm", "")))
	if _, err := r.Params.Required("resolvers"); err != nil {
		return nil, err
	}
	var links []realm.Link
	for _, n := range r.Params.List("resolvers") {
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
	if len(failed) == 0 {
		r.Audit.Success = 1
	}
	r.Audit.Info = text("realm: " + name + ", resolvers: " + strings.Join(added, ","))
	return ok(map[string]any{"added": texts(added), "failed": texts(failed)}), nil
}

// defaultRealmSet makes a realm the default.
func (a *API) defaultRealmSet(ctx context.Context, r *Request) (*Answer, error) {
	id, err := a.Store.SetDefaultRealm(ctx, strings.ToLower(r.Params.TextOr("realm", "")))
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(r.Params.TextOr("realm", ""))
	return ok(id), nil
}

// resolverSet makes a resolver or changes the options that are sent.
func (a *API) resolverSet(ctx context.Context, r *Request) (*Answer, error) {
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.ResolverKinds, func(k resolver.Kind) bool { return k.Name == kindName })
	if i < 0 {
		return nil, mfaerr.NewConfig("resolver type : %s not in [%s]", kindName, kindNames(a.ResolverKinds))
	}
	s := resolver.Stored{Name: r.Params.TextOr("resolver", ""), Kind: kindName}
	types := map[string]string{}
	for _, f := range a.ResolverKinds[i].Fields {
		types[f.Name] = f.Type
	}
	for _, name := range r.Params.Names() {
		if name == "type" || name == "resolver" || strings.HasPrefix(name, "type.") || strings.HasPrefix(name, "desc.") {
			continue
		}
		v, _ := r.Params.Text(name)
		o := resolver.StoredOption{Key: name, Value: v, Type: r.Params.TextOr("type."+name, types[name]), Description: r.Params.TextOr("desc."+name, "")}
		if o.Type == "password" {
			if v == field.Censored {
				continue
			}
			if o.Value, err = a.Keys.SealPassword(v); err != nil {
				return nil, err
			}
		}
		s.Options = append(s.Options, o)
	}
	id, err := a.Store.SetResolver(ctx, s)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(id), nil
}

func kindNames(kinds []resolver.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return strings.Join(names, ", ")
}
