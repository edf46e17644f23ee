package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/logging"
	"edumfa/internal/mfaerr"
	"edumfa/internal/store"
)

// auditLog is the database, with the audit log where the configuration wants it.
type auditLog struct {
	*store.DB
	rows *store.DB // the database with the table of the audit log
	// write and read say that rows are written to the table and read from it.
	write, read bool
	// line writes a row to the log; nil does not.
	line    func(audit.Row) error
	own     *logging.Logs  // that were opened for the rows alone, or nil
	signing *audit.Signing // nil leaves rows unsigned
	full    chan struct{}  // there are rows enough for a checkpoint
	forward *audit.Forwarder
	hangUp  func() // ends the forwarder's connection
}

// separate reports whether the rows have a database of their own.
func (l *auditLog) separate() bool { return l.rows != l.DB }

// Apply carries out the changes and stores the audit row. In one database both
// is one transaction. Otherwise the changes come first: an answer whose row
// cannot be stored is not sent, but what was changed stays changed. A value that
// was used up is then used up without an answer, never the other way round.
func (l *auditLog) Apply(ctx context.Context, changes []change.Change, entry *audit.Entry) error {
	if entry == nil {
		return l.DB.Apply(ctx, changes, nil)
	}
	inside := l.write && !l.separate()
	switch {
	case inside:
		if err := l.DB.Apply(ctx, changes, entry); err != nil {
			return err
		}
	case len(changes) > 0:
		if err := l.DB.Apply(ctx, changes, nil); err != nil {
			return err
		}
	}
	if l.write && !inside {
		if err := l.rows.Apply(ctx, nil, entry); err != nil {
			return err
		}
	}
	if l.write && l.signing != nil && l.signing.Chain != nil && l.signing.Chain.Note(entry.Row) {
		select {
		case l.full <- struct{}{}:
		default: // it is known
		}
	}
	if l.line == nil {
		return nil
	}
	if err := l.line(entry.Row); err != nil {
		return &mfaerr.Error{Kind: mfaerr.Database, Code: mfaerr.CodeDatabase, Cause: fmt.Errorf("audit log: %w", err)}
	}
	return nil
}

// AuditPage finds one page of rows.
func (l *auditLog) AuditPage(ctx context.Context, f audit.Filter, desc bool, offset, limit int) (audit.Page, error) {
	if !l.read {
		return audit.Page{Exact: true}, nil
	}
	return l.rows.AuditPage(ctx, f, desc, offset, limit)
}

// AuditNarrow prepares a filter for reading many rows.
func (l *auditLog) AuditNarrow(ctx context.Context, f audit.Filter) (audit.Filter, error) {
	if !l.read {
		return f, nil
	}
	return l.rows.AuditNarrow(ctx, f)
}

// AuditAfter finds the first rows with numbers above id.
func (l *auditLog) AuditAfter(ctx context.Context, f audit.Filter, id int64, limit int) ([]audit.Row, error) {
	if !l.read {
		return nil, nil
	}
	return l.rows.AuditAfter(ctx, f, id, limit)
}

// AuditNewest is the number of the row that n rows are newer than.
func (l *auditLog) AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error) {
	if !l.read {
		return 0, false, nil
	}
	return l.rows.AuditNewest(ctx, n)
}

// AuditNumbers tells which of the numbers exist.
func (l *auditLog) AuditNumbers(ctx context.Context, ids []int64) (map[int64]bool, error) {
	if !l.read {
		return nil, nil
	}
	return l.rows.AuditNumbers(ctx, ids)
}

// CountLogins counts attempts to log in; there are none in what cannot be read.
func (l *auditLog) CountLogins(ctx context.Context, q audit.Logins, limit int) (int, error) {
	if !l.read {
		return 0, nil
	}
	return l.rows.CountLogins(ctx, q, limit)
}

// sealTime is how long the last rows may take to be sealed.
const sealTime = 5 * time.Second

// Close seals what is left and ends the connections of a database of its own.
func (l *auditLog) Close() error {
	var err error
	if l.signing != nil && l.signing.Chain != nil {
		ctx, cancel := context.WithTimeout(context.Background(), sealTime)
		defer cancel()
		err = l.signing.Chain.Seal(ctx)
	}
	if l.own != nil {
		err = errors.Join(err, l.own.Close())
	}
	if l.separate() {
		err = errors.Join(err, l.rows.Close())
	}
	return err
}

// sealEvery is how long a row waits for its checkpoint, adoptEvery how often rows
// are looked for that processes left behind.
const (
	sealEvery  = time.Second
	adoptEvery = time.Minute
)

// forwardEvery is how often rows are looked for that are to be sent, forwardPause
// how long a collector that cannot be reached is left alone.
const (
	forwardEvery = time.Second
	forwardPause = 2 * time.Second
)

// send sends rows to the collector until ctx ends.
func (l *auditLog) send(ctx context.Context, log *slog.Logger) {
	defer l.hangUp()
	for {
		pause := forwardEvery
		if err := l.forward.Run(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "audit rows cannot be sent; they are kept for the next time", "error", err)
			pause = forwardPause
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// seal seals rows until ctx ends.
func (l *auditLog) seal(ctx context.Context, log *slog.Logger) {
	chain := l.signing.Chain
	tick, adopt := time.NewTicker(sealEvery), time.NewTicker(adoptEvery)
	defer tick.Stop()
	defer adopt.Stop()
	do := func(what func(context.Context) error) {
		if err := what(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "audit rows cannot be sealed; they are kept for the next time", "error", err)
		}
	}
	do(chain.Adopt)
	for {
		select {
		case <-ctx.Done():
			return
		case <-adopt.C:
			do(chain.Adopt)
		case <-tick.C:
			do(chain.Seal)
		case <-l.full:
			do(chain.Seal)
		}
	}
}
