package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"edumfa/internal/policy"
	"edumfa/internal/user"
)

// PolicyQuestion is what policies are asked for; what is empty is not compared.
type PolicyQuestion struct {
	Scope, Action         string
	User, Realm           string
	AdminUser, AdminRealm string
	Client, Node          string
	Time                  string // 2006-01-02T15:04, local; "" is now
}

// ExplainPolicies gives a verdict on every policy.
func (a *App) ExplainPolicies(ctx context.Context, x PolicyQuestion) ([]policy.Verdict, error) {
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return nil, err
	}
	q := policy.Query{Scope: x.Scope, Action: x.Action, Node: x.Node}
	users := &user.Finder{Realms: snap.Realms, Settings: snap.Settings, Attributes: a.Store}
	if x.User != "" {
		realm := x.Realm
		if realm == "" {
			realm = snap.Realms.Default()
		}
		u, err := users.Find(ctx, x.User, realm, "")
		if err != nil {
			return nil, err
		}
		q.User = &policy.User{Login: u.Login, Realm: u.Realm, Resolver: u.Resolver,
			Info: func(ctx context.Context) (map[string]any, error) { return users.Info(ctx, u) }}
	} else if x.Realm != "" {
		q.Realm = &x.Realm
	}
	if x.AdminUser != "" || x.AdminRealm != "" {
		q.AdminUser, q.AdminRealm = &x.AdminUser, &x.AdminRealm
	}
	if x.Client != "" {
		if q.Client, err = netip.ParseAddr(x.Client); err != nil {
			return nil, fmt.Errorf("%q is no address", x.Client)
		}
	}
	if x.Time != "" {
		if q.Time, err = time.ParseInLocation("2006-01-02T15:04", x.Time, time.Local); err != nil {
			return nil, fmt.Errorf("%q is no time like 2026-01-31T14:30", x.Time)
		}
	}
	q.AllResolvers = func(_ context.Context, _, realm string) ([]string, error) { return snap.Realms.Order(realm), nil }
	return snap.Policies.Explain(ctx, q)
}
