package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
)

// storedResolver finds a resolver by its name, without regard to letter case.
func storedResolver(r *Request, name string) (resolver.Stored, bool) {
	if i, known := r.Snap.Realms.Instance(name); known {
		return i.Stored, true
	}
	for _, n := range r.Snap.Realms.ResolverNames() {
		if strings.EqualFold(n, name) {
			i, known := r.Snap.Realms.Instance(n)
			return i.Stored, known
		}
	}
	return resolver.Stored{}, false
}

// resolverKind finds a kind of user store.
func (a *API) resolverKind(name string) (resolver.Kind, error) {
	i := slices.IndexFunc(a.ResolverKinds, func(k resolver.Kind) bool { return k.Name == name })
	if i < 0 {
		names := make([]string, len(a.ResolverKinds))
		for i, k := range a.ResolverKinds {
			names[i] = k.Name
		}
		return resolver.Kind{}, mfaerr.NewConfig("resolver type : %s not in [%s]", name, strings.Join(names, ", "))
	}
	return a.ResolverKinds[i], nil
}

// resolverSet makes a resolver or changes the options that are sent.
func (a *API) resolverSet(ctx context.Context, r *Request) (*Answer, error) {
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	name := r.Params.TextOr("resolver", "")
	if err := nameOf(name); err != nil {
		return nil, err
	}
	kind, err := a.resolverKind(kindName)
	if err != nil {
		return nil, err
	}
	old, exists := storedResolver(r, name)
	if exists {
		if old.Kind != kindName {
			return nil, mfaerr.NewConfig("There is a resolver '%s' of another type.", old.Name)
		}
		name = old.Name
	}
	s := resolver.Stored{Name: name, Kind: kindName}
	if s.Options, err = a.resolverOptions(r, kind, old); err != nil {
		return nil, err
	}
	id, err := a.Store.SetResolver(ctx, s)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = id, text(r.Params.TextOr("resolver", ""))
	r.Audit.Resolver = r.Audit.Info
	return ok(id), nil
}

// resolverOptions are the options of a request; secrets are sealed, and one that
// comes back as it was shown stays as it is.
func (a *API) resolverOptions(r *Request, kind resolver.Kind, old resolver.Stored) ([]resolver.StoredOption, error) {
	types := map[string]string{}
	for _, o := range old.Options {
		types[o.Key] = o.Type
	}
	for _, f := range kind.Fields {
		types[f.Name] = f.Type
	}
	var out []resolver.StoredOption
	for _, name := range r.Params.Names() {
		if name == "type" || name == "resolver" || strings.HasPrefix(name, "desc.") {
			continue
		}
		if of, isType := strings.CutPrefix(name, "type."); isType {
			if !r.Params.Has(of) {
				return nil, mfaerr.NewParameter("Parameter '%s' names the type of a parameter that is missing", name)
			}
			continue
		}
		v, _ := r.Params.Text(name)
		o := resolver.StoredOption{Key: name, Value: v, Type: r.Params.TextOr("type."+name, types[name]), Description: r.Params.TextOr("desc."+name, "")}
		if o.Type == "password" {
			if v == field.Censored {
				continue
			}
			var err error
			if o.Value, err = a.Keys.SealPassword(v); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// resolverList lists resolvers; their secrets are not shown.
func (a *API) resolverList(_ context.Context, r *Request) (*Answer, error) {
	name, one := r.Params.Text("resolver")
	kind, byKind := r.Params.Text("type")
	editable, byEditable := r.Params.Text("editable")
	out := map[string]any{}
	for _, n := range r.Snap.Realms.ResolverNames() {
		i, known := r.Snap.Realms.Instance(n)
		if !known || one && !strings.EqualFold(n, name) || byKind && kind != "" && i.Stored.Kind != kind {
			continue
		}
		of, _ := a.resolverKind(i.Stored.Kind)
		shown, canEdit := resolverShown(of, i.Stored)
		if byEditable && (editable == "1") != canEdit || byEditable && editable != "0" && editable != "1" {
			continue
		}
		out[n] = shown
	}
	r.Audit.Success = 1
	if one {
		r.Audit.Info = text(name)
	}
	return ok(out), nil
}

func resolverShown(kind resolver.Kind, s resolver.Stored) (shown map[string]any, editable bool) {
	data, censored := map[string]any{}, []any{}
	for _, o := range s.Options {
		data[o.Key] = o.Value
		if o.Type == "password" || kind.Secret(o.Key) {
			data[o.Key] = field.Censored
			censored = append(censored, o.Key)
		}
		if o.Key == "Editable" || o.Key == "EDITABLE" {
			editable = editable || slices.Contains([]string{"1", "True", "true", "TRUE"}, o.Value)
		}
	}
	return map[string]any{"type": s.Kind, "resolvername": s.Name, "censor_keys": censored, "data": data}, editable
}

// resolverDelete removes a resolver that no realm uses. One that is not there is
// answered with -1.
func (a *API) resolverDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("resolver", "")
	for _, n := range r.Snap.Realms.Names() {
		if slices.Contains(r.Snap.Realms.Order(n), name) {
			return nil, mfaerr.NewConfig("The resolver '%s' is still contained in realm '%s'.", name, n)
		}
	}
	id := int64(-1)
	if i, known := r.Snap.Realms.Instance(name); known && i.Stored.Name == name {
		var err error
		if id, err = a.Store.DeleteResolver(ctx, name); err != nil {
			if errors.Is(err, a.Conflict) {
				return nil, mfaerr.NewConfig("The resolver '%s' is still contained in a realm.", name)
			}
			if !isNotFound(a, err) {
				return nil, err
			}
			id = -1
		}
	}
	r.Audit.Success, r.Audit.Info, r.Audit.Resolver = id, text(name), text(name)
	return ok(id), nil
}

// resolverTest tries settings before they are stored. Secrets that are sent back
// as they were shown are the stored ones.
func (a *API) resolverTest(ctx context.Context, r *Request) (*Answer, error) {
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	kind, err := a.resolverKind(kindName)
	if err != nil {
		return nil, err
	}
	v := field.Values{}
	for _, name := range r.Params.Names() {
		v[name] = r.Params.TextOr(name, "")
	}
	if err := a.storedSecrets(r, kind, v); err != nil {
		return nil, err
	}
	if kind.Probe != nil {
		found, err := kind.Probe(ctx, v, a.ResolverDeps)
		if err != nil {
			found = "failed: " + err.Error()
		}
		return okDetail(err == nil, map[string]any{"description": found}), nil
	}
	if kind.Test == nil {
		return okDetail(false, map[string]any{"description": "Not implemented"}), nil
	}
	right, description := kind.Test(ctx, v, a.ResolverDeps)
	return okDetail(testValue(kind.Name, right, description), map[string]any{"description": description}), nil
}

// storedSecrets puts the stored secrets of the resolver that the request names
// in the place of the word that stands for them.
func (a *API) storedSecrets(r *Request, kind resolver.Kind, v field.Values) error {
	old, exists := storedResolver(r, v["resolver"])
	if !exists || old.Kind != v["type"] {
		return nil
	}
	for _, o := range old.Options {
		if v[o.Key] != field.Censored {
			continue
		}
		if o.Type != "password" {
			if kind.Secret(o.Key) { // kept in clear by other programs
				v[o.Key] = o.Value
			}
			continue
		}
		clear, err := a.Keys.OpenPassword(o.Value)
		if err != nil {
			return err
		}
		v[o.Key] = clear
	}
	return nil
}

// testValue is the answer of a test: of SQL stores the number of users, -1 when
// they cannot be counted.
func testValue(kind string, right bool, description string) any {
	if kind != "sqlresolver" {
		return right
	}
	if right {
		for word := range strings.FieldsSeq(description) {
			if n, err := strconv.Atoi(word); err == nil {
				return n
			}
		}
	}
	return -1
}
