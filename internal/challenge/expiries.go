package challenge

import (
	"sync"
	"time"
)

// bucket is how exactly expiries are remembered: so often per second expired
// challenges are removed at most.
const bucket = 100 * time.Millisecond

// Expiries remembers when challenges that were made here expire, so that nobody
// looks for expired ones while there can be none. The zero value is ready; it is
// safe for concurrent use.
type Expiries struct {
	mu   sync.Mutex
	when map[int64]struct{} // Unix time in buckets, rounded up
}

// Note remembers an expiry.
func (e *Expiries) Note(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.when == nil {
		e.when = map[int64]struct{}{}
	}
	e.when[(at.UnixNano()+int64(bucket)-1)/int64(bucket)] = struct{}{}
}

// Due reports whether a remembered expiry has passed, and forgets those that
// have: one caller sweeps.
func (e *Expiries) Due(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	n, due := now.UnixNano()/int64(bucket), false
	for at := range e.when {
		if at <= n {
			delete(e.when, at)
			due = true
		}
	}
	return due
}
