package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
)

// attributeRule refuses an attribute that no policy allows.
func attributeRule(verb, key string) error {
	return mfaerr.NewPolicy("You are not allowed to %s the custom user attribute %s!", verb, key)
}

// maySetAttribute demands a policy that names the attribute, or "*", with the
// value, or "*".
func (a *API) maySetAttribute(ctx context.Context, r *Request, key, value string) error {
	found, err := r.Snap.Policies.Values(ctx, a.callerQuery(r, "set_custom_user_attributes"), policy.Whole)
	if err != nil {
		return err
	}
	for _, v := range found {
		rule := policy.ParseAttributes(v.Text)
		for _, k := range []string{key, "*"} {
			if slices.Contains(rule[k], value) || slices.Contains(rule[k], "*") {
				r.Audit.Policy(v.Policies...)
				return nil
			}
		}
	}
	return attributeRule("set", key)
}

// attributeSet gives a user an attribute.
func (a *API) attributeSet(ctx context.Context, r *Request) (*Answer, error) {
	kind := r.Params.TextOr("type", "")
	if _, err := r.Params.Required("user"); err != nil {
		return nil, err
	}
	key, err := r.Params.Required("key")
	if err != nil {
		return nil, err
	}
	value, err := r.Params.Required("value")
	if err != nil {
		return nil, err
	}
	u, err := attributeOwner(r)
	if err != nil {
		return nil, err
	}
	id, err := a.Store.SetCustomAttribute(ctx, u.ID, u.Resolver, u.RealmID, key, value, kind)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(key)
	return ok(id), nil
}

// attributeSettable is the check before attributeSet; what is missing is said by
// it.
func (a *API) attributeSettable(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		for _, name := range []string{"user", "key", "value"} {
			if _, err := r.Params.Required(name); err != nil {
				return nil, err
			}
		}
		if err := a.maySetAttribute(ctx, r, r.Params.TextOr("key", ""), r.Params.TextOr("value", "")); err != nil {
			return nil, err
		}
		return next(ctx, r)
	}
}

// attributeGet reads the attributes given to a user here, or one of them.
func (a *API) attributeGet(ctx context.Context, r *Request) (*Answer, error) {
	u, err := attributeOwner(r)
	if err != nil {
		return nil, err
	}
	all, err := a.Store.CustomAttributes(ctx, u.ID, u.Resolver, u.RealmID)
	if err != nil {
		return nil, err
	}
	key, one := r.Params.Text("key")
	r.Audit.Success, r.Audit.Info = 1, text(textOrNone(key, one))
	if one && key != "" {
		if v, has := all[key]; has {
			return ok(v), nil
		}
		return ok(nil), nil
	}
	return ok(all), nil
}

// attributesEditable tells what the caller may set and delete.
func (a *API) attributesEditable(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("user"); err != nil {
		return nil, err
	}
	remove, err := r.Snap.Policies.Values(ctx, a.callerQuery(r, "delete_custom_user_attributes"), policy.Whole)
	if err != nil {
		return nil, err
	}
	var deletable []string
	for _, v := range remove {
		deletable = append(deletable, strings.Fields(v.Text)...)
	}
	slices.Sort(deletable)
	set, err := r.Snap.Policies.Values(ctx, a.callerQuery(r, "set_custom_user_attributes"), policy.Whole)
	if err != nil {
		return nil, err
	}
	settable := map[string][]string{}
	for _, v := range set {
		for key, values := range policy.ParseAttributes(v.Text) {
			settable[key] = append(settable[key], values...)
		}
	}
	shown := map[string]any{}
	for key, values := range settable {
		slices.Sort(values)
		shown[key] = texts(slices.Compact(values))
	}
	r.Audit.Success = 1
	return ok(map[string]any{"delete": texts(slices.Compact(deletable)), "set": shown}), nil
}

// attributeTarget makes the user of the path the user that the request is about,
// and lets users touch only what is their own.
func (a *API) attributeTarget(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		name, realmName := r.HTTP.PathValue("username"), r.HTTP.PathValue("realm")
		if r.SelfService() {
			if name != r.User.Login || !strings.EqualFold(realmName, r.User.Realm) {
				return nil, attributeRule("delete", r.Params.TextOr("attrkey", ""))
			}
			return next(ctx, r)
		}
		u, err := r.Users.Find(ctx, name, realmName, "")
		if err != nil {
			return nil, err
		}
		r.User = u
		r.Audit.ForUser(u)
		return next(ctx, r)
	}
}

// attributeDeletable demands a policy that names the attribute, or "*".
func (a *API) attributeDeletable(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		key := r.Params.TextOr("attrkey", "")
		found, err := r.Snap.Policies.Values(ctx, a.callerQuery(r, "delete_custom_user_attributes"), policy.Whole)
		if err != nil {
			return nil, err
		}
		for _, v := range found {
			if words := strings.Fields(v.Text); slices.Contains(words, key) || slices.Contains(words, "*") {
				r.Audit.Policy(v.Policies...)
				return next(ctx, r)
			}
		}
		return nil, attributeRule("delete", key)
	}
}

// attributeDelete takes an attribute from a user.
func (a *API) attributeDelete(ctx context.Context, r *Request) (*Answer, error) {
	key := r.Params.TextOr("attrkey", "")
	if key == "" {
		return nil, mfaerr.NewParameter("Missing parameter: 'attrkey'")
	}
	n, err := a.Store.DeleteCustomAttribute(ctx, r.User.ID, r.User.Resolver, r.User.RealmID, key)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(key)
	return ok(n), nil
}
