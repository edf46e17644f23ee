package passhash

import (
	"container/list"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"edumfa/internal/mfaerr"
)

// Limits bound the expensive work of a [Queue]. Zero values are replaced by
// those of DefaultLimits.
type Limits struct {
	// Slots is how many computations run at a time; more than the machine has
	// cores only makes all of them slower.
	Slots int
	// MemoryBytes bounds the working memory of all running computations
	// together. One that needs more runs alone.
	MemoryBytes int64
	// MaxWaiting is how many callers may wait for a slot. More are refused.
	MaxWaiting int
}

// DefaultLimits are one slot for each core, 512 MiB (five hashes with the
// memory cost older installations use), and 64 waiting callers for each slot.
func DefaultLimits() Limits {
	cores := runtime.GOMAXPROCS(0)
	return Limits{Slots: cores, MemoryBytes: 512 << 20, MaxWaiting: 64 * cores}
}

// retryAfter is what refused callers are told: the queue moves by then even
// with the slowest hashes.
const retryAfter = 2 * time.Second

// Queue runs expensive computations, first come first served. It is safe for
// concurrent use.
type Queue struct {
	limits Limits
	arenas arenas

	mu      sync.Mutex
	running int
	memory  int64
	waiting list.List // of *waiter
	refused uint64
}

type waiter struct {
	memory int64
	ready  chan struct{} // closed when the slot is given
}

// NewQueue makes a queue.
func NewQueue(l Limits) *Queue {
	d := DefaultLimits()
	if l.Slots <= 0 {
		l.Slots = d.Slots
	}
	if l.MemoryBytes <= 0 {
		l.MemoryBytes = d.MemoryBytes
	}
	if l.MaxWaiting <= 0 {
		l.MaxWaiting = d.MaxWaiting
	}
	return &Queue{limits: l, arenas: arenas{keep: l.Slots}}
}

// Grant is what a running computation may use.
type Grant struct {
	// Workers is how many goroutines it may keep busy: its own slot and those
	// that were free when it began.
	Workers int
	queue   *Queue
}

// Do runs f in the calling goroutine as soon as there is a slot and memory
// bytes of the budget. Errors: kind Busy when too many wait already, the error
// of ctx when it ends first. A computation that has begun is not interrupted.
func (q *Queue) Do(ctx context.Context, memory int64, f func(Grant)) error {
	workers, err := q.acquire(ctx, memory)
	if err != nil {
		return err
	}
	defer q.release(memory)
	f(Grant{Workers: workers, queue: q})
	return nil
}

func (q *Queue) acquire(ctx context.Context, memory int64) (workers int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	q.mu.Lock()
	if q.waiting.Len() == 0 && q.fits(memory) {
		q.start(memory)
		workers = 1 + q.limits.Slots - q.running
		q.mu.Unlock()
		return workers, nil
	}
	if q.waiting.Len() >= q.limits.MaxWaiting {
		n := q.waiting.Len()
		q.refused++
		q.mu.Unlock()
		return 0, &mfaerr.Error{
			Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "the server is busy, try again later",
			RetryAfter: retryAfter, Cause: fmt.Errorf("%d callers wait for a password hash", n),
		}
	}
	w := &waiter{memory: memory, ready: make(chan struct{})}
	place := q.waiting.PushBack(w)
	q.mu.Unlock()

	select {
	case <-w.ready:
		return 1, nil
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		select {
		case <-w.ready: // got the slot at the same moment: give it back
			q.finish(memory)
		default:
			q.waiting.Remove(place)
			q.admit() // who stood behind may fit
		}
		return 0, ctx.Err()
	}
}

// State tells how many computations run and wait now, and how many callers were
// refused since the start.
func (q *Queue) State() (running, waiting int, refused uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.running, q.waiting.Len(), q.refused
}

func (q *Queue) release(memory int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finish(memory)
}

// The rest is called with the lock held.

func (q *Queue) fits(memory int64) bool {
	return q.running == 0 || (q.running < q.limits.Slots && q.memory+memory <= q.limits.MemoryBytes)
}

func (q *Queue) start(memory int64) {
	q.running++
	q.memory += memory
}

func (q *Queue) finish(memory int64) {
	q.running--
	q.memory -= memory
	q.admit()
}

func (q *Queue) admit() {
	for front := q.waiting.Front(); front != nil; front = q.waiting.Front() {
		w := front.Value.(*waiter)
		if !q.fits(w.memory) {
			return
		}
		q.waiting.Remove(front)
		q.start(w.memory)
		close(w.ready)
	}
}
