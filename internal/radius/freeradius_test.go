package radius

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"edumfa/internal/secret"
	"edumfa/test/server/freeradius"
)

func client() *Client { return &Client{Now: time.Now, Rand: rand.Reader} }

// TestFreeRADIUS asks a real server, which drops requests without a right
// Message-Authenticator.
func TestFreeRADIUS(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 8) // 128 octets
	for _, signs := range []bool{true, false} {
		name := map[bool]string{true: "signs", false: "does not sign"}[signs]
		t.Run(name, func(t *testing.T) {
			f := freeradius.Start(t, freeradius.Options{Sign: signs,
				Users: map[string]string{"gina": "secret1", "jürgen": "pässwörd €😀", "long": long, "edge": long[:16], "over": long[:17]},
				Asked: map[string]string{"asked": "777777"}})
			s := Server{Host: "127.0.0.1", Port: f.Port, Secret: secret.New(f.Secret), Timeout: 5 * time.Second, Tries: 2, NeedSigned: signs}
			c := client()
			cases := []struct {
				name, user, password string
				state                string
				want                 Answer
			}{
				{"right", "gina", "secret1", "", Answer{Code: Accept}},
				{"wrong", "gina", "secret2", "", Answer{Code: Reject}},
				{"nothing typed", "gina", "", "", Answer{Code: Reject}},
				{"nobody", "nobody", "secret1", "", Answer{Code: Reject}},
				{"beyond ASCII", "jürgen", "pässwörd €😀", "", Answer{Code: Accept}},
				{"one block", "edge", long[:16], "", Answer{Code: Accept}},
				{"a block and one", "over", long[:17], "", Answer{Code: Accept}},
				{"as long as can be", "long", long, "", Answer{Code: Accept}},
				{"a challenge", "asked", "start", "", Answer{Code: Challenge, Message: freeradius.Question, State: []byte(freeradius.State)}},
				{"its answer", "asked", "777777", freeradius.State, Answer{Code: Accept}},
				{"a wrong answer", "asked", "000000", freeradius.State, Answer{Code: Reject}},
				{"of another challenge", "asked", "777777", "elsewhere", Answer{Code: Reject}},
			}
			for _, x := range cases {
				t.Run(x.name, func(t *testing.T) {
					got, err := c.Ask(t.Context(), s, Question{User: x.user, Password: secret.New(x.password), NASIdentifier: "eduMFA", State: []byte(x.state)})
					if err != nil || got.Code != x.want.Code || got.Message != x.want.Message || string(got.State) != string(x.want.State) {
						t.Errorf("%+v, %v; want %+v", got, err, x.want)
					}
				})
			}
			t.Run("a wrong secret", func(t *testing.T) {
				s := s
				s.Secret, s.Timeout, s.Tries = secret.New("other"), 100*time.Millisecond, 1
				if got, err := c.Ask(t.Context(), s, Question{User: "gina", Password: secret.New("secret1")}); !errors.Is(err, ErrNoAnswer) {
					t.Errorf("%+v, %v", got, err)
				}
			})
			if !signs {
				t.Run("a signature is demanded", func(t *testing.T) {
					s := s
					s.NeedSigned, s.Timeout, s.Tries = true, 100*time.Millisecond, 1
					_, err := c.Ask(t.Context(), s, Question{User: "gina", Password: secret.New("secret1")})
					if !errors.Is(err, ErrNoAnswer) || !errors.Is(err, errUnsigned) {
						t.Errorf("%v", err)
					}
				})
			}
		})
	}
}
