// Package breaker keeps one dead outside server from slowing everything that
// asks it: a circuit breaker that refuses tries after failures in a row, and a
// deadline for calls that do not heed a context. It knows nothing of what is
// called.
package breaker

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrOpen says that a try was refused because the last ones failed.
var ErrOpen = errors.New("circuit is open")

// Settings of a Breaker. Now is required.
type Settings struct {
	// Failures in a row open the circuit. Below 1 means 1.
	Failures int
	// Pause is how long an open circuit refuses before it lets one try through.
	Pause time.Duration
	Now   func() time.Time
}

// Breaker counts failures of one server. It is safe for concurrent use.
//
// Closed, it lets everything through. After Settings.Failures failures in a row
// it is open and refuses for Settings.Pause. Then one try is let through, the
// others are still refused: its success closes the circuit, its failure starts
// the next pause.
type Breaker struct {
	set Settings

	mu       sync.Mutex
	failures int
	until    time.Time // open: when the next try may go through
	open     bool
	probing  bool   // the one try of an open circuit is under way
	epoch    uint64 // counts changes between open and closed
}

// New makes a closed breaker.
func New(s Settings) *Breaker {
	s.Failures = max(s.Failures, 1)
	return &Breaker{set: s}
}

// Try is one permitted try. Exactly one of its methods is called once it ended;
// further calls do nothing.
type Try struct {
	b     *Breaker
	epoch uint64
	probe bool
	done  bool
}

// Allow permits a try or returns ErrOpen.
func (b *Breaker) Allow() (*Try, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return &Try{b: b, epoch: b.epoch}, nil
	}
	if b.probing || b.set.Now().Before(b.until) {
		return nil, ErrOpen
	}
	b.probing = true
	return &Try{b: b, epoch: b.epoch, probe: true}, nil
}

// Open reports whether a try would be refused now.
func (b *Breaker) Open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open && (b.probing || b.set.Now().Before(b.until))
}

// Succeed ends the try: the server works.
func (t *Try) Succeed() {
	t.end(func(b *Breaker) {
		b.failures = 0
		if b.open {
			b.open = false
			b.epoch++
		}
	})
}

// Fail ends the try: the server does not work.
func (t *Try) Fail() {
	t.end(func(b *Breaker) {
		b.failures++
		if t.probe || b.failures >= b.set.Failures {
			if !b.open {
				b.open = true
				b.epoch++
			}
			b.until = b.set.Now().Add(b.set.Pause)
		}
	})
}

// Drop ends the try without a verdict: the caller went away before there was
// one.
func (t *Try) Drop() { t.end(func(*Breaker) {}) }

// end applies the verdict, unless the circuit has opened or closed since the
// try began: a late failure must not open again what a newer try has closed,
// and a late success of a call that began before is no news about the server.
func (t *Try) end(verdict func(*Breaker)) {
	b := t.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.done {
		return
	}
	t.done = true
	if t.probe {
		b.probing = false
	}
	if t.epoch == b.epoch {
		verdict(b)
	}
}

// Do runs f as one try with at most limit of time (zero: only that of ctx). It
// returns ErrOpen without calling f when the circuit is open. Every error of f
// counts as a failure of the server but one: ctx was cancelled by the caller.
// f may return other answers than errors through its closure.
func (b *Breaker) Do(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	t, err := b.Allow()
	if err != nil {
		return err
	}
	defer t.Drop() // f panicked
	if limit > 0 {
		c, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err = f(c)
	} else {
		err = f(ctx)
	}
	switch {
	case err == nil:
		t.Succeed()
	case errors.Is(ctx.Err(), context.Canceled):
		t.Drop()
	default:
		t.Fail()
	}
	return err
}
