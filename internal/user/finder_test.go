package user

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
)

// people is a user store: login names and ids. A nil one does not answer.
type people struct {
	name  string
	users map[string]string
	asked *[]string
}

var errDown = errors.New("no route to host")

func (p people) ByLogin(_ context.Context, login string) (resolver.User, error) {
	*p.asked = append(*p.asked, p.name)
	if p.users == nil {
		return resolver.User{}, errDown
	}
	id, ok := p.users[login]
	if !ok {
		return resolver.User{}, resolver.ErrNoUser
	}
	return resolver.User{ID: id, Login: login}, nil
}

func (p people) ByID(_ context.Context, id string) (resolver.User, error) {
	if p.users == nil {
		return resolver.User{}, errDown
	}
	for login, have := range p.users {
		if have == id {
			return resolver.User{ID: id, Login: login, Attributes: resolver.Attributes{"username": login, "email": login + "@store"}}, nil
		}
	}
	return resolver.User{}, resolver.ErrNoUser
}

func (people) Search(context.Context, resolver.Query) ([]resolver.User, error) { return nil, nil }

func (p people) CheckPassword(_ context.Context, id string, password secret.String) (bool, error) {
	if p.users == nil {
		return false, errDown
	}
	return password.Reveal() == "password of "+id, nil
}

func (people) Close() error { return nil }

// own are the attributes given here.
type own map[string]string

func (o own) CustomAttributes(context.Context, string, string, int64) (map[string]string, error) {
	return o, nil
}

func at(n int) *int { return &n }

// newFinder has the realms staff (first, second, third: in that order, by
// priority) and guests (second). alice is another person in every store.
func newFinder(t *testing.T, down string, entries ...settings.Entry) (f *Finder, asked, failed *[]string) {
	t.Helper()
	asked, failed = &[]string{}, &[]string{}
	all := map[string]map[string]string{
		"third":  {"alice": "a3", "carol": "c3"},
		"second": {"alice": "a2", "bob": "b2", "carol": "c2"},
		"first":  {"alice": "a1", "x@y": "mail"},
	}
	kind := resolver.Kind{Name: "people", New: func(_ context.Context, name string, _ field.Values, _ resolver.Deps) (resolver.Resolver, error) {
		if name == "broken" {
			return nil, errors.New("a setting that cannot work")
		}
		p := people{name: name, users: all[name], asked: asked}
		if name == down {
			p.users = nil
		}
		return p, nil
	}}
	var stored []resolver.Stored
	for _, name := range []string{"third", "second", "first", "broken"} {
		stored = append(stored, resolver.Stored{Name: name, Kind: "people"})
	}
	opener := &realm.Opener{Kinds: []resolver.Kind{kind}, Log: slog.New(slog.DiscardHandler)}
	d := opener.Open(t.Context(), []realm.Row{
		{ID: 1, Name: "staff", Default: true, Links: []realm.Link{{Resolver: "third"}, {Resolver: "second", Priority: at(20)}, {Resolver: "first", Priority: at(3)}}},
		{ID: 2, Name: "guests", Links: []realm.Link{{Resolver: "second"}}},
		{ID: 3, Name: "mixed", Links: []realm.Link{{Resolver: "broken", Priority: at(1)}, {Resolver: "second", Priority: at(2)}}},
	}, stored, func(func()) {})
	f = &Finder{Realms: d, Settings: settings.New(entries), Attributes: own{"email": "alice@here"}, Failed: func(name string) { *failed = append(*failed, name) }}
	return f, asked, failed
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		login, realm, resolver string
		down                   string
		want                   User
		asked                  []string
		failed                 []string // an error when set
	}{
		"first of several":  {login: "alice", realm: "staff", want: User{Login: "alice", Realm: "staff", Resolver: "first", ID: "a1", RealmID: 1}, asked: []string{"first"}},
		"in the second":     {login: "bob", realm: "staff", want: User{Login: "bob", Realm: "staff", Resolver: "second", ID: "b2", RealmID: 1}, asked: []string{"first", "second"}},
		"no priority last":  {login: "carol", realm: "Staff", want: User{Login: "carol", Realm: "staff", Resolver: "second", ID: "c2", RealmID: 1}, asked: []string{"first", "second"}},
		"nowhere":           {login: "dave", realm: "staff", want: User{Login: "dave", Realm: "staff", RealmID: 1}, asked: []string{"first", "second", "third"}},
		"named resolver":    {login: "alice", realm: "staff", resolver: "third", want: User{Login: "alice", Realm: "staff", Resolver: "third", ID: "a3", RealmID: 1}, asked: []string{"third"}},
		"any resolver":      {login: "alice", realm: "guests", resolver: "**", want: User{Login: "alice", Realm: "guests", Resolver: "second", ID: "a2", RealmID: 2}, asked: []string{"second"}},
		"unknown realm":     {login: "alice", realm: "nowhere", want: User{Login: "alice", Realm: "nowhere"}},
		"realm alone":       {realm: "staff", want: User{Realm: "staff", RealmID: 1}},
		"first is down":     {login: "alice", realm: "staff", down: "first", want: User{Login: "alice", Realm: "staff", RealmID: 1}, asked: []string{"first"}, failed: []string{"first"}},
		"first down, other": {login: "bob", realm: "staff", down: "first", want: User{Login: "bob", Realm: "staff", RealmID: 1}, asked: []string{"first"}, failed: []string{"first"}},
		"later one is down": {login: "alice", realm: "staff", down: "second", want: User{Login: "alice", Realm: "staff", Resolver: "first", ID: "a1", RealmID: 1}, asked: []string{"first"}},
		"cannot be opened":  {login: "bob", realm: "mixed", want: User{Login: "bob", Realm: "mixed", RealmID: 3}, failed: []string{"broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, asked, failed := newFinder(t, c.down)
			got, err := f.Find(t.Context(), c.login, c.realm, c.resolver)
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if !slices.Equal(*asked, c.asked) || !slices.Equal(*failed, c.failed) {
				t.Errorf("asked %q, failed %q, want %q and %q", *asked, *failed, c.asked, c.failed)
			}
			if len(c.failed) == 0 {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || mfaerr.Wrap(err).Kind != mfaerr.Busy {
				t.Errorf("error %v, want one of kind Busy", err)
			}
		})
	}
	f, _, _ := newFinder(t, "")
	if _, err := f.Find(t.Context(), "alice", "staff", "missing"); err == nil || mfaerr.Wrap(err).Code != mfaerr.CodeUser {
		t.Errorf("resolver that does not exist: %v", err)
	}
}

func TestSplit(t *testing.T) {
	off := settings.Entry{Key: "splitAtSign", Value: "False"}
	for name, c := range map[string]struct {
		typed, login, realm string
		entries             []settings.Entry
	}{
		"login":                 {typed: "alice", login: "alice"},
		"blanks around":         {typed: " alice ", login: "alice"},
		"realm":                 {typed: "alice@guests", login: "alice", realm: "guests"},
		"realm, other case":     {typed: "alice@GUESTS", login: "alice", realm: "GUESTS"},
		"no such realm":         {typed: "alice@example.com", login: "alice@example.com"},
		"mail address in realm": {typed: "alice@example.com@guests", login: "alice@example.com", realm: "guests"},
		"domain":                {typed: `GUESTS\alice`, login: "alice", realm: "GUESTS"},
		"unknown domain":        {typed: `else\alice`, login: "alice", realm: "else"},
		"nothing":               {},
		"switched off":          {typed: "alice@guests", login: "alice@guests", entries: []settings.Entry{off}},
		"domain, switched off":  {typed: `guests\alice`, login: `guests\alice`, entries: []settings.Entry{off}},
	} {
		t.Run(name, func(t *testing.T) {
			f, _, _ := newFinder(t, "", c.entries...)
			if login, r := f.Split(c.typed); login != c.login || r != c.realm {
				t.Errorf("got %q %q, want %q %q", login, r, c.login, c.realm)
			}
		})
	}
}

func TestFromParams(t *testing.T) {
	for name, c := range map[string]struct {
		typed, realm string
		given        bool
		want         string
	}{
		"default realm":              {typed: "alice", want: "<alice.first@staff>"},
		"realm in the name":          {typed: "alice@guests", want: "<alice.second@guests>"},
		"realm parameter":            {typed: "alice", realm: "guests", given: true, want: "<alice.second@guests>"},
		"parameter over the name":    {typed: "alice@guests", realm: "staff", given: true, want: "<alice.first@staff>"},
		"empty parameter, default":   {typed: "alice", given: true, want: "<alice.first@staff>"},
		"at sign of the store's own": {typed: "x@y", want: "<x@y.first@staff>"},
		"nobody":                     {want: "<empty user>"},
	} {
		t.Run(name, func(t *testing.T) {
			f, _, _ := newFinder(t, "")
			u, err := f.FromParams(t.Context(), c.typed, c.realm, c.given, "")
			if err != nil || u.String() != c.want {
				t.Errorf("got %v, %v, want %s", u, err, c.want)
			}
		})
	}
}

func TestByID_Info_CheckPassword(t *testing.T) {
	f, _, _ := newFinder(t, "third")
	ctx := t.Context()
	u, err := f.ByID(ctx, "a2", "second", 2)
	if want := (User{Login: "alice", Realm: "guests", Resolver: "second", ID: "a2", RealmID: 2}); err != nil || u != want {
		t.Errorf("by id: %+v, %v", u, err)
	}
	a, err := f.Info(ctx, u)
	if err != nil || a.Text("username") != "alice" || a.Text("email") != "alice@here" {
		t.Errorf("attributes: %v, %v", a, err)
	}
	for _, c := range []struct {
		u        User
		password string
		want     bool
	}{{u, "password of a2", true}, {u, "x", false}, {u, "", false}, {User{Login: "alice"}, "x", false}} {
		if right, err := f.CheckPassword(ctx, c.u, secret.New(c.password)); err != nil || right != c.want {
			t.Errorf("password %q of %v: %v, %v", c.password, c.u, right, err)
		}
	}
	lost := User{Login: "carol", ID: "c3", Resolver: "third", Realm: "staff", RealmID: 1}
	for what, ask := range map[string]func() error{
		"by id":    func() error { _, err := f.ByID(ctx, "c3", "third", 1); return err },
		"info":     func() error { _, err := f.Info(ctx, lost); return err },
		"password": func() error { _, err := f.CheckPassword(ctx, lost, secret.New("x")); return err },
	} {
		if err := ask(); err == nil || mfaerr.Wrap(err).Kind != mfaerr.Busy {
			t.Errorf("%s of a store that is down: %v", what, err)
		}
	}
}
