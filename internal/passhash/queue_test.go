package passhash

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"edumfa/internal/mfaerr"
)

// hold occupies the queue until release is called.
func hold(t *testing.T, q *Queue, memory int64) (release func()) {
	t.Helper()
	begun, end := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := q.Do(context.Background(), memory, func(Grant) { close(begun); <-end }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	return func() { close(end); wg.Wait() }
}

func TestQueue_BoundsSlotsAndMemory(t *testing.T) {
	cases := []struct {
		name   string
		limits Limits
		memory int64
		want   int // running at a time
	}{
		{"slots", Limits{Slots: 3, MemoryBytes: 1 << 30}, 1, 3},
		{"memory", Limits{Slots: 8, MemoryBytes: 100}, 40, 2},
		{"too large runs alone", Limits{Slots: 8, MemoryBytes: 100}, 500, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := NewQueue(c.limits)
				var mu sync.Mutex
				running, most, done := 0, 0, 0
				gate := make(chan struct{})
				for range 10 {
					go func() {
						err := q.Do(t.Context(), c.memory, func(Grant) {
							mu.Lock()
							running++
							most = max(most, running)
							mu.Unlock()
							<-gate
							mu.Lock()
							running--
							done++
							mu.Unlock()
						})
						if err != nil {
							t.Error(err)
						}
					}()
				}
				for range 10 {
					synctest.Wait()
					gate <- struct{}{}
				}
				synctest.Wait()
				if most != c.want || done != 10 {
					t.Errorf("%d ran at a time, %d finished", most, done)
				}
			})
		})
	}
}

func TestQueue_RefusesWhenTooManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(Limits{Slots: 1, MaxWaiting: 1})
		release := hold(t, q, 0)
		var waited error
		go func() { waited = q.Do(t.Context(), 0, func(Grant) {}) }()
		synctest.Wait()
		err := q.Do(t.Context(), 0, func(Grant) { t.Error("ran") })
		if e := mfaerr.Wrap(err); e.Kind != mfaerr.Busy || e.RetryAfter <= 0 {
			t.Error(err)
		}
		release()
		synctest.Wait()
		if waited != nil {
			t.Error(waited)
		}
	})
}

func TestQueue_CancelledCallerLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue(Limits{Slots: 1})
		release := hold(t, q, 0)
		ctx, cancel := context.WithCancel(t.Context())
		var left error
		go func() { left = q.Do(ctx, 0, func(Grant) { t.Error("ran") }) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(left, context.Canceled) || q.waiting.Len() != 0 {
			t.Error(left, q.waiting.Len())
		}
		release()
		if q.running != 0 || q.memory != 0 {
			t.Error(q.running, q.memory)
		}
		if err := q.Do(ctx, 0, func(Grant) { t.Error("ran") }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// The slot comes back when a computation panics.
func TestQueue_ReleasesAfterPanic(t *testing.T) {
	q := NewQueue(Limits{Slots: 1})
	func() {
		defer func() { _ = recover() }()
		_ = q.Do(t.Context(), 7, func(Grant) { panic("x") })
	}()
	if q.running != 0 || q.memory != 0 {
		t.Error(q.running, q.memory)
	}
}

func TestArenas_KeepSmallOnes(t *testing.T) {
	a := &arenas{keep: 1}
	small, large := a.get(100), a.get(keepBytes/1024+1)
	small.blocks[99][0] = 1
	a.put(large)
	a.put(small)
	if len(a.idle) != 1 || len(a.get(50).blocks) != 100 || len(a.idle) != 0 {
		t.Error("the small one is not used again")
	}
}
