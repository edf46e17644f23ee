package breaker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("down")

func down(context.Context) error { return errDown }
func up(context.Context) error   { return nil }

func TestBreaker_OpensAfterFailuresInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Failures: 2, Pause: time.Minute, Now: time.Now})
		step := func(name string, f func(context.Context) error, want error) {
			t.Helper()
			if err := b.Do(t.Context(), 0, f); !errors.Is(err, want) {
				t.Fatalf("%s: %v, want %v", name, err, want)
			}
		}
		step("first failure", down, errDown)
		step("a success starts the count again", up, nil)
		step("first failure", down, errDown)
		step("second failure", down, errDown)
		step("open", up, ErrOpen)
		if !b.Open() {
			t.Fatal("Open() is false")
		}
		time.Sleep(time.Minute - time.Nanosecond)
		step("still open", up, ErrOpen)
		time.Sleep(time.Nanosecond)
		step("the probe fails", down, errDown)
		step("open for another pause", up, ErrOpen)
		time.Sleep(time.Minute)
		step("the probe succeeds", up, nil)
		step("closed: one failure is allowed", down, errDown)
		step("closed", up, nil)
	})
}

func TestBreaker_LetsOneProbeThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Failures: 1, Pause: time.Second, Now: time.Now})
		_ = b.Do(t.Context(), 0, down)
		time.Sleep(time.Second)
		probe, err := b.Allow()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Allow(); !errors.Is(err, ErrOpen) {
			t.Fatalf("second try during the probe: %v", err)
		}
		probe.Drop()
		next, err := b.Allow()
		if err != nil {
			t.Fatalf("a dropped probe leaves its place to the next: %v", err)
		}
		next.Succeed()
		next.Fail() // ended already: no effect
		if b.Open() {
			t.Fatal("open after a successful probe")
		}
	})
}

func TestBreaker_LateVerdictsDoNotCount(t *testing.T) {
	now := time.Unix(1000, 0)
	b := New(Settings{Failures: 1, Pause: time.Second, Now: func() time.Time { return now }})
	slow, _ := b.Allow()
	slower, _ := b.Allow()
	_ = b.Do(t.Context(), 0, down)
	slow.Succeed()
	if !b.Open() {
		t.Fatal("a success that began before the failure closed the circuit")
	}
	now = now.Add(time.Second)
	if err := b.Do(t.Context(), 0, up); err != nil {
		t.Fatal(err)
	}
	slower.Fail()
	if b.Open() {
		t.Fatal("a failure that began before the recovery opened the circuit")
	}
}

func TestBreaker_CallerGoingAwayIsNoFailure(t *testing.T) {
	b := New(Settings{Failures: 1, Pause: time.Hour, Now: time.Now})
	ctx, cancel := context.WithCancel(t.Context())
	err := b.Do(ctx, time.Hour, func(c context.Context) error { cancel(); return c.Err() })
	if !errors.Is(err, context.Canceled) || b.Open() {
		t.Fatalf("%v, open %v", err, b.Open())
	}
}

func TestBreaker_LimitIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Failures: 1, Pause: time.Hour, Now: time.Now})
		err := b.Do(t.Context(), time.Second, func(c context.Context) error { <-c.Done(); return c.Err() })
		if !errors.Is(err, context.DeadlineExceeded) || !b.Open() {
			t.Fatalf("%v, open %v", err, b.Open())
		}
	})
}

func TestBreaker_PanicGivesThePermitBack(t *testing.T) {
	now := time.Unix(1000, 0)
	b := New(Settings{Failures: 1, Pause: time.Second, Now: func() time.Time { return now }})
	_ = b.Do(t.Context(), 0, down)
	now = now.Add(time.Second)
	func() {
		defer func() { _ = recover() }()
		_ = b.Do(t.Context(), 0, func(context.Context) error { panic("bug") })
	}()
	if err := b.Do(t.Context(), 0, up); err != nil {
		t.Fatalf("the probe's place is lost: %v", err)
	}
}

func TestBreaker_ConcurrentTries(t *testing.T) {
	b := New(Settings{Failures: 3, Pause: 0, Now: time.Now})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				f := up
				if (i+j)%3 == 0 {
					f = down
				}
				_ = b.Do(context.Background(), 0, f)
			}
		})
	}
	wg.Wait()
	for range 2 { // at most one probe is needed to close it
		_ = b.Do(t.Context(), 0, up)
	}
	if b.Open() {
		t.Fatal("stuck open")
	}
}

func TestWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := Within(t.Context(), time.Second, func(context.Context) (int, error) { return 7, nil })
		if v != 7 || err != nil {
			t.Fatalf("%d %v", v, err)
		}
		start := time.Now()
		deaf := make(chan struct{})
		_, err = Within(t.Context(), time.Second, func(context.Context) (int, error) { <-deaf; return 8, nil })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Fatalf("%v after %v", err, time.Since(start))
		}
		close(deaf)
		if _, err = Within(t.Context(), 0, func(context.Context) (int, error) { panic("bug") }); err == nil {
			t.Fatal("the panic is lost")
		}
	})
}
