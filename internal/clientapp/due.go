package clientapp

import (
	"sync"
	"time"
)

// Every is how often the record of one client is written at most.
const Every = time.Minute

// capacity bounds how many clients are remembered; beyond it all are forgotten,
// which costs one write each.
const capacity = 10000

// Due tells when a client's record should be written again. The zero value is
// ready; it is safe for concurrent use.
type Due struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// Due reports whether the record of key should be written at now, and remembers
// that it was.
func (d *Due) Due(key string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if at, ok := d.last[key]; ok && now.Sub(at) < Every {
		return false
	}
	if d.last == nil || len(d.last) >= capacity {
		d.last = map[string]time.Time{}
	}
	d.last[key] = now
	return true
}
