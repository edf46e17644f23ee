package store

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"edumfa/internal/mfaerr"
)

// Limits of running a transaction again. A server may make a transaction wait
// most of a minute before it gives it up, so the time counts as well.
const (
	mostRuns     = 30
	mostPatience = 30 * time.Second
	longestPause = 50 * time.Millisecond
)

// errRaced says that a row which was not there a moment ago is there now: the
// transaction finds it when it is run again.
var errRaced = errors.New("another transaction wrote the same row")

// raced turns the failure of an insert that followed a look into errRaced.
func raced(err error) error {
	if duplicate(err) {
		return errors.Join(errRaced, err)
	}
	return err
}

// givenUp reports that a transaction failed for the sake of another one, and may
// succeed when it is run again.
func givenUp(err error) bool { return tryAgain(err) || errors.Is(err, errRaced) }

// runAgain runs a transaction that was given up until it gets through.
//
// With isolations stricter than READ COMMITTED every commit ends all others that
// wait for the same row. So the second runs of one server queue up: together
// they would only end each other. Other servers do the same, hence the pauses of
// uneven length. It fails with kind Busy: the client may come again.
func (db *DB) runAgain(ctx context.Context, f func(ctx context.Context) error, err error) error {
	started := db.now()
	select {
	case db.again <- struct{}{}:
		defer func() { <-db.again }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for i := range mostRuns {
		if err = db.runTx(ctx, f); !givenUp(err) {
			return err
		}
		if db.now().Sub(started) > mostPatience {
			break
		}
		pause := time.NewTimer(uneven(min(longestPause, time.Millisecond<<min(i, 10))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
	return &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "Too many requests for the same thing at once.", RetryAfter: time.Second, Cause: err}
}

// uneven is some part of the longest pause.
func uneven(longest time.Duration) time.Duration {
	var b [1]byte
	_, _ = rand.Read(b[:])
	return longest * time.Duration(b[0]) / 256
}
