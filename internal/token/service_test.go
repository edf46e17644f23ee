package token_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

// memory keeps the last token stored; fail is what storing gives.
type memory struct {
	stored *token.Token
	fail   error
}

func (m *memory) UpdateToken(_ context.Context, _, t *token.Token) error {
	m.stored = t
	return m.fail
}

type plain struct{}

func (plain) Make(_ context.Context, pin secret.String, encrypted bool) (string, error) {
	if encrypted {
		return "@" + pin.Reveal(), nil
	}
	return "#" + pin.Reveal(), nil
}

func (plain) Seal(text string) (token.Sealed, error) { return token.Sealed{Cipher: text}, nil }

func service() (*token.Service, *memory) {
	m := &memory{}
	return &token.Service{Store: m, PINs: plain{}, Keys: plain{}}, m
}

func sample() *token.Token {
	return &token.Token{Serial: "T1", Active: true, FailCount: 3, PINHash: "#old", PINSeed: "00", Realms: []string{"r1"},
		Owner: &token.Owner{UserID: "1", Resolver: "reso", RealmID: 1, Realm: "r1"},
		Info:  map[string]token.Info{token.InfoFailExceeded: {Value: "then"}, "k": {Value: "v"}}}
}

func TestService(t *testing.T) {
	ctx := t.Context()
	pin := secret.New("new")
	value := "w"
	for _, c := range []struct {
		name   string
		do     func(s *token.Service, t *token.Token) error
		want   func(t *token.Token)
		locked bool // locked tokens allow it
	}{
		{"unassign", func(s *token.Service, t *token.Token) error { return s.Unassign(ctx, t) }, func(t *token.Token) {
			t.Owner, t.FailCount, t.PINHash, t.PINSeed = nil, 0, "#", ""
			delete(t.Info, token.InfoFailExceeded)
		}, false},
		{"assign", func(s *token.Service, t *token.Token) error {
			return s.Assign(ctx, t, token.Assignment{Owner: token.Owner{UserID: "2", Realm: "r2"}, PIN: &pin, Encrypted: true})
		}, func(t *token.Token) {
			t.Owner, t.FailCount, t.PINHash, t.PINSeed = &token.Owner{UserID: "2", Realm: "r2"}, 0, "@new", ""
			t.Realms = []string{"r1", "r2"}
			delete(t.Info, token.InfoFailExceeded)
		}, false},
		{"reset", func(s *token.Service, t *token.Token) error { return s.Reset(ctx, t) }, func(t *token.Token) {
			t.FailCount = 0
			delete(t.Info, token.InfoFailExceeded)
		}, false},
		{"disable", func(s *token.Service, t *token.Token) error { _, err := s.Enable(ctx, t, false); return err }, func(t *token.Token) { t.Active = false }, false},
		{"PIN", func(s *token.Service, t *token.Token) error { return s.SetPIN(ctx, t, pin, false) }, func(t *token.Token) { t.PINHash, t.PINSeed = "#new", "" }, false},
		{"user PIN", func(s *token.Service, t *token.Token) error { return s.SetUserPIN(ctx, t, "u") }, func(t *token.Token) { t.UserPIN.Cipher = "u" }, false},
		{"SO PIN", func(s *token.Service, t *token.Token) error { return s.SetSOPIN(ctx, t, "s") }, func(t *token.Token) { t.SOPIN.Cipher = "s" }, false},
		{"tokeninfo", func(s *token.Service, t *token.Token) error {
			return s.SetInfo(ctx, t, map[string]*string{"k": nil, "l": &value})
		}, func(t *token.Token) {
			delete(t.Info, "k")
			t.Info["l"] = token.Info{Value: "w"}
		}, false},
		{"revoke", func(s *token.Service, t *token.Token) error { return s.Revoke(ctx, t) }, func(t *token.Token) { t.Revoked, t.Locked, t.Active = true, true, false }, true},
		{"realms", func(s *token.Service, t *token.Token) error { return s.SetRealms(ctx, t, []string{"R2", "r2"}) }, func(t *token.Token) { t.Realms = []string{"r2"} }, true},
		{"groups", func(s *token.Service, t *token.Token) error { return s.SetGroups(ctx, t, []string{"g"}) }, func(t *token.Token) { t.Groups = []string{"g"} }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, m := service()
			got, want := sample(), sample()
			if err := c.do(s, got); err != nil {
				t.Fatal(err)
			}
			c.want(want)
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(m.stored, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
			locked := sample()
			locked.Locked = true
			if err := c.do(s, locked); (err == nil) != c.locked || err != nil && mfaerr.Wrap(err).Code != mfaerr.CodeTokenLocked {
				t.Errorf("locked: %v", err)
			}
			m.fail = errors.New("no database")
			failed := sample()
			if err := c.do(s, failed); err == nil || !reflect.DeepEqual(failed, sample()) {
				t.Errorf("a token that was not stored is changed: %+v %v", failed, err)
			}
		})
	}
}

func TestService_Copies(t *testing.T) {
	ctx := t.Context()
	s, _ := service()
	from, to := sample(), &token.Token{Serial: "T2", PINHash: "#his", FailCount: 1, Realms: []string{"r3"}}
	if err := s.CopyOwner(ctx, from, to); err != nil || *to.Owner != *from.Owner || to.PINHash != "#" || to.FailCount != 0 || !reflect.DeepEqual(to.Realms, from.Realms) {
		t.Errorf("%+v %v", to, err)
	}
	if err := s.CopyPIN(ctx, from, to); err != nil || to.PINHash != "#old" || to.PINSeed != "00" {
		t.Errorf("%+v %v", to, err)
	}
	if err := s.CopyOwner(ctx, &token.Token{Serial: "T3"}, to); mfaerr.Wrap(err).Code != mfaerr.CodeTokenAdmin {
		t.Errorf("%v", err)
	}
}
