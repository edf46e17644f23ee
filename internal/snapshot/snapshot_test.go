package snapshot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/event"
	"edumfa/internal/field"
	"edumfa/internal/policy"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
)

// rows are the tables, as much of them as the tests change.
type rows struct {
	mu        sync.Mutex
	stamp     string
	value     string // of the setting "key"
	resolvers []resolver.Stored
	err       error
	looks     int // at the stamp
	loads     int
	reading   func() // called while a load is under way
}

func (r *rows) Timestamp(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
	return r.stamp, r.err
}

func (r *rows) Settings(context.Context) ([]settings.Entry, error) {
	r.mu.Lock()
	reading := r.reading
	r.reading = nil
	r.loads++
	list := []settings.Entry{{Key: "key", Value: r.value}, {Key: "password", Value: "sealed", Type: settings.TypePassword}}
	r.mu.Unlock()
	if reading != nil {
		reading()
	}
	return list, nil
}

func (r *rows) Realms(context.Context) ([]realm.Row, error) { return nil, nil }
func (r *rows) Resolvers(context.Context) ([]resolver.Stored, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.resolvers, nil
}
func (r *rows) Policies(context.Context) ([]policy.Row, error) { return nil, nil }
func (r *rows) Events(context.Context) ([]event.Row, error)    { return nil, nil }
func (r *rows) CAConnectors(context.Context) ([]ca.Definition, error) {
	return nil, nil
}
func (r *rows) AttachedApplications(context.Context) ([]string, error) { return nil, nil }

func (r *rows) set(stamp, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stamp, r.value = stamp, value
}

// fixture is a holder with a clock that tests move.
type fixture struct {
	t    *testing.T
	rows *rows
	now  time.Time
	h    *Holder
}

func newFixture(t *testing.T, every time.Duration, kinds ...resolver.Kind) *fixture {
	f := &fixture{t: t, rows: &rows{stamp: "1000", value: "a"}, now: time.Unix(2000, 0)}
	f.h = New(Options{Store: f.rows, Opener: &realm.Opener{Kinds: kinds, Log: slog.New(slog.DiscardHandler)}, CAs: &ca.Opener{}, Decrypt: func(s string) string { return "opened " + s },
		Now: func() time.Time { return f.now }, Every: every})
	return f
}

func (f *fixture) want(value string, loads int) *Snapshot {
	f.t.Helper()
	s, err := f.h.Current(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	if got := s.Settings.Text("key", ""); got != value || f.rows.loads != loads {
		f.t.Errorf("value %q after %d loads, want %q after %d", got, f.rows.loads, value, loads)
	}
	return s
}

func TestCurrent_LoadsWhenTheStampMoves(t *testing.T) {
	f := newFixture(t, 0)
	first := f.want("a", 1)
	if got := first.Settings.Text("password", ""); got != "opened sealed" {
		t.Errorf("password setting %q", got)
	}
	f.rows.set("1000", "b") // a change that nobody stamped
	f.want("a", 1)
	f.rows.set("1001", "c")
	f.want("c", 2)
	f.want("c", 2)
	if got := first.Settings.Text("key", ""); got != "a" {
		t.Errorf("the picture of an earlier request became %q", got)
	}
	f.rows.set("999", "d") // a clock that went back
	f.want("d", 3)
}

// Programs that stamp whole seconds may change twice in one of them.
func TestCurrent_LoadsOnceMoreBehindTheSecondOfTheStamp(t *testing.T) {
	f := newFixture(t, 0)
	f.rows.set("2000", "a") // now
	f.want("a", 1)
	f.rows.set("2000", "b")
	f.want("a", 1) // not known yet: the second is not over
	f.now = f.now.Add(time.Second)
	f.want("b", 2)
	f.now = f.now.Add(time.Second)
	f.want("b", 2)
}

// Without a stamp nobody knows whether something changed.
func TestCurrent_LoadsAlwaysWithoutStamp(t *testing.T) {
	f := newFixture(t, 0)
	f.rows.set("", "a")
	f.want("a", 1)
	f.rows.set("", "b")
	f.want("b", 2)
}

func TestCurrent_LooksAtIntervals(t *testing.T) {
	f := newFixture(t, 10*time.Second)
	f.want("a", 1)
	looks := f.rows.looks
	f.rows.set("1001", "b")
	f.now = f.now.Add(9 * time.Second)
	f.want("a", 1)
	if f.rows.looks != looks {
		t.Error("looked too early")
	}
	f.now = f.now.Add(time.Second)
	f.want("b", 2)
	f.rows.set("1001", "c")
	f.h.Invalidate()
	f.want("c", 3)
}

// What changes while it is read is read again.
func TestCurrent_ChangeDuringALoad(t *testing.T) {
	f := newFixture(t, 0)
	f.rows.reading = func() { f.rows.set("1001", "b") }
	f.want("a", 1)
	f.want("b", 2)
}

func TestCurrent_NothingWhileTheDatabaseFails(t *testing.T) {
	f := newFixture(t, 0)
	f.want("a", 1)
	f.rows.err = errors.New("gone")
	if s, err := f.h.Current(t.Context()); err == nil || s != nil {
		t.Errorf("got %v, %v: nobody knows whether that still holds", s, err)
	}
	f.rows.err = nil
	f.want("a", 1)
}

// Requests that come at once load once.
func TestCurrent_OneLoadForAll(t *testing.T) {
	f := newFixture(t, 0)
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := f.h.Current(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if f.rows.loads != 1 {
		t.Errorf("%d loads, want 1", f.rows.loads)
	}
}

// store is a user store that notes whether it was closed.
type store struct{ closed *int }

func (*store) ByLogin(context.Context, string) (resolver.User, error) {
	return resolver.User{}, resolver.ErrNoUser
}
func (*store) ByID(context.Context, string) (resolver.User, error) {
	return resolver.User{}, resolver.ErrNoUser
}
func (*store) Search(context.Context, resolver.Query) ([]resolver.User, error) { return nil, nil }
func (*store) CheckPassword(context.Context, string, secret.String) (bool, error) {
	return false, nil
}
func (s *store) Close() error { *s.closed++; return nil }

// A resolver lives as long as its settings stay; requests that still use a
// replaced one have time to end.
func TestCurrent_ReplacedResolversAreClosedLater(t *testing.T) {
	opened, closed := 0, 0
	f := newFixture(t, 0, resolver.Kind{Name: "fake", New: func(context.Context, string, field.Values, resolver.Deps) (resolver.Resolver, error) {
		opened++
		return &store{&closed}, nil
	}})
	with := func(value string) []resolver.Stored {
		return []resolver.Stored{{Name: "users", Kind: "fake", Options: []resolver.StoredOption{{Key: "k", Value: value}}}}
	}
	f.rows.resolvers = with("1")
	f.want("a", 1)
	f.rows.set("1001", "b")
	f.want("b", 2)
	if opened != 1 || closed != 0 {
		t.Errorf("unchanged: %d opened, %d closed", opened, closed)
	}
	f.rows.resolvers = with("2")
	f.rows.set("1002", "c")
	f.want("c", 3)
	if opened != 2 || closed != 0 {
		t.Errorf("changed: %d opened, %d closed", opened, closed)
	}
	f.h.Close()
	if closed != 2 {
		t.Errorf("at the end %d are closed, want 2", closed)
	}
}
