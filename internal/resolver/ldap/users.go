package ldap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

var (
	_ resolver.Resolver   = (*users)(nil)
	_ resolver.BatchByID  = (*users)(nil)
	_ resolver.Writer     = (*users)(nil)
	_ resolver.MultiLogin = (*users)(nil)
)

// users are the users of one directory.
type users struct {
	set     *settings
	deps    resolver.Deps
	log     *slog.Logger
	pool    *pool
	cache   *cache
	flights flights
}

// open makes an instance without asking the directory.
func open(_ context.Context, name string, v field.Values, d resolver.Deps) (resolver.Resolver, error) {
	return newUsers(name, v, d)
}

func newUsers(name string, v field.Values, d resolver.Deps) (*users, error) {
	s, err := parse(v, d.Dir)
	if err != nil {
		return nil, err
	}
	log := d.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &users{set: s, deps: d, log: log.With(slog.String("resolver", name)), pool: newPool(s, d), cache: newCache(s.cacheTime, d.Now)}, nil
}

// MultipleLoginNames reports whether there are several login attributes.
func (u *users) MultipleLoginNames() bool { return len(u.set.loginAttrs) > 1 }

// Close ends the connections.
func (u *users) Close() error {
	u.pool.close()
	return nil
}

// ByLogin finds a user by any of the login attributes.
func (u *users) ByLogin(ctx context.Context, login string) (resolver.User, error) {
	// Directories take white space around values as nothing: a login of blanks
	// would ask for the empty value.
	if strings.TrimSpace(login) == "" {
		return resolver.User{}, resolver.ErrNoUser
	}
	p, err := u.remembered(ctx, "login "+login,
		func(age time.Duration) (person, bool) { return u.cache.login(login, age) },
		func(ctx context.Context) (person, error) { return u.askLogin(ctx, login) })
	return clone(p.user), err
}

// ByID finds a user by what UIDTYPE names.
func (u *users) ByID(ctx context.Context, id string) (resolver.User, error) {
	p, err := u.byID(ctx, id)
	return clone(p.user), err
}

func (u *users) byID(ctx context.Context, id string) (person, error) {
	if strings.TrimSpace(id) == "" {
		return person{}, resolver.ErrNoUser
	}
	return u.remembered(ctx, "id "+id,
		func(age time.Duration) (person, bool) { return u.cache.id(id, age) },
		func(ctx context.Context) (person, error) { return u.askID(ctx, id) })
}

// remembered answers from memory while that is fresh, else from the directory,
// and from older memory if the directory cannot be asked.
func (u *users) remembered(ctx context.Context, key string, memory func(time.Duration) (person, bool), ask func(context.Context) (person, error)) (person, error) {
	if p, ok := memory(u.set.cacheTime); ok {
		return p, nil
	}
	// Who asks after a change does not take an answer from before it.
	key = strconv.FormatUint(u.cache.generation(), 10) + " " + key
	p, err := u.flights.do(ctx, key, ask)
	if errors.Is(err, resolver.ErrUnavailable) {
		if old, ok := memory(staleTime); ok {
			u.log.WarnContext(ctx, "directory is down, a user is answered from memory", slog.String("id", old.user.ID), slog.Any("error", err))
			return old, nil
		}
	}
	if err != nil {
		return person{}, err
	}
	return p, nil
}

func (u *users) askLogin(ctx context.Context, login string) (person, error) {
	gen := u.cache.generation()
	filter, ok := u.set.loginFilter(login)
	if !ok {
		return person{}, resolver.ErrNoUser
	}
	p, err := u.single(ctx, u.set.base, u.set.scope, filter)
	if errors.Is(err, resolver.ErrNoUser) {
		u.cache.forgetLogin(login)
	}
	if err != nil {
		return person{}, err
	}
	u.cache.put(p.user.ID, login, p, gen)
	return p, nil
}

func (u *users) askID(ctx context.Context, id string) (person, error) {
	gen := u.cache.generation()
	base, scope, filter := u.set.base, u.set.scope, ""
	if u.set.uidKind == uidDN {
		if dn, err := ldaplib.ParseDN(id); err != nil || len(dn.RDNs) == 0 {
			return person{}, resolver.ErrNoUser
		}
		base, scope, filter = id, scopeBase, u.set.and()
	} else {
		c, ok := u.set.idCondition(id)
		if !ok {
			return person{}, resolver.ErrNoUser
		}
		filter = u.set.and(c)
	}
	p, err := u.single(ctx, base, scope, filter)
	if errors.Is(err, resolver.ErrNoUser) {
		u.cache.forgetID(id)
	}
	if err != nil {
		return person{}, err
	}
	// The id keeps the spelling it was asked with: tokens are stored under it.
	p.user.ID = id
	u.cache.put(id, "", p, gen)
	return p, nil
}

// single asks for exactly one user. Two are an error: which one logs in would be
// chance.
func (u *users) single(ctx context.Context, base string, scope int, filter string) (person, error) {
	req := u.set.request(base, scope, filter, 2)
	var found []*ldaplib.Entry
	err := u.pool.ask(ctx, u.pool.short(asService), func(ctx context.Context, c *conn) error {
		found = nil
		return c.do(ctx, func(l *ldaplib.Conn) error {
			r, err := l.Search(req)
			if r != nil {
				found = r.Entries
			}
			return err
		})
	})
	switch {
	case absent(err):
		return person{}, resolver.ErrNoUser
	case len(found) > 1 || ldaplib.IsErrorWithCode(err, ldaplib.LDAPResultSizeLimitExceeded):
		return person{}, errors.New("several entries of the directory are the same user")
	case err != nil:
		return person{}, explain(err)
	case len(found) == 0:
		return person{}, resolver.ErrNoUser
	}
	p, ok := u.set.person(found[0])
	if !ok {
		u.log.WarnContext(ctx, "entry has no user id", slog.String("dn", found[0].DN), slog.String("attribute", u.set.uidType))
		return person{}, resolver.ErrNoUser
	}
	return p, nil
}

// absent reports whether the answer says that the place asked about is not
// there, or not for the service account, which directories use alike.
func absent(err error) bool {
	return ldaplib.IsErrorAnyOf(err, ldaplib.LDAPResultNoSuchObject, ldaplib.LDAPResultInvalidDNSyntax, ldaplib.LDAPResultInsufficientAccessRights)
}

// request is a search for users. limit 0 means as many as the server gives.
func (s *settings) request(base string, scope int, filter string, limit int) *ldaplib.SearchRequest {
	seconds := int((s.timeout + time.Second - 1) / time.Second)
	return ldaplib.NewSearchRequest(base, scope, ldaplib.NeverDerefAliases, limit, seconds, false, filter, s.attributes(), nil)
}

// explain turns what a server answered into an error of the contract.
func explain(err error) error {
	switch {
	case errors.Is(err, resolver.ErrUnavailable):
		return err
	case ldaplib.IsErrorAnyOf(err, ldaplib.LDAPResultTimeLimitExceeded, ldaplib.LDAPResultAdminLimitExceeded):
		return fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	}
	return fmt.Errorf("the directory refuses the question: %w", err)
}

// CheckPassword binds as the user on a connection of its own. Everything that
// the directory answers but success means no: a locked account as well as a
// wrong password.
func (u *users) CheckPassword(ctx context.Context, id string, password secret.String) (bool, error) {
	// RFC 4513 §5.1.2: an empty password asks for an unauthenticated bind, which
	// succeeds. Some servers end passwords at a NUL, which makes them empty too.
	if password.Empty() || strings.ContainsRune(password.Reveal(), 0) {
		return false, nil
	}
	name, err := u.bindName(ctx, id)
	if err != nil || name == "" {
		return false, err
	}
	right := false
	err = u.pool.ask(ctx, u.pool.short(asUser), func(ctx context.Context, c *conn) error {
		right = false
		err := u.set.bind(ctx, c, name, password.Reveal())
		if err == nil {
			right = true
		} else if answered(err) && !overloaded(err) {
			u.log.InfoContext(ctx, "directory refuses a user's password", slog.String("id", id), slog.Any("error", err))
			return nil
		}
		return err
	})
	if err != nil {
		return false, explain(err)
	}
	return right, nil
}

// bindName is the name under which a user binds; "" when passwords cannot be
// checked.
func (u *users) bindName(ctx context.Context, id string) (string, error) {
	switch u.set.authType {
	case authKerberos:
		u.log.WarnContext(ctx, "passwords cannot be checked with Kerberos")
		return "", nil
	case authNTLM:
		p, err := u.certain(ctx, id)
		if err != nil || p.user.Login == "" {
			return "", err
		}
		domain, _, _ := strings.Cut(u.set.bindDN, `\`)
		return domain + `\` + p.user.Login, nil
	}
	if u.set.uidKind == uidDN {
		if dn, err := ldaplib.ParseDN(id); err != nil || len(dn.RDNs) == 0 {
			return "", resolver.ErrNoUser
		}
		return id, nil
	}
	p, err := u.certain(ctx, id)
	return p.dn, err
}

// certain is a user as the directory knows it, or fresh memory, but never old
// memory: a name that has passed to another entry must not be bound with.
func (u *users) certain(ctx context.Context, id string) (person, error) {
	if p, ok := u.cache.id(id, u.set.cacheTime); ok {
		return p, nil
	}
	return u.flights.do(ctx, "certain "+id, func(ctx context.Context) (person, error) { return u.askID(ctx, id) })
}
