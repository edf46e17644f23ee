package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"edumfa/internal/breaker"
)

// Work works jobs off until ctx ends. Deliveries that have begun are finished
// before it returns.
func (q *Queue) Work(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	wake := q.waker()
	for {
		if _, err := q.RunDue(ctx); err != nil && ctx.Err() == nil {
			q.Log.WarnContext(ctx, "job queue cannot be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-wake:
		}
	}
}

// RunDue works off all jobs whose time has come and returns how many it tried.
// It returns when the last of them is over. Jobs of a target that does not
// answer are left for later.
func (q *Queue) RunDue(ctx context.Context) (tried int, err error) {
	if q.Keys.Locked() {
		return 0, nil // nothing can be read before somebody gives the password
	}
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, parallel)
	for ctx.Err() == nil {
		list, err := q.Store.DueJobs(ctx, q.Now(), q.resting(), 4*parallel)
		if err != nil {
			return tried, err
		}
		n := 0
		for _, j := range q.shuffled(list) {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return tried, ctx.Err()
			}
			claimed, err := q.begin(ctx, &running, j, func() { <-slots })
			if err != nil {
				return tried, err
			}
			if claimed {
				n++
			}
		}
		tried += n
		if n == 0 {
			return tried, nil
		}
	}
	return tried, ctx.Err()
}

// shuffled begins somewhere in the list: nodes that look at the same time do
// not all want the same job first.
func (q *Queue) shuffled(list []Job) []Job {
	var b [1]byte
	if _, err := q.Rand.Read(b[:]); err != nil || len(list) == 0 {
		return list
	}
	at := int(b[0]) % len(list)
	return append(append([]Job{}, list[at:]...), list[:at]...)
}

// begin claims a job and lets it be delivered. end is called when that is over,
// or at once when the job is not ours to deliver.
func (q *Queue) begin(ctx context.Context, running *sync.WaitGroup, j Job, end func()) (bool, error) {
	try, err := q.breaker(j.Target).Allow()
	if err != nil {
		end()
		return false, nil
	}
	claim, err := q.random()
	if err != nil {
		try.Drop()
		end()
		return false, err
	}
	until := q.Now().Add(lease)
	ours, err := q.Store.ClaimJob(ctx, j, claim, until)
	if err != nil || !ours {
		try.Drop()
		end()
		return false, err
	}
	j.Claim, j.Due, j.Attempts = claim, until, j.Attempts+1
	running.Go(func() {
		defer end()
		defer try.Drop()
		// What has begun is finished, also when the server is told to stop.
		q.deliver(context.WithoutCancel(ctx), ctx.Done(), j, try)
	})
	return true, nil
}

// deliver sends a claimed job and notes what became of it.
func (q *Queue) deliver(ctx context.Context, stop <-chan struct{}, j Job, try *breaker.Try) {
	if q.wasSent(j.ID) {
		q.end(ctx, stop, j)
		return
	}
	if q.Now().After(j.Expires) {
		try.Drop()
		q.bury(ctx, stop, j, tooOld(j))
		return
	}
	err := q.send(ctx, j)
	if err == nil {
		try.Succeed()
		q.done.Add(1)
		q.remember(j.ID)
		q.end(ctx, stop, j)
		return
	}
	q.failed.Add(1)
	permanent, postponed := classify(err)
	if permanent || postponed != nil {
		try.Succeed() // it answered
	} else {
		try.Fail()
	}
	q.Log.WarnContext(ctx, "job failed", "kind", j.Kind, "target", j.Target, "job", j.ID, "attempt", j.Attempts, "permanent", permanent, "error", err)
	if permanent {
		q.bury(ctx, stop, j, err)
		return
	}
	if postponed != nil && postponed.payload != nil {
		if sealed, serr := q.Keys.SealJob(postponed.payload); serr == nil {
			j.Sealed = sealed
		} else { // all of it again would send a part twice
			q.bury(ctx, stop, j, errors.Join(err, serr))
			return
		}
	}
	j.Due, j.Problem = q.Now().Add(q.pause(j.Attempts)), short(err.Error())
	q.giveBack(ctx, stop, j)
}

func tooOld(j Job) error {
	if j.Problem == "" {
		return errors.New("it was never tried and is too old now")
	}
	return fmt.Errorf("it is too old to be tried again; at last: %s", j.Problem)
}

// send calls the kind, with a time limit, and turns a panic into an error.
func (q *Queue) send(ctx context.Context, j Job) (err error) {
	k, known := q.kind(j.Kind)
	if !known { // of a newer program, perhaps
		return Postpone(fmt.Errorf("jobs of kind %q are not known to this server", j.Kind), nil)
	}
	payload, err := q.Keys.OpenJob(j.Sealed)
	if err != nil {
		return Permanent(fmt.Errorf("the job cannot be decrypted: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			q.Log.ErrorContext(ctx, "panic in a job", "kind", j.Kind, "job", j.ID, "panic", p, "stack", string(debug.Stack()))
			err = Postpone(errors.New("panic"), nil)
		}
	}()
	return k.Send(ctx, Delivery{ID: j.ID, Attempt: j.Attempts, Payload: payload})
}

// pause is how long a job waits after an attempt: twice as long each time, and
// up to a quarter less, so that jobs that failed together come back apart.
func (q *Queue) pause(attempts int) time.Duration {
	d := longestRetry
	if n := attempts - 1; n < 10 {
		d = min(longestRetry, firstRetry<<n)
	}
	var b [1]byte
	_, _ = q.Rand.Read(b[:])
	return d - d/4*time.Duration(b[0])/256
}

// end removes a job that is done.
func (q *Queue) end(ctx context.Context, stop <-chan struct{}, j Job) {
	q.note(ctx, stop, j, func(ctx context.Context) (bool, error) { return q.Store.EndJob(ctx, j.ID, j.Claim) })
}

func (q *Queue) bury(ctx context.Context, stop <-chan struct{}, j Job, why error) {
	j.Dead, j.Due, j.Problem = true, q.Now(), short(why.Error())
	q.Log.ErrorContext(ctx, "job is given up", "kind", j.Kind, "target", j.Target, "job", j.ID, "attempts", j.Attempts, "error", why)
	q.giveBack(ctx, stop, j)
}

func (q *Queue) giveBack(ctx context.Context, stop <-chan struct{}, j Job) {
	q.note(ctx, stop, j, func(ctx context.Context) (bool, error) { return q.Store.ReturnJob(ctx, j) })
}

// note writes down what became of a job, again and again while the database
// does not answer: until then nobody else may have it. A server that must stop
// does not wait that long.
func (q *Queue) note(ctx context.Context, stop <-chan struct{}, j Job, write func(context.Context) (bool, error)) {
	ctx, cancel := context.WithTimeout(ctx, lease-sendLimit-markPatience)
	defer cancel()
	pause := 50 * time.Millisecond
	for {
		ours, err := write(ctx)
		if err == nil {
			if !ours {
				q.Log.ErrorContext(ctx, "job was taken by another worker meanwhile", "kind", j.Kind, "job", j.ID)
			}
			q.forget(j.ID)
			return
		}
		select {
		case <-stop:
			stop = nil
			var end context.CancelFunc
			ctx, end = context.WithTimeout(ctx, markPatience)
			defer end()
		case <-ctx.Done():
			q.Log.ErrorContext(ctx, "what became of a job cannot be stored", "kind", j.Kind, "job", j.ID, "error", err)
			return
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}

func (q *Queue) remember(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent == nil {
		q.sent = map[string]bool{}
	}
	q.sent[id] = true
}

func (q *Queue) wasSent(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent[id]
}

func (q *Queue) forget(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.sent, id)
}

func (q *Queue) breaker(target string) *breaker.Breaker {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.targets == nil {
		q.targets = map[string]*breaker.Breaker{}
	}
	b := q.targets[target]
	if b == nil {
		b = breaker.New(breaker.Settings{Failures: targetFailures, Pause: targetRest, Now: q.Now})
		q.targets[target] = b
	}
	return b
}

// resting are the targets that are left alone now.
func (q *Queue) resting() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []string
	for name, b := range q.targets {
		if b.Open() {
			list = append(list, name)
		}
	}
	return list
}

// short cuts a text to the width of its column.
func short(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), maxProblem)])
}
