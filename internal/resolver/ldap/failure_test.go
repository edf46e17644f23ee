package ldap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	ldaplib "github.com/go-ldap/ldap/v3"

	"edumfa/internal/breaker"
	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/test/server/slapd"
)

// grace is what a call may take longer than its own deadline on a busy machine.
const grace = 5 * time.Second

func wantUnavailable(t testing.TB, name string, ctx context.Context, err error) {
	t.Helper()
	if !errors.Is(err, resolver.ErrUnavailable) {
		t.Errorf("%s: %v, want unavailable", name, err)
	}
	if ctx.Err() != nil {
		t.Errorf("%s: did not end within its own deadline", name)
	}
}

// everything asks all sorts of questions, none of which may be answered.
func everything(t *testing.T, u *users, limit time.Duration) {
	t.Helper()
	ask := func(name string, f func(ctx context.Context) error) {
		t.Helper()
		ctx := bounded(t, limit)
		wantUnavailable(t, name, ctx, f(ctx))
	}
	ask("ByLogin", func(ctx context.Context) error { _, err := u.ByLogin(ctx, "kim"); return err })
	ask("ByID", func(ctx context.Context) error { _, err := u.ByID(ctx, "9023"); return err })
	ask("ManyByID", func(ctx context.Context) error { _, err := u.ManyByID(ctx, []string{"9023", "9022"}); return err })
	ask("Search", func(ctx context.Context) error { _, err := u.Search(ctx, nil); return err })
	ask("CheckPassword", func(ctx context.Context) error {
		ok, err := u.CheckPassword(ctx, "9023", secret.New("kim-pw"))
		if ok {
			t.Error("the password is right")
		}
		return err
	})
	ask("Update", func(ctx context.Context) error {
		return u.Update(ctx, "9023", resolver.Attributes{"email": "x@campus.test"})
	})
}

func TestServerDown(t *testing.T) {
	s := campus(t)
	c := newClock()
	u := makeAt(t, options(s, field.Values{"EDITABLE": "1", "SERVERPOOL_ROUNDS": "2"}), c)
	if _, err := u.ByLogin(t.Context(), "ines"); err != nil {
		t.Fatal(err)
	}
	check(t, u, "9021", "ines-pw", true)
	s.Stop()
	everything(t, u, u.pool.short(asService).total+grace)
	t.Run("who is known is still known", func(t *testing.T) {
		if got, err := u.ByLogin(t.Context(), "ines"); err != nil || got.ID != "9021" {
			t.Errorf("by login: %+v %v", got, err)
		}
		if got, err := u.ByID(t.Context(), "9021"); err != nil || got.Login != "ines" {
			t.Errorf("by id: %+v %v", got, err)
		}
		if m, err := u.ManyByID(t.Context(), []string{"9021"}); err != nil || m["9021"].Login != "ines" {
			t.Errorf("many: %+v %v", m, err)
		}
		if m, err := u.ManyByID(t.Context(), []string{"9021", "9022"}); !errors.Is(err, resolver.ErrUnavailable) || len(m) != 1 {
			t.Errorf("some: %+v %v", m, err)
		}
	})
	t.Run("but no password is right", func(t *testing.T) {
		if ok, err := u.CheckPassword(t.Context(), "9021", secret.New("ines-pw")); ok || !errors.Is(err, resolver.ErrUnavailable) {
			t.Errorf("%v %v", ok, err)
		}
	})
	t.Run("and nobody is known for ever", func(t *testing.T) {
		c.add(staleTime)
		if got, err := u.ByLogin(t.Context(), "ines"); !errors.Is(err, resolver.ErrUnavailable) {
			t.Errorf("%+v %v", got, err)
		}
	})
	s.Restart()
	t.Run("back at once", func(t *testing.T) {
		if got, err := u.ByLogin(t.Context(), "ines"); err != nil || got.ID != "9021" {
			t.Errorf("%+v %v", got, err)
		}
		check(t, u, "9021", "ines-pw", true)
	})
}

func TestServerHangs(t *testing.T) {
	s := campus(t)
	for _, more := range []field.Values{nil, {"START_TLS": "1"}, {"LDAPURI": s.TLSURI()}} {
		t.Run(fmt.Sprint(more), func(t *testing.T) {
			c := newClock()
			v := options(s, field.Values{"TIMEOUT": "1", "EDITABLE": "1"})
			for k, x := range more {
				v[k] = x
			}
			u := makeAt(t, v, c)
			if _, err := u.ByLogin(t.Context(), "ines"); err != nil {
				t.Fatal(err)
			}
			check(t, u, "9021", "ines-pw", true)
			s.Hang()
			defer s.Resume()
			everything(t, u, u.pool.long().total+grace)

			// The circuit is open: the same questions cost nothing. A context that is
			// far shorter than TIMEOUT is enough.
			if !u.pool.members[0].breaker.Open() {
				t.Fatal("the circuit is closed")
			}
			_, err := u.Search(t.Context(), nil)
			if !errors.Is(err, breaker.ErrOpen) || !errors.Is(err, resolver.ErrUnavailable) {
				t.Errorf("search: %v", err)
			}
			if got, err := u.ByLogin(t.Context(), "ines"); err != nil || got.ID != "9021" {
				t.Errorf("from memory: %+v %v", got, err)
			}

			s.Resume()
			c.add(31 * time.Second)
			if got, err := u.ByLogin(t.Context(), "kim"); err != nil || got.ID != "9023" {
				t.Errorf("back: %+v %v", got, err)
			}
			check(t, u, "9021", "ines-pw", true)
		})
	}
}

func TestServerHangs_CallersOwnDeadlineCounts(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, field.Values{"TIMEOUT": "600"}))
	_, _ = u.ByLogin(t.Context(), "ines")
	s.Hang()
	defer s.Resume()
	ctx := bounded(t, 200*time.Millisecond)
	if got, err := u.ByLogin(ctx, "ines"); err != nil || got.ID != "9021" {
		t.Errorf("from memory: %+v %v", got, err)
	}
	if _, err := u.Search(ctx, nil); !errors.Is(err, resolver.ErrUnavailable) {
		t.Errorf("deadline: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := u.Search(gone, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := u.ByID(gone, "9022"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFailover(t *testing.T) {
	first, second := campus(t), campus(t)
	for _, strategy := range []string{"ROUND_ROBIN", "FIRST", "RANDOM", "SIDEWAYS"} {
		t.Run(strategy, func(t *testing.T) {
			c := newClock()
			u := makeAt(t, options(nil, field.Values{"LDAPURI": first.URI() + ", " + second.URI(), "TIMEOUT": "1", "SERVERPOOL_STRATEGY": strategy}), c)
			ask := func(state string) {
				t.Helper()
				for i := range 6 {
					ctx := bounded(t, u.pool.short(asService).total+grace)
					if got, err := u.ByLogin(ctx, "ines"); err != nil || got.ID != "9021" || ctx.Err() != nil {
						t.Fatalf("%s, question %d: %+v %v", state, i, got, err)
					}
					check(t, u, "9021", "ines-pw", true)
					check(t, u, "9021", "wrong", false)
				}
			}
			ask("both up")
			first.Hang()
			ask("first hangs")
			first.Resume()
			first.Stop()
			ask("first down")
			first.Restart()
			second.Stop()
			c.add(31 * time.Second)
			ask("second down")
			second.Restart()
			ask("both up again")
		})
	}
}

func TestRestartAmidLogins(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, field.Values{"TIMEOUT": "1"}))
	other := make1(t, options(campus(t), nil))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), u.pool.short(asUser).total+grace)
				if _, err := u.ByLogin(ctx, "ines"); err != nil && !errors.Is(err, resolver.ErrUnavailable) {
					t.Errorf("by login: %v", err)
				}
				ok, err := u.CheckPassword(ctx, "9021", secret.New("ines-pw"))
				if !ok && !errors.Is(err, resolver.ErrUnavailable) {
					t.Errorf("the right password is wrong: %v", err)
				}
				if ok, _ := u.CheckPassword(ctx, "9021", secret.New("wrong")); ok {
					t.Error("a wrong password is right")
				}
				if ctx.Err() != nil {
					t.Error("a login took longer than its deadlines")
				}
				cancel()
			}
		})
	}
	for range 3 {
		s.Restart()
		if _, err := other.ByLogin(t.Context(), "ines"); err != nil {
			t.Errorf("another directory: %v", err)
		}
		s.Hang()
		if _, err := other.ByLogin(t.Context(), "kim"); err != nil {
			t.Errorf("another directory: %v", err)
		}
		s.Resume()
		s.Stop()
		if _, err := other.ByLogin(t.Context(), "kim"); err != nil {
			t.Errorf("another directory: %v", err)
		}
		s.Restart()
	}
	close(stop)
	wg.Wait()
}

func TestGarbageInsteadOfLDAP(t *testing.T) {
	for name, answer := range map[string]string{
		"HTTP": "HTTP/1.1 400 Bad Request\r\n\r\n", "nothing": "", "a short packet": "0\x84\x00\x00\x00\x10\x02\x01\x01",
		"a long packet": "0\x84\x7f\xff\xff\xff\x02\x01\x01", "another message": "0\x0c\x02\x01\x63a\x07\n\x01\x00\x04\x00\x04\x00",
		"an empty packet": "0\x00", "a result of the wrong type": "0\x05\x02\x01\x01a\x00",
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					b := make([]byte, 1024)
					_, _ = c.Read(b)
					_, _ = c.Write([]byte(answer))
					c.Close()
				}
			}()
			u := make1(t, options(nil, field.Values{"LDAPURI": l.Addr().String(), "TIMEOUT": "1"}))
			ctx := bounded(t, time.Second+grace)
			if got, err := u.ByLogin(ctx, "ines"); err == nil || errors.Is(err, resolver.ErrNoUser) || ctx.Err() != nil {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

func TestAnswerTooLong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		l.Close()
		if _, err = c.Write([]byte("\x04\x84\x7f\xff\xff\xff")); err != nil {
			return
		}
		block := make([]byte, 1<<20)
		for range 2000 {
			if _, err = c.Write(block); err != nil {
				return
			}
		}
	}()
	u := make1(t, options(nil, field.Values{"LDAPURI": l.Addr().String(), "TIMEOUT": "60"}))
	if got, err := u.ByLogin(t.Context(), "ines"); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%+v %v", got, err)
	}
}

func TestConnPanicIsAnError(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, nil))
	err := u.pool.ask(t.Context(), u.pool.short(asService), func(ctx context.Context, c *conn) error {
		return c.do(ctx, func(*ldaplib.Conn) error { panic("bug") })
	})
	if !errors.Is(err, resolver.ErrUnavailable) {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	s := campus(t)
	u := make1(t, options(s, nil))
	_, _ = u.ByLogin(t.Context(), "ines")
	u.Close()
	_, _ = u.ByLogin(t.Context(), "kim")
	if n := len(u.pool.members[0].idle[asService]); n != 0 {
		t.Errorf("%d connections are kept after Close", n)
	}
}

func TestConnectionsAreReused(t *testing.T) {
	s := slapd.Start(t, slapd.Options{Entries: []slapd.Entry{slapd.OU("people", slapd.Suffix), slapd.Person("ines", people, "I", "I", "employeeNumber: 1", "userPassword: x")}})
	c := newClock()
	u := makeAt(t, options(s, nil), c)
	m := u.pool.members[0]
	var before *conn
	for i := range 5 {
		if _, err := u.ByLogin(t.Context(), "ines"); err != nil {
			t.Fatal(err)
		}
		check(t, u, "1", "x", true)
		check(t, u, "1", "y", false)
		if len(m.idle[asService]) != 1 || len(m.idle[asUser]) != 1 {
			t.Fatalf("idle: %d and %d", len(m.idle[asService]), len(m.idle[asUser]))
		}
		if i > 0 && m.idle[asService][0] != before {
			t.Fatal("a new connection")
		}
		before = m.idle[asService][0]
	}
	c.add(idleTime)
	if _, err := u.ByLogin(t.Context(), "ines"); err != nil {
		t.Fatal(err)
	}
	if m.idle[asService][0] == before {
		t.Error("a connection that was idle for long is used")
	}
}
