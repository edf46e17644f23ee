// Package user finds users: by login name and realm, by id, and what is known of
// them. It asks the resolvers of a realm in their order.
package user

import (
	"context"
	"errors"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
)

// User is a user as a request names it. A name that no resolver knows has no ID
// and, unless the request named one, no Resolver.
type User struct {
	Login    string // the store's own spelling
	Realm    string // lower case
	Resolver string
	ID       string
	RealmID  int64
}

// Empty reports whether no user is named.
func (u User) Empty() bool { return u.Login == "" && u.Realm == "" }

// Exists reports whether the user is in a store and in a realm.
func (u User) Exists() bool { return u.ID != "" && u.RealmID != 0 }

// String is the user as messages show it.
func (u User) String() string {
	switch {
	case u.Empty():
		return "<empty user>"
	case u.Resolver != "":
		return "<" + u.Login + "." + u.Resolver + "@" + u.Realm + ">"
	}
	return "<" + u.Login + "@" + u.Realm + ">"
}

// ErrMissing is the error of a user that no resolver of its realm knows.
func ErrMissing() error {
	return mfaerr.NewUser("The user can not be found in any resolver in this realm!")
}

// AttributeStore keeps the attributes that are given to users here.
type AttributeStore interface {
	CustomAttributes(ctx context.Context, id, resolver string, realmID int64) (map[string]string, error)
}

// Cache keeps which user a login name was, in the database.
type Cache interface {
	// Lookup finds a cached answer; ok is false without one.
	Lookup(ctx context.Context, login, resolver string, maxAgeSeconds int) (u resolver.User, name string, ok bool, err error)
	Store(ctx context.Context, usedLogin, login, resolver, id string) error
}

// Finder finds users in the realms of one picture of the configuration.
type Finder struct {
	Realms     *realm.Directory
	Settings   settings.Settings
	Attributes AttributeStore
	Cache      Cache // nil without one
	// Failed is told of every user store that did not answer; nil tells nobody.
	Failed func(resolver string)
}

// Split divides what was typed as user into login and realm, by the setting
// splitAtSign: login@realm if there is such a realm, or realm\login.
func (f *Finder) Split(typed string) (login, realmName string) {
	login = strings.TrimSpace(typed)
	if !f.Settings.SplitAtSign() {
		return login, ""
	}
	if i := strings.LastIndex(login, "@"); i >= 0 {
		if _, ok := f.Realms.Realm(login[i+1:]); ok {
			return login[:i], login[i+1:]
		}
		return login, ""
	}
	if i := strings.LastIndex(login, `\`); i >= 0 {
		return login[i+1:], login[:i]
	}
	return login, ""
}

// FromParams finds the user that request parameters name. realmGiven tells an
// empty parameter realm from a missing one.
func (f *Finder) FromParams(ctx context.Context, typed, realmName string, realmGiven bool, resolverName string) (User, error) {
	login, r := "", ""
	if typed != "" {
		login, r = f.Split(typed)
	}
	if realmGiven {
		r = realmName
	}
	if login != "" && r == "" {
		r = f.Realms.Default()
	}
	return f.Find(ctx, login, r, resolverName)
}

// Find finds a user by login name. A user that is nowhere is no error: it comes
// back without an ID. Errors: 904 for a resolver that does not exist, 503 for a
// store that cannot be asked.
func (f *Finder) Find(ctx context.Context, login, realmName, resolverName string) (User, error) {
	u := User{Login: login, Realm: strings.ToLower(realmName), Resolver: resolverName}
	if u.Resolver == "**" {
		u.Resolver = ""
	}
	r, inRealm := f.Realms.Realm(u.Realm)
	if inRealm {
		u.RealmID = r.ID
	}
	if login == "" {
		return u, nil
	}
	if u.Resolver != "" {
		return f.inResolver(ctx, u)
	}
	if !inRealm {
		return u, nil
	}
	for _, name := range r.Order {
		u.Resolver = name
		found, err := f.inResolver(ctx, u)
		if err != nil {
			// Not the next one: who has the name in this store may be another
			// person there.
			return User{Login: login, Realm: u.Realm, RealmID: u.RealmID}, err
		}
		if found.ID != "" {
			return found, nil
		}
	}
	u.Resolver = ""
	return u, nil
}

func (f *Finder) inResolver(ctx context.Context, u User) (User, error) {
	i, ok := f.Realms.Instance(u.Resolver)
	if !ok {
		return u, mfaerr.NewUser("The resolver '%s' does not exist!", u.Resolver)
	}
	if i.Live == nil {
		return u, f.unavailable(u.Resolver, i.Broken)
	}
	age := f.Settings.Int("UserCacheExpiration", 0)
	if f.Cache != nil && age > 0 {
		if c, _, hit, err := f.Cache.Lookup(ctx, u.Login, u.Resolver, age); err == nil && hit {
			u.ID, u.Login = c.ID, c.Login
			return u, nil
		}
	}
	found, err := i.Live.ByLogin(ctx, u.Login)
	switch {
	case errors.Is(err, resolver.ErrNoUser):
		return u, nil
	case err != nil:
		return u, f.unavailable(u.Resolver, err)
	}
	used := u.Login
	u.ID = found.ID
	if m, has := i.Live.(resolver.MultiLogin); has && m.MultipleLoginNames() && found.Login != "" {
		u.Login = found.Login
	}
	if f.Cache != nil && age > 0 {
		_ = f.Cache.Store(ctx, used, u.Login, u.Resolver, u.ID)
	}
	return u, nil
}

// ByID finds the user with an id in a resolver.
func (f *Finder) ByID(ctx context.Context, id, resolverName string, realmID int64) (User, error) {
	u := User{ID: id, Resolver: resolverName, RealmID: realmID}
	if r, ok := f.Realms.ByID(realmID); ok {
		u.Realm = r.Name
	}
	i, ok := f.Realms.Instance(resolverName)
	if !ok {
		return u, mfaerr.NewUser("The resolver '%s' does not exist!", resolverName)
	}
	if i.Live == nil {
		return u, f.unavailable(resolverName, i.Broken)
	}
	found, err := resolver.Many(ctx, i.Live, []string{id}) // names need no attributes
	if err != nil {
		return u, f.unavailable(resolverName, err)
	}
	u.Login = found[id].Login
	return u, nil
}

// Info reads what is known of a user: the store's attributes and, over them,
// those given here. No attributes for a user that does not exist.
func (f *Finder) Info(ctx context.Context, u User) (resolver.Attributes, error) {
	out := resolver.Attributes{}
	if u.ID == "" {
		return out, nil
	}
	i, ok := f.Realms.Instance(u.Resolver)
	if !ok || i.Live == nil {
		return out, f.unavailable(u.Resolver, nil)
	}
	found, err := i.Live.ByID(ctx, u.ID)
	if errors.Is(err, resolver.ErrNoUser) {
		return out, nil
	}
	if err != nil {
		return nil, f.unavailable(u.Resolver, err)
	}
	for k, v := range found.Attributes {
		out[k] = v
	}
	if f.Attributes != nil && u.RealmID != 0 {
		own, err := f.Attributes.CustomAttributes(ctx, u.ID, u.Resolver, u.RealmID)
		if err != nil {
			return nil, err
		}
		for k, v := range own {
			out[k] = v
		}
	}
	return out, nil
}

// CheckPassword asks the user's store for the password.
func (f *Finder) CheckPassword(ctx context.Context, u User, password secret.String) (bool, error) {
	if u.ID == "" || password.Empty() {
		return false, nil
	}
	i, ok := f.Realms.Instance(u.Resolver)
	if !ok || i.Live == nil {
		return false, f.unavailable(u.Resolver, nil)
	}
	right, err := i.Live.CheckPassword(ctx, u.ID, password)
	if errors.Is(err, resolver.ErrNoUser) {
		return false, nil
	}
	if err != nil {
		return false, f.unavailable(u.Resolver, err)
	}
	return right, nil
}

// Writable returns the resolver if its users may be changed.
func (f *Finder) Writable(name string) (resolver.Writer, error) {
	i, ok := f.Realms.Instance(name)
	if !ok {
		return nil, mfaerr.NewUser("The resolver '%s' does not exist!", name)
	}
	w, can := i.Live.(resolver.Writer)
	if !can || !w.Editable() {
		return nil, mfaerr.NewUser("The resolver '%s' is not editable.", name)
	}
	return w, nil
}

func (f *Finder) unavailable(name string, cause error) error {
	if f.Failed != nil {
		f.Failed(name)
	}
	return (&mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "The user store '" + name + "' cannot be asked at the moment."}).WithCause(cause)
}
