package sqlusers

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/resolver"
)

const (
	// answerTime is how long the database may take once there is a connection.
	answerTime = 10 * time.Second
	// Failures in a row after which the database is left alone for a pause, so
	// that a dead one does not make every login wait.
	breakAfter = 3
	breakPause = 5 * time.Second
)

// errUnanswered marks failures that say nothing about the question.
var errUnanswered = errors.New("no answer from the database")

// read asks a question that changes nothing, and asks again over a new
// connection when the one in use turns out to be dead.
func (s *store) read(ctx context.Context, f func(context.Context, *sql.Conn, *table) error) error {
	return s.ask(ctx, f, dburi.Disconnected)
}

// write asks again only if the driver vouches that nothing was sent.
func (s *store) write(ctx context.Context, f func(context.Context, *sql.Conn, *table) error) error {
	return s.ask(ctx, f, func(err error) bool { return errors.Is(err, driver.ErrBadConn) })
}

func (s *store) ask(ctx context.Context, f func(context.Context, *sql.Conn, *table) error, again func(error) bool) error {
	try, err := s.breaker.Allow()
	if err != nil {
		return fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	}
	defer try.Drop()
	err = s.once(ctx, f)
	if errors.Is(err, errUnanswered) && again(err) && ctx.Err() == nil {
		s.log.InfoContext(ctx, "connection to the user store was lost, trying a new one", "resolver", s.name, "error", err)
		s.dropIdle()
		err = s.once(ctx, f)
	}
	switch {
	case !errors.Is(err, errUnanswered):
		try.Succeed()
		return err
	case !errors.Is(ctx.Err(), context.Canceled):
		try.Fail()
	}
	return fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
}

// once borrows a connection, makes sure of the table and asks.
func (s *store) once(ctx context.Context, f func(context.Context, *sql.Conn, *table) error) error {
	wait, cancel := context.WithTimeout(ctx, s.set.poolTimeout)
	defer cancel()
	conn, err := s.db.Conn(wait)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnanswered, err)
	}
	defer conn.Close()
	limited, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	t := s.table.Load()
	if t == nil {
		if t, err = describe(limited, conn, s.set.target.Dialect, s.set.table); err != nil {
			return s.judge(limited, err)
		}
		s.table.Store(t)
	}
	return s.judge(limited, f(limited, conn, t))
}

// judge tells failures of the connection from faults of the statement. After a
// fault the table is described anew, for it may have been changed.
func (s *store) judge(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, resolver.ErrNoUser):
		return err
	case ctx.Err() != nil, dburi.Disconnected(err), dburi.Retry(err):
		return fmt.Errorf("%w: %w", errUnanswered, err)
	}
	s.table.Store(nil)
	return err
}

// dropIdle closes the connections that wait for use: when the server has ended
// one of them, it mostly has ended all.
func (s *store) dropIdle() {
	s.db.SetMaxIdleConns(-1)
	s.db.SetMaxIdleConns(s.idle())
}

func (s *store) idle() int { return max(s.set.poolSize, 1) }
