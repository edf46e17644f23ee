package task

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

const (
	// lease is how long a node has a task to itself; it renews it while it works.
	lease = 3 * time.Minute
	// renewEvery is how often.
	renewEvery = 30 * time.Second
	// longest is how long one run may take.
	longest = 6 * time.Hour
	// retryPause is how long all nodes wait behind a run that failed.
	retryPause = 5 * time.Minute
	// lookEvery is how often a node looks for tasks that are due.
	lookEvery = time.Minute
	// maxNode is how much of a node's name is part of the name of its lease, in
	// bytes.
	maxNode = 200
)

// ErrTaken says that another process runs the task now.
var ErrTaken = errors.New("another server runs the task now")

// Store keeps definitions, their runs, and who has which task.
type Store interface {
	PeriodicTasks(ctx context.Context) ([]Task, error)
	// NoteRun stores when a node ran a task.
	NoteRun(ctx context.Context, id int64, node string, at time.Time) error
	// TakeLease gives a name to a holder until a time, unless somebody has it. A
	// pause, which nobody holds, counts only if respectPause is set.
	TakeLease(ctx context.Context, name, holder string, now, until time.Time, respectPause bool) (bool, error)
	// KeepLease moves the end of the holder's lease.
	KeepLease(ctx context.Context, name, holder string, until time.Time) (bool, error)
	// FreeLease ends the holder's lease; until a time after now everybody pauses.
	FreeLease(ctx context.Context, name, holder string, until time.Time) error
}

// Runner runs tasks. Its methods are safe for concurrent use.
type Runner struct {
	Store Store
	Kinds []Kind
	Node  string
	Now   func() time.Time
	Local *time.Location
	Log   *slog.Logger
	// Ended is told of every run; nil hears nothing.
	Ended func(module string, err error)
}

// Kind finds a kind by its module name.
func (r *Runner) Kind(module string) (Kind, bool) {
	for _, k := range r.Kinds {
		if k.Module() == module {
			return k, true
		}
	}
	return nil, false
}

// Work runs what is due until ctx ends. The first look is a while after the
// start, so that a server that is started and stopped again and again does not
// begin something each time.
func (r *Runner) Work(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := r.RunDue(ctx); err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "periodic tasks cannot be looked at", "error", err)
		}
	}
}

// RunDue runs the tasks of this node that no node has run since they were due, in
// their order. What fails is logged.
func (r *Runner) RunDue(ctx context.Context) error {
	list, err := r.tasks(ctx)
	if err != nil {
		return err
	}
	for _, t := range list {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !r.mine(t) {
			continue
		}
		_, err := r.run(ctx, t, r.Node, true, r.mine)
		if err != nil && !errors.Is(err, ErrTaken) {
			r.Log.ErrorContext(ctx, "periodic task failed", "task", t.Name, "module", t.Module, "error", err)
		}
	}
	return nil
}

// mine reports whether this node has to run a task now.
func (r *Runner) mine(t Task) bool {
	if r.perNode(t) {
		return t.DueOn(r.Node, r.Now(), r.Local)
	}
	return t.On(r.Node) && t.Due(r.Now(), r.Local)
}

func (r *Runner) perNode(t Task) bool {
	k, _ := r.Kind(t.Module)
	p, can := k.(PerNode)
	return can && p.PerNode()
}

// tasks lists the definitions in the order in which they run.
func (r *Runner) tasks(ctx context.Context) ([]Task, error) {
	list, err := r.Store.PeriodicTasks(ctx)
	slices.SortStableFunc(list, func(a, b Task) int { return cmp.Compare(a.Ordering, b.Ordering) })
	return list, err
}

// DueOn lists the tasks that a node, asked alone, has to run now.
func (r *Runner) DueOn(ctx context.Context, node string) ([]Task, error) {
	list, err := r.tasks(ctx)
	return slices.DeleteFunc(list, func(t Task) bool { return !t.DueOn(node, r.Now(), r.Local) }), err
}

// RunOn runs a task for a node, whether it is due or not, unless another process
// is just running it (ErrTaken).
func (r *Runner) RunOn(ctx context.Context, t Task, node string) (report string, err error) {
	return r.run(ctx, t, node, false, func(Task) bool { return true })
}

// run takes the lease, looks whether the task is still wanted, runs it and notes
// the run.
func (r *Runner) run(ctx context.Context, t Task, node string, respectPause bool, wanted func(now Task) bool) (report string, err error) {
	name, holder := fmt.Sprintf("task:%d", t.ID), rand.Text()
	if r.perNode(t) {
		name += ":" + node[:min(len(node), maxNode)]
	}
	ours, err := r.Store.TakeLease(ctx, name, holder, r.Now(), r.Now().Add(lease), respectPause)
	if err != nil {
		return "", err
	}
	if !ours {
		return "", ErrTaken
	}
	pause := time.Time{}
	// Whatever happens to the request, the lease does not stay.
	defer func() {
		if ferr := r.Store.FreeLease(context.WithoutCancel(ctx), name, holder, pause); ferr != nil {
			err = errors.Join(err, ferr)
		}
	}()
	now, there, err := r.again(ctx, t.ID)
	if err != nil || !there || !wanted(now) {
		return "", err
	}
	report, err = r.withLease(ctx, now, name, holder)
	if r.Ended != nil {
		r.Ended(now.Module, err)
	}
	if err != nil && (now.Retry || ctx.Err() != nil) {
		pause = r.Now().Add(retryPause)
		return report, err
	}
	r.Log.InfoContext(ctx, "periodic task ended", "task", now.Name, "module", now.Module, "report", report)
	return report, errors.Join(err, r.Store.NoteRun(context.WithoutCancel(ctx), now.ID, node, r.Now()))
}

// again reads a task as it is now.
func (r *Runner) again(ctx context.Context, id int64) (Task, bool, error) {
	list, err := r.Store.PeriodicTasks(ctx)
	for _, t := range list {
		if t.ID == id {
			return t, true, err
		}
	}
	return Task{}, false, err
}

// withLease runs the kind while the lease is renewed. Without the lease the run
// is stopped.
func (r *Runner) withLease(ctx context.Context, t Task, name, holder string) (string, error) {
	k, known := r.Kind(t.Module)
	if !known {
		return "", ErrModule(t.Module)
	}
	ctx, stop := context.WithTimeout(ctx, longest)
	var renewing sync.WaitGroup
	defer renewing.Wait()
	defer stop()
	renewing.Go(func() {
		tick := time.NewTicker(renewEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if ours, err := r.Store.KeepLease(ctx, name, holder, r.Now().Add(lease)); err == nil && !ours {
				r.Log.ErrorContext(ctx, "another server has the task now, this one stops", "task", t.Name)
				stop()
				return
			}
		}
	})
	return r.guarded(ctx, k, t)
}

// guarded turns a panic into an error.
func (r *Runner) guarded(ctx context.Context, k Kind, t Task) (report string, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.ErrorContext(ctx, "panic in a task", "task", t.Name, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("panic in the task")
		}
	}()
	return k.Run(ctx, Values(t.Options))
}
