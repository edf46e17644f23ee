package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/resolver"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

func (f *facts) Caller() event.Caller {
	return event.Caller{Name: f.r.Caller.Username, Realm: f.r.Caller.Realm, Role: f.r.Caller.Role}
}

func (f *facts) Foreign(t *token.Token) bool {
	return f.r.SelfService() && t.Owner != nil && !ownedBy(t, f.r.User)
}

func (f *facts) Meant() event.User {
	return event.User{Login: f.r.User.Login, Realm: f.r.User.Realm, Resolver: f.r.User.Resolver}
}

func (f *facts) Origin() event.Origin {
	h := f.r.HTTP
	return event.Origin{Method: h.Method, Path: h.URL.Path, Root: rootURL(h), UserAgent: h.UserAgent(),
		Authorization: h.Header.Get("Authorization"), Node: f.r.Node}
}

// rootURL is the address of the server as the client knows it. Who serves TLS
// for it says so in X-Forwarded-Proto.
func rootURL(h *http.Request) string {
	scheme := "http"
	if h.TLS != nil || strings.EqualFold(h.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + h.Host + "/"
}

// Owner is asked for once in every run of a handler: to find him, and for the
// texts about him.
func (f *facts) Owner(ctx context.Context) (event.Person, error) {
	if f.owner != nil {
		return *f.owner, nil
	}
	u, err := f.user(ctx)
	if err != nil {
		return event.Person{}, err
	}
	p, err := f.person(ctx, u)
	if err != nil {
		return event.Person{}, err
	}
	f.owner = &p
	return p, nil
}

func (f *facts) Find(ctx context.Context, login, realm string) (event.Person, error) {
	if login == "" || realm == "" {
		return event.Person{}, nil
	}
	u, err := f.r.Users.Find(ctx, login, realm, "")
	if err != nil {
		return event.Person{}, err
	}
	return f.person(ctx, u)
}

func (f *facts) person(ctx context.Context, u user.User) (event.Person, error) {
	if !u.Exists() {
		return event.Person{}, nil
	}
	info, err := f.r.Users.Info(ctx, u)
	if err != nil {
		return event.Person{}, err
	}
	p := personOf(event.User{Login: u.Login, Realm: u.Realm, Resolver: u.Resolver}, info)
	p.ID, p.RealmID = u.ID, u.RealmID
	return p, nil
}

func personOf(u event.User, info resolver.Attributes) event.Person {
	return event.Person{User: u, GivenName: info.Text("givenname"), Surname: info.Text("surname"), Mail: info.Text("email"), Mobile: info.Text("mobile")}
}

// Everybody passes over the stores that do not answer, unless none does.
func (f *facts) Everybody(ctx context.Context, realm string) ([]event.Person, error) {
	x, known := f.r.Snap.Realms.Realm(realm)
	if !known {
		return nil, nil
	}
	own, err := f.a.Store.RealmAttributes(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	var out []event.Person
	var failed error
	for _, name := range x.Order {
		i, known := f.r.Snap.Realms.Instance(name)
		if !known || i.Live == nil {
			continue
		}
		found, err := i.Live.Search(ctx, resolver.Query{"username": "*"})
		if err != nil {
			f.a.Log.WarnContext(ctx, "users cannot be listed", "resolver", name, "error", err)
			failed = errors.Join(failed, err)
			continue
		}
		for _, u := range found {
			info := maps.Clone(u.Attributes)
			for k, v := range own[[2]string{name, u.ID}] {
				info[k] = v
			}
			out = append(out, personOf(event.User{Login: u.Login, Realm: x.Name, Resolver: name}, info))
		}
	}
	if out == nil {
		return nil, failed
	}
	return out, nil
}

func (f *facts) LocalAdmin(ctx context.Context, name string) (mail string, known bool, err error) {
	account, err := f.a.Store.Admin(ctx, name)
	if errors.Is(err, f.a.NotFound) {
		return "", false, nil
	}
	return account.Email, err == nil, err
}

func (f *facts) Subject(ctx context.Context) (event.Subject, error) {
	serial := f.Named()
	if serial == "" {
		list, err := f.tokens(ctx)
		out := event.Subject{}
		for _, t := range list {
			out.Serials = append(out.Serials, t.Serial)
		}
		slices.Sort(out.Serials)
		return out, err
	}
	out := event.Subject{Serials: []string{serial}}
	if strings.Contains(serial, "*") {
		return out, nil // a pattern, not a token
	}
	list, err := f.a.Store.Tokens(ctx, token.Filter{Serial: serial}, token.Whole)
	if err == nil && len(list) > 0 {
		out.Type, out.Description = list[0].Type, list[0].Description
	}
	return out, err
}
