package audit

import (
	"context"
	"log/slog"
	"time"
)

const (
	// forwardChunk is how many rows are sent at once.
	forwardChunk = 500
	// forwardLease is how long a server that says nothing keeps the others from
	// sending.
	forwardLease = 30 * time.Second
	// confirmAfter is how long a connection must last after rows were sent over it
	// for them to count as received.
	confirmAfter = 5 * time.Second
	// gapAge is how old the row behind a missing number must be for the number to
	// be passed over: a transaction that has it may still be on its way.
	gapAge = 2 * time.Minute
)

// ForwardStore keeps how far rows have been sent.
type ForwardStore interface {
	// ClaimCursor takes the cursor of a name, unless another owner has claimed it
	// within the lease. A new cursor begins at the newest row.
	ClaimCursor(ctx context.Context, name, owner string, now time.Time, lease time.Duration) (sent int64, ok bool, err error)
	// MoveCursor sets how far rows are received; false when it is another's now.
	MoveCursor(ctx context.Context, name, owner string, sent int64, now time.Time) (ok bool, err error)
	AuditAfter(ctx context.Context, f Filter, id int64, limit int) ([]Row, error)
}

// Forwarder sends all rows to a collector, one server of the installation at a
// time, so that none is lost: what was sent over a connection that ended soon
// afterwards is sent again. The collector knows rows by their numbers.
type Forwarder struct {
	Store ForwardStore
	// Name of the cursor, Owner of this process.
	Name, Owner string
	Send        func(ctx context.Context, rows []Row) error
	// Alive reports whether the connection of the last Send is there.
	Alive func() bool
	// Sure senders know at once that rows were received, or never.
	Sure bool
	Now  func() time.Time
	Log  *slog.Logger

	pos  int64 // all rows up to this were sent
	sent []sentRows
}

type sentRows struct {
	at time.Time
	to int64
}

// Run sends what there is to send now. It is called again and again.
func (f *Forwarder) Run(ctx context.Context) error {
	received, ok, err := f.Store.ClaimCursor(ctx, f.Name, f.Owner, f.Now(), forwardLease)
	if err != nil || !ok {
		f.pos, f.sent = 0, nil
		return err
	}
	f.pos = max(f.pos, received)
	for {
		if len(f.sent) > 0 && !f.Sure && !f.Alive() {
			f.pos, f.sent = received, nil // once more, over a new connection
		}
		rows, err := f.Store.AuditAfter(ctx, Filter{}, f.pos, forwardChunk)
		if err != nil {
			return err
		}
		full := len(rows) == forwardChunk
		if rows = f.ripe(rows); len(rows) > 0 {
			if err := f.Send(ctx, rows); err != nil {
				f.pos, f.sent = received, nil
				return err
			}
			f.pos = rows[len(rows)-1].ID
			f.sent = append(f.sent, sentRows{f.Now(), f.pos})
		}
		before := received
		if received = f.confirmed(received); received != before {
			if ok, err := f.Store.MoveCursor(ctx, f.Name, f.Owner, received, f.Now()); err != nil || !ok {
				f.pos, f.sent = 0, nil
				return err
			}
		}
		if !full || len(rows) == 0 {
			return nil
		}
	}
}

// ripe cuts rows off behind a number that may still come.
func (f *Forwarder) ripe(rows []Row) []Row {
	last := f.pos
	for i, r := range rows {
		if r.ID != last+1 && (r.Date == nil || f.Now().Sub(*r.Date) < gapAge) {
			return rows[:i]
		}
		last = r.ID
	}
	return rows
}

// confirmed is how far rows count as received.
func (f *Forwarder) confirmed(received int64) int64 {
	for len(f.sent) > 0 && (f.Sure || f.Alive() && f.Now().Sub(f.sent[0].at) >= confirmAfter) {
		received, f.sent = f.sent[0].to, f.sent[1:]
	}
	return received
}
