// Package queue keeps deliveries that need not be over when a request is
// answered: mails, text messages, calls of web hooks. They lie in the database,
// sealed, so a restart loses none of them, and any node works them off.
//
// A worker claims a job by compare-and-set for the length of a lease, sends it
// and removes it. Who claims it has it for himself: a send is given up long
// before its lease ends. A job is sent twice only when its worker dies, or loses
// the database for good, between the moment the receiver takes it and the moment
// it is removed; every attempt carries the same [Delivery.ID], by which the
// receiver can tell.
package queue

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"edumfa/internal/breaker"
)

// Times of the work.
const (
	// sendLimit is how long one delivery may take.
	sendLimit = time.Minute
	// lease is how long a claimed job is left to its worker. It is much longer
	// than a delivery, so that the clocks of nodes may differ.
	lease = 5 * time.Minute
	// poll is how often a node looks for jobs of others and for those whose time
	// has come.
	poll = time.Second
	// firstRetry is the pause behind the first failure; each further one doubles
	// it, up to longestRetry.
	firstRetry, longestRetry = 5 * time.Second, 10 * time.Minute
	// targetFailures in a row rest a target for targetRest: its other jobs wait
	// without being tried.
	targetFailures, targetRest = 2, 10 * time.Second
	// markPatience is how long a worker that must end tries to note what it did.
	markPatience = 10 * time.Second
)

// parallel is how many jobs a node delivers at the same time.
const parallel = 8

// maxProblem is the length of the column with the last problem, in letters.
const maxProblem = 500

// Job is one row.
type Job struct {
	// ID is random and stays the same for all attempts.
	ID   string
	Kind string
	// Target names what the delivery goes through ("mail:relay"): jobs of one
	// target wait together while it does not answer.
	Target string
	// Sealed is the encrypted payload.
	Sealed string
	// Node is the one that made the job.
	Node    string
	Created time.Time
	// Due is when it may be tried; for a claimed job the end of the lease.
	Due time.Time
	// Expires is when it is not tried any more.
	Expires  time.Time
	Attempts int
	// Claim is the mark of the worker that has the job; "" for none.
	Claim string
	// Dead jobs are not tried any more, unless somebody says so.
	Dead bool
	// Problem is why the last attempt failed.
	Problem string
}

// Working reports whether a worker has the job.
func (j Job) Working(now time.Time) bool { return !j.Dead && j.Claim != "" && j.Due.After(now) }

// Delivery is what a kind is given.
type Delivery struct {
	// ID is the same for all attempts of a job: for the Message-ID of a mail, for
	// the Idempotency-Key of a request.
	ID string
	// Attempt counts from 1.
	Attempt int
	Payload []byte
}

// Kind is one sort of jobs.
type Kind struct {
	Name string
	// Send delivers and returns nil once the receiver has taken it. Other errors
	// than those of [Permanent] and [Postpone] say that the target does not work.
	// Errors are stored and logged: they must not contain the payload.
	Send func(ctx context.Context, d Delivery) error
}

// Store keeps the jobs.
type Store interface {
	AddJob(ctx context.Context, j Job) error
	// DueJobs are jobs whose time has come, the oldest first, without those of
	// the resting targets.
	DueJobs(ctx context.Context, now time.Time, resting []string, limit int) ([]Job, error)
	// ClaimJob makes the job the claim's until the time, if it still is as it was
	// seen.
	ClaimJob(ctx context.Context, seen Job, claim string, until time.Time) (bool, error)
	// EndJob removes a job of the claim.
	EndJob(ctx context.Context, id, claim string) (bool, error)
	// ReturnJob stores due time, payload, problem and whether it is dead of a job
	// of the claim, which is nobody's then.
	ReturnJob(ctx context.Context, j Job) (bool, error)
	JobCounts(ctx context.Context) (Counts, error)
}

// Counts tell of all jobs of the database.
type Counts struct {
	Waiting, Dead int
	// Oldest is when the oldest waiting job was made; zero without one.
	Oldest time.Time
}

// Keys seal payloads, which hold one-time passwords.
type Keys interface {
	Locked() bool
	SealJob(payload []byte) (string, error)
	OpenJob(sealed string) ([]byte, error)
}

// Queue makes jobs and works them off. Its methods are safe for concurrent use.
type Queue struct {
	Store Store
	Keys  Keys
	Kinds []Kind
	// MaxAge is how long a job is tried.
	MaxAge time.Duration
	Node   string
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger

	mu      sync.Mutex
	targets map[string]*breaker.Breaker
	// sent are jobs that were delivered but could not be removed.
	sent   map[string]bool
	wake   chan struct{}
	counts atomic.Pointer[Counts]
	failed atomic.Uint64
	done   atomic.Uint64
}

// errPermanent and errPostponed mark errors of kinds.
type (
	errPermanent struct{ error }
	errPostponed struct {
		error
		payload []byte
	}
)

func (e errPermanent) Unwrap() error { return e.error }
func (e errPostponed) Unwrap() error { return e.error }

// Permanent says that trying again does not help: the job is dead.
func Permanent(err error) error { return errPermanent{err} }

// Postpone says that this job alone has to be tried later, its target works.
// payload is what is left to do; nil means all of it.
func Postpone(err error, payload []byte) error { return errPostponed{err, payload} }

// Make makes a job without storing it, for change.Enqueue.
func (q *Queue) Make(kind, target string, payload []byte) (Job, error) {
	if _, known := q.kind(kind); !known {
		return Job{}, fmt.Errorf("jobs of kind %q are not known", kind)
	}
	sealed, err := q.Keys.SealJob(payload)
	if err != nil {
		return Job{}, err
	}
	id, err := q.random()
	if err != nil {
		return Job{}, err
	}
	now := q.Now()
	return Job{ID: id, Kind: kind, Target: target, Sealed: sealed, Node: q.Node, Created: now, Due: now, Expires: now.Add(q.MaxAge)}, nil
}

// Enqueue stores a job, in the transaction of ctx if there is one. It is worked
// off after that.
func (q *Queue) Enqueue(ctx context.Context, kind, target string, payload []byte) error {
	j, err := q.Make(kind, target, payload)
	if err != nil {
		return err
	}
	return q.Add(ctx, j)
}

// Add stores a job that was made.
func (q *Queue) Add(ctx context.Context, j Job) error {
	if err := q.Store.AddJob(ctx, j); err != nil {
		return err
	}
	q.Wake()
	return nil
}

func (q *Queue) random() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(q.Rand, b[:]); err != nil {
		return "", fmt.Errorf("random bytes for a job: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

func (q *Queue) kind(name string) (Kind, bool) {
	for _, k := range q.Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// Wake makes a working node look for jobs at once.
func (q *Queue) Wake() {
	select {
	case q.waker() <- struct{}{}:
	default: // it is going to look anyway
	}
}

func (q *Queue) waker() chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.wake == nil {
		q.wake = make(chan struct{}, 1)
	}
	return q.wake
}

// State tells what lies in the queue, as it was looked at last, and what this
// process has done since it began.
func (q *Queue) State() (c Counts, delivered, failed uint64) {
	if p := q.counts.Load(); p != nil {
		c = *p
	}
	return c, q.done.Load(), q.failed.Load()
}

// Refresh counts the jobs for State.
func (q *Queue) Refresh(ctx context.Context) error {
	c, err := q.Store.JobCounts(ctx)
	if err == nil {
		q.counts.Store(&c)
	}
	return err
}

// classify turns an error of a kind into its parts.
func classify(err error) (permanent bool, postponed *errPostponed) {
	if _, ok := errors.AsType[errPermanent](err); ok {
		return true, nil
	}
	if p, ok := errors.AsType[errPostponed](err); ok {
		return false, &p
	}
	return false, nil
}
