package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// groupLimit is how many transactions are put into one commit at most.
const groupLimit = 64

// groupWriter runs the writing transactions of a database that lets one write
// at a time. Those that wait together are committed together, each behind a
// savepoint of its own, so that one flush to disk serves all of them: the answer
// to each comes after the commit.
type groupWriter struct {
	db    *DB
	jobs  chan *writeJob
	quit  chan struct{}
	end   sync.Once
	ended sync.WaitGroup
}

type writeJob struct {
	ctx  context.Context
	f    func(ctx context.Context) error
	err  error
	done chan struct{}
}

func newGroupWriter(db *DB) *groupWriter {
	w := &groupWriter{db: db, jobs: make(chan *writeJob, groupLimit), quit: make(chan struct{})}
	w.ended.Go(w.loop)
	return w
}

func (w *groupWriter) stop() {
	w.end.Do(func() { close(w.quit) })
	w.ended.Wait()
}

var errClosed = errors.New("database is closed")

func (w *groupWriter) do(ctx context.Context, f func(ctx context.Context) error) error {
	j := &writeJob{ctx: ctx, f: f, done: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errClosed
	}
	select {
	case <-j.done:
		return public(j.err)
	case <-w.quit:
		return errClosed
	}
}

func (w *groupWriter) loop() {
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			group := []*writeJob{j}
		fill:
			for len(group) < groupLimit {
				select {
				case j := <-w.jobs:
					group = append(group, j)
				default:
					break fill
				}
			}
			w.run(group)
			for _, j := range group {
				close(j.done)
			}
		}
	}
}

func (w *groupWriter) run(group []*writeJob) {
	// Not the context of one request: its end must not take the others along.
	tx, err := w.db.pool.BeginTx(context.Background(), nil)
	if err == nil {
		for _, j := range group {
			j.err = w.one(tx, j)
		}
		err = tx.Commit()
		w.db.prepareWanted(context.Background())
	}
	if err != nil {
		for _, j := range group {
			if j.err == nil {
				j.err = err
			}
		}
	}
}

func (w *groupWriter) one(tx *sql.Tx, j *writeJob) (err error) {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	ctx := context.WithValue(context.WithoutCancel(j.ctx), txKey{}, tx)
	if _, err := w.db.execTx(ctx, tx, "SAVEPOINT one", nil); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("panic in a transaction")
			w.db.log.Error("panic in a transaction", "panic", p)
		}
		if err != nil {
			if _, rerr := w.db.execTx(ctx, tx, "ROLLBACK TO one", nil); rerr != nil {
				err = errors.Join(err, rerr)
			}
		}
		if _, rerr := w.db.execTx(ctx, tx, "RELEASE one", nil); rerr != nil {
			err = errors.Join(err, rerr)
		}
	}()
	return j.f(ctx)
}
