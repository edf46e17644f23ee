package policy

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
)

// ConditionMode says which extended conditions a query checks.
type ConditionMode int

const (
	// CheckAll checks every active condition; what is missing refuses the request.
	CheckAll ConditionMode = iota
	// CheckNone passes all conditions: for the rights and menus of administrators,
	// where neither user nor token is known yet.
	CheckNone
	// CheckUserInfo checks the conditions on the user only: for the rights of
	// users at login.
	CheckUserInfo
)

// Activity filters by the active flag.
type Activity int

const (
	ActiveOnly Activity = iota
	InactiveOnly
	AnyActivity
)

// User is the user a request is about. An empty user (all texts "") differs
// from none: it is compared with the lists.
type User struct {
	Login    string
	Realm    string
	Resolver string
	// UsedLogin is the name the user typed, if it differs from Login.
	UsedLogin string
	// Info returns the attributes for conditions; it is called only if a policy
	// has such a condition. Nil means no attributes.
	Info func(context.Context) (map[string]any, error)
}

// Token is what conditions can ask of a token.
type Token struct {
	Fields map[string]any
	Info   map[string]string
}

// Query says what policies are looked for. Texts that are "" and pointers that
// are nil do not filter; a pointer to "" does.
type Query struct {
	Name   string
	Scope  string
	Action string
	Active Activity

	// User gives login, realm and resolver at once; Login, Realm and Resolver
	// beside it must agree with it.
	User     *User
	Login    *string
	Realm    *string
	Resolver *string

	// AdminUser and AdminRealm count in the scope admin only.
	AdminUser  *string
	AdminRealm *string

	Client netip.Addr // invalid: not compared
	Node   string
	Time   time.Time // zero: now

	// AllResolvers returns all resolvers of the realm in their order of priority,
	// whether the login exists in them or not, as recorded; called for policies
	// that check all resolvers.
	AllResolvers func(ctx context.Context, login, realm string) ([]string, error)
	// Token returns the token of the request, nil if there is none; called for
	// conditions on tokens.
	Token func(context.Context) (*Token, error)
	// Header and Environment return a value of the HTTP request, "" if it is
	// missing. Nil means that there is no request.
	Header      func(name string) string
	Environment func(name string) string

	Conditions ConditionMode
}

// Text returns a pointer to s, for the optional texts of [Query].
func Text(s string) *string { return &s }

// prepared is a query with the user taken apart and the lazy answers kept.
type prepared struct {
	*Query
	login, realm, resolver *string
	now                    time.Time
	resolvers              []string
	asked                  bool
}

// prepare checks that the user agrees with the single texts beside it.
func (q Query) prepare(now time.Time) (*prepared, error) {
	p := &prepared{Query: &q, login: q.Login, realm: q.Realm, resolver: q.Resolver, now: now}
	if !q.Time.IsZero() {
		p.now = q.Time.In(now.Location())
	}
	q.remember()
	if q.User == nil {
		return p, nil
	}
	u := q.User
	if given(q.Login) && !strings.EqualFold(*q.Login, u.Login) && !strings.EqualFold(*q.Login, u.UsedLogin) ||
		given(q.Resolver) && !strings.EqualFold(*q.Resolver, u.Resolver) ||
		given(q.Realm) && !strings.EqualFold(*q.Realm, u.Realm) {
		return nil, mfaerr.NewParameter("Cannot pass a user together with another user, resolver or realm")
	}
	p.login, p.realm, p.resolver = &u.Login, &u.Realm, &u.Resolver
	return p, nil
}

// remember makes the lazy functions answer once per query.
func (q *Query) remember() {
	if q.Token != nil {
		q.Token = once(q.Token)
	}
	if q.User != nil && q.User.Info != nil {
		u := *q.User
		u.Info = once(u.Info)
		q.User = &u
	}
}

func once[T any](f func(context.Context) (T, error)) func(context.Context) (T, error) {
	var value T
	var err error
	called := false
	return func(ctx context.Context) (T, error) {
		if !called {
			value, err = f(ctx)
			called = true
		}
		return value, err
	}
}

func given(s *string) bool { return s != nil && *s != "" }

// allResolvers asks for the user's resolvers once.
func (p *prepared) allResolvers(ctx context.Context) ([]string, error) {
	if p.asked || p.AllResolvers == nil || !given(p.login) || !given(p.realm) {
		return p.resolvers, nil
	}
	var err error
	p.resolvers, err = p.AllResolvers(ctx, *p.login, *p.realm)
	p.asked = err == nil
	return p.resolvers, err
}
