package app

import (
	"context"
	"sync"
	"time"
)

const (
	// cleanEvery is how often leftovers are looked for.
	cleanEvery = time.Minute
	// challengeGrace is how long an expired challenge stays, so that who asks for
	// it is told that it came too late.
	challengeGrace = 10 * time.Minute
	// cleanPortion is how many rows one transaction deletes at most: logins wait
	// no longer for it than for one another.
	cleanPortion = 500
)

// Start begins what a serving node does without being asked. It ends with ctx;
// stop ends it as well and waits until it is over.
func (a *App) Start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.every(ctx, cleanEvery, a.clean) })
	running.Go(func() { a.every(ctx, refreshJobs, a.countJobs) })
	running.Go(func() { a.Queue.Work(ctx) })
	if a.audit.forward != nil {
		running.Go(func() { a.audit.send(ctx, a.deps.Log) })
	}
	if a.audit.signing != nil && a.audit.signing.Chain != nil {
		running.Go(func() { a.audit.seal(ctx, a.deps.Log) })
	}
	if a.Config.TaskScheduler {
		running.Go(func() { a.Tasks.Work(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// every runs a job now and then again; a job that fails is tried next time.
func (a *App) every(ctx context.Context, pause time.Duration, job func(context.Context) error) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := job(ctx); err != nil && ctx.Err() == nil {
			a.deps.Log.WarnContext(ctx, "background work failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// clean removes challenges that nobody can answer any more.
func (a *App) clean(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := a.Store.DeleteExpiredChallenges(ctx, a.deps.Now().Add(-challengeGrace), cleanPortion)
		if err != nil || n < cleanPortion {
			return err
		}
	}
	return nil
}
