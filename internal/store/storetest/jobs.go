package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/queue"
	"edumfa/internal/store"
)

func aJob(n int) queue.Job {
	return queue.Job{ID: fmt.Sprintf("%032x", n), Kind: "mail", Target: "mail:relay", Sealed: "00:ff", Node: "n1", Created: moment.Truncate(time.Millisecond),
		Due: moment.Truncate(time.Millisecond), Expires: moment.Add(time.Hour).Truncate(time.Millisecond)}
}

// jobClaims: of many workers who see the same job one gets it; who is late with
// his claim can neither end nor change it.
func (k *kit) jobClaims() {
	k.must(k.db.Apply(k.ctx, []change.Change{change.Enqueue{Job: aJob(1)}}, nil))
	list, err := k.db.DueJobs(k.ctx, moment, nil, 10)
	k.must(err)
	equal(k, "due", list, []queue.Job{aJob(1)})
	seen := list[0]
	var won atomic.Int32
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			ok, err := k.db.ClaimJob(k.ctx, seen, fmt.Sprintf("c%d", i), moment.Add(time.Minute))
			if err != nil {
				k.t.Error(err)
			}
			if ok {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	equal(k, "winners", won.Load(), 1)
	if list, err = k.db.DueJobs(k.ctx, moment.Add(59*time.Second), nil, 10); err != nil || len(list) > 0 {
		k.t.Errorf("within the lease: %v %v", list, err)
	}
	if list, err = k.db.DueJobs(k.ctx, moment.Add(time.Minute), []string{"mail:relay"}, 10); err != nil || len(list) > 0 {
		k.t.Errorf("of a resting target: %v %v", list, err)
	}
	list, err = k.db.DueJobs(k.ctx, moment.Add(time.Minute), []string{"mail:other", "sms:x", "sms:y"}, 10)
	k.must(err)
	if len(list) != 1 || list[0].Attempts != 1 {
		k.t.Fatalf("after the lease: %+v", list)
	}
	late := list[0].Claim
	if ok, err := k.db.ClaimJob(k.ctx, list[0], "second", moment.Add(time.Hour)); err != nil || !ok {
		k.t.Fatalf("the next worker: %v %v", ok, err)
	}
	for name, f := range map[string]func() (bool, error){
		"end":    func() (bool, error) { return k.db.EndJob(k.ctx, seen.ID, late) },
		"return": func() (bool, error) { j := seen; j.Claim = late; return k.db.ReturnJob(k.ctx, j) },
	} {
		if ok, err := f(); err != nil || ok {
			k.t.Errorf("%s by who is late: %v %v", name, ok, err)
		}
	}
	if ok, err := k.db.EndJob(k.ctx, seen.ID, "second"); err != nil || !ok {
		k.t.Errorf("end: %v %v", ok, err)
	}
	equal(k, "rows", k.count("go_job"), 0)
}

func (k *kit) jobLife() {
	for i := range 3 {
		k.must(k.db.AddJob(k.ctx, aJob(i)))
	}
	j := aJob(1)
	if ok, err := k.db.ClaimJob(k.ctx, j, "c", moment.Add(time.Minute)); err != nil || !ok {
		k.t.Fatal(ok, err)
	}
	j.Claim, j.Sealed, j.Dead, j.Problem = "c", strings.Repeat("ab", 200_000), true, "nö 🙁"
	if ok, err := k.db.ReturnJob(k.ctx, j); err != nil || !ok {
		k.t.Fatal(ok, err)
	}
	c, err := k.db.JobCounts(k.ctx)
	k.must(err)
	equal(k, "counts", c, queue.Counts{Waiting: 2, Dead: 1, Oldest: j.Created})
	dead, err := k.db.Jobs(k.ctx, true)
	k.must(err)
	want := j
	want.Claim, want.Attempts = "", 1
	equal(k, "dead", dead, []queue.Job{want})
	if list, err := k.db.DueJobs(k.ctx, moment.Add(24*time.Hour), nil, 10); err != nil || len(list) != 2 {
		k.t.Errorf("due: %v %v", list, err)
	}
	_, err = k.db.Job(k.ctx, "0000")
	k.wantErr(err, store.ErrNotFound) // several
	_, err = k.db.Job(k.ctx, "%")
	k.wantErr(err, store.ErrNotFound)
	one, err := k.db.Job(k.ctx, aJob(1).ID)
	k.must(err)
	k.must(k.db.RetryJob(k.ctx, one, moment, moment.Add(time.Hour)))
	if list, err := k.db.DueJobs(k.ctx, moment, nil, 10); err != nil || len(list) != 3 {
		k.t.Errorf("due after a retry: %v %v", list, err)
	}
	two, err := k.db.Job(k.ctx, aJob(2).ID)
	k.must(err)
	if ok, err := k.db.ClaimJob(k.ctx, two, "c", moment.Add(time.Minute)); err != nil || !ok {
		k.t.Fatal(ok, err)
	}
	k.wantErr(k.db.DeleteJob(k.ctx, two), store.ErrConflict)
	k.must(k.db.DeleteJob(k.ctx, aJob(0)))
	equal(k, "rows", k.count("go_job"), 2)
	n, err := k.db.DeleteDeadJobs(k.ctx, moment.Add(time.Hour), 10)
	k.must(err)
	equal(k, "dead ones", n, int64(0))
}

func (k *kit) extraTables() {
	k.must(k.db.AddJob(k.ctx, aJob(1)))
	k.must(k.db.Prepare(k.ctx))
	equal(k, "rows behind another start", k.count("go_job"), 1)
	k.exec("DROP TABLE go_job")
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if err := k.db.Prepare(k.ctx); err != nil {
				k.t.Error(err)
			}
		})
	}
	wait.Wait()
	if !slices.Contains(k.tables(), "go_job") {
		k.t.Error("there is no table for jobs")
	}
	k.must(k.db.AddJob(k.ctx, aJob(1)))
}
