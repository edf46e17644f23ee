package api

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// facts answers what event conditions ask about a request.
type facts struct {
	a        *API
	r        *Request
	response *event.Response // nil before the call
	owner    *event.Person   // once asked for
}

func (f *facts) Role() string {
	if f.r.Admin() {
		return "admin"
	}
	return "user"
}

func (f *facts) ClientIP() netip.Addr { return f.r.Client }

func (f *facts) Serial() string {
	if s := f.r.Params.TextOr("serial", ""); s != "" {
		return s
	}
	if f.response != nil {
		detail, _ := f.response.Body["detail"].(map[string]any)
		s, _ := detail["serial"].(string)
		return s
	}
	return ""
}

func (f *facts) Named() string {
	if s := f.Serial(); s != "" {
		return s
	}
	if f.r.Audit.Serial != nil {
		return *f.r.Audit.Serial
	}
	return ""
}

func (f *facts) user(ctx context.Context) (user.User, error) {
	if !f.r.User.Empty() {
		return f.r.User, nil
	}
	t, err := f.bySerial(ctx)
	if err != nil || t == nil || t.Owner == nil {
		return user.User{}, err
	}
	return f.r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
}

func (f *facts) User(ctx context.Context) (event.User, error) {
	u, err := f.user(ctx)
	if err != nil || !u.Exists() {
		return event.User{}, err
	}
	return event.User{Login: u.Login, Realm: u.Realm, Resolver: u.Resolver}, nil
}

func (f *facts) bySerial(ctx context.Context) (*token.Token, error) {
	serial := f.Serial()
	if serial == "" {
		return nil, nil
	}
	list, err := f.a.Store.Tokens(ctx, token.Filter{Serial: serial}, token.Whole)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func (f *facts) tokens(ctx context.Context) ([]*token.Token, error) {
	u, err := f.user(ctx)
	if err != nil || !u.Exists() {
		return nil, err
	}
	return f.a.Store.Tokens(ctx, token.Filter{Of: &token.Owner{UserID: u.ID, Resolver: u.Resolver, RealmID: u.RealmID}}, token.Whole)
}

func (f *facts) Token(ctx context.Context) (*event.Token, error) {
	t, err := f.bySerial(ctx)
	if err != nil {
		return nil, err
	}
	if t == nil && f.Serial() != "" {
		return nil, nil // a token that is not there, or not yet
	}
	if t == nil {
		list, err := f.tokens(ctx)
		if err != nil || len(list) != 1 {
			return nil, err
		}
		t = list[0]
	}
	return f.describe(t), nil
}

func (f *facts) describe(t *token.Token) *event.Token {
	info := make(map[string]string, len(t.Info))
	for k, v := range t.Info {
		info[k] = v.Value
	}
	var resolvers []string
	for _, name := range t.Realms {
		if r, ok := f.r.Snap.Realms.Realm(name); ok {
			for _, x := range r.Order {
				if !slices.Contains(resolvers, x) {
					resolvers = append(resolvers, x)
				}
			}
		}
	}
	return &event.Token{Type: t.Type, Realms: t.Realms, Resolvers: resolvers, FailCount: t.FailCount, MaxFail: t.MaxFail, Counter: t.Count,
		RolloutState: t.State, HasOwner: t.Owner != nil, Info: info,
		Valid: t.Unfit(f.r.Now, f.a.Local, 0) != token.ReasonValidity}
}

func (f *facts) TokenCount(ctx context.Context) (int, error) {
	list, err := f.tokens(ctx)
	return len(list), err
}

func (f *facts) AnyTokenLocked(ctx context.Context) (bool, error) {
	list, err := f.tokens(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, (*token.Token).Exhausted), nil
}

func (f *facts) Orphaned(ctx context.Context) (bool, error) {
	t, err := f.bySerial(ctx)
	if err != nil || t == nil || t.Owner == nil {
		return false, err
	}
	u, err := f.r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
	return u.Login == "", err
}

func (f *facts) Counter(ctx context.Context, name string) (int64, error) {
	return f.a.Store.Counter(ctx, strings.TrimSpace(name))
}

func (f *facts) Serials(ctx context.Context, active bool) ([]string, error) {
	list, err := f.tokens(ctx)
	if err != nil {
		return nil, err
	}
	serials := []string{}
	for _, t := range list {
		if t.Active || !active {
			serials = append(serials, t.Serial)
		}
	}
	return serials, nil
}
