package storetest

import (
	"sync"
	"time"

	"edumfa/internal/store"
)

func (k *kit) counter(name string) int64 {
	n, err := k.db.Counter(k.ctx, name)
	k.must(err)
	return n
}

func (k *kit) counters() {
	equal(k, "not there", k.counter("c"), 0)
	k.must(k.db.IncreaseCounter(k.ctx, "c", "n1"))
	k.must(k.db.IncreaseCounter(k.ctx, "c", "n2"))
	k.must(k.db.IncreaseCounter(k.ctx, "c", "n1"))
	equal(k, "summed over the nodes", k.counter("c"), 3)
	equal(k, "one row for each node", k.count("eventcounter"), 2)
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n2", false))
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n2", false))
	equal(k, "one node is below zero, the sum is not", k.counter("c"), 1)
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n3", false))
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n3", false))
	equal(k, "not below zero", k.counter("c"), 0)
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n1", true))
	equal(k, "below zero where it is allowed", k.counter("c"), -1)
	k.must(k.db.DecreaseCounter(k.ctx, "c", "n1", false))
	equal(k, "back to zero", k.counter("c"), 0)
	k.must(k.db.IncreaseCounter(k.ctx, "c", "n2"))
	k.must(k.db.ResetCounter(k.ctx, "c", "n4"))
	equal(k, "reset", k.counter("c"), 0)
	equal(k, "no row for the node that resets", k.count("eventcounter"), 3)
	k.must(k.db.ResetCounter(k.ctx, "d", "n1"))
	k.must(k.db.DecreaseCounter(k.ctx, "e", "n1", false))
	equal(k, "made", k.counter("d")+k.counter("e"), 0)
	equal(k, "rows of new ones", k.count("eventcounter"), 5)
}

// countersAtOnce: whatever happens at the same time on two servers, nothing is
// lost, and a counter that may not go below zero does not.
func (k *kit) countersAtOnce() {
	second := Open(k.t, k.uri, store.Options{Now: func() time.Time { return moment }, Local: k.local})
	at := func(times int, do func(db *store.DB, node string) error) {
		var wg sync.WaitGroup
		for i := range times {
			wg.Go(func() {
				db, node := k.db, "n1"
				if i%2 == 1 {
					db, node = second, "n2"
				}
				if err := do(db, node); err != nil {
					k.t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	up := func(db *store.DB, node string) error { return db.IncreaseCounter(k.ctx, "c", node) }
	down := func(db *store.DB, node string) error { return db.DecreaseCounter(k.ctx, "c", node, false) }
	at(24, up)
	equal(k, "increased", k.counter("c"), 24)
	equal(k, "one row for each node", k.count("eventcounter"), 2)
	at(40, down)
	equal(k, "not below zero", k.counter("c"), 0)

	t := k.newToken("T1", nil)
	at(24, func(db *store.DB, _ string) error { return db.AddFailures(k.ctx, t.ID, 2) })
	equal(k, "fail counter", k.load("T1").FailCount, 48)
	k.must(k.db.AddFailures(k.ctx, t.ID, -50))
	equal(k, "fail counter, not below zero", k.load("T1").FailCount, 0)
	if err := k.db.AddFailures(k.ctx, t.ID+1, 1); err != store.ErrNotFound {
		k.t.Errorf("of no token: %v", err)
	}
}
