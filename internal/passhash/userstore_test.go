package passhash

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"edumfa/internal/secret"
)

type accepts struct {
	Label, Stored, Password string
	Accepts                 struct {
		Result bool
		Error  string
	}
	AcceptsWrong *struct{ Result bool } `json:"accepts_wrong"`
}

type resolverVectors struct {
	SQL    []accepts
	Types  map[string]struct{ Result string } `json:"sql_hash_password_types"`
	Clear  string                             `json:"sql_hash_password_clear"`
	Passwd []accepts
	Users  []struct {
		User, Stored, Scheme string
		Password             *string
	} `json:"fixture_users"`
}

func newStore() *UserStore { return NewUserStore(NewQueue(Limits{}), rand.Reader) }

func TestVerifySQL(t *testing.T) {
	v := load[resolverVectors](t, "resolver_hashes.json")
	u := newStore()
	for _, c := range v.SQL {
		if ok, err := u.VerifySQL(t.Context(), c.Stored, secret.New(c.Password)); err != nil || ok != c.Accepts.Result {
			t.Errorf("%s: %v, %v", c.Label, ok, err)
		}
		if c.AcceptsWrong == nil {
			continue
		}
		if ok, err := u.VerifySQL(t.Context(), c.Stored, secret.New("not "+c.Password)); err != nil || ok {
			t.Errorf("%s, wrong password: %v, %v", c.Label, ok, err)
		}
	}
	for form, c := range v.Types {
		if ok, err := u.VerifySQL(t.Context(), c.Result, secret.New(v.Clear)); err != nil || !ok {
			t.Errorf("%s: %v, %v", form, ok, err)
		}
	}
}

func TestVerifyPasswd(t *testing.T) {
	v := load[resolverVectors](t, "resolver_hashes.json")
	u := newStore()
	for _, c := range v.Passwd {
		ok, err := u.VerifyPasswd(t.Context(), c.Stored, secret.New(c.Password))
		if c.Accepts.Error != "" {
			if ok || !errors.Is(err, ErrShadow) {
				t.Errorf("%s: %v, %v", c.Label, ok, err)
			}
		} else if err != nil || ok != c.Accepts.Result {
			t.Errorf("%s: %v, %v", c.Label, ok, err)
		}
	}
}

func TestVerify_FixtureUsers(t *testing.T) {
	u := newStore()
	for _, c := range load[resolverVectors](t, "resolver_hashes.json").Users {
		if c.Password == nil {
			continue
		}
		verify, want := u.VerifyPasswd, true
		if strings.HasSuffix(c.User, "@realm2") {
			verify = u.VerifySQL
		}
		if strings.HasPrefix(c.Scheme, "plain") {
			want = false
		}
		if ok, err := verify(t.Context(), c.Stored, secret.New(*c.Password)); err != nil || ok != want {
			t.Errorf("%s (%s): %v, %v", c.User, c.Scheme, ok, err)
		}
	}
}

func TestUserStoreHash_EveryForm(t *testing.T) {
	v := load[resolverVectors](t, "resolver_hashes.json")
	u := newStore()
	for _, form := range append(UserForms(), "", "ssha") {
		t.Run(form, func(t *testing.T) {
			stored, err := u.Hash(t.Context(), form, secret.New(v.Clear))
			if err != nil {
				t.Fatal(err)
			}
			if original, ok := v.Types[form]; ok && len(stored) != len(original.Result) {
				t.Errorf("%s has not the length of %s", stored, original.Result)
			}
			verify := u.VerifySQL
			if form == "DESCRYPT" {
				verify = u.VerifyPasswd
			}
			if ok, err := verify(t.Context(), stored, secret.New(v.Clear)); err != nil || !ok {
				t.Errorf("%s: %v, %v", stored, ok, err)
			}
		})
	}
	if err := CheckUserForm("MD4"); err == nil {
		t.Error("an unknown form was taken")
	}
}

// Unusual salts and keys, from crypt(3) of a C library.
func TestDESCrypt(t *testing.T) {
	for _, c := range []struct{ password, want string }{
		{"abcdefgh", "UXpEzjd4Uc4fc"},
		{"U*U*U*U*", "CCNf8Sbh3HDfQ"},
		{"U*U***U", "CCX.K.MFy4Ois"},
		{"U*U***U*", "CC4rMpbg9AMZ."},
		{"*U*U*U*U", "XXxzOu6maQKqQ"},
		{"", "SDbsugeBiC58A"},
	} {
		if got := desCrypt([]byte(c.password), c.want[:2]); got != c.want {
			t.Errorf("%q: %s, want %s", c.password, got, c.want)
		}
	}
}
