package audit

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Rotation deletes old rows. It reads and deletes chunk by chunk, each in a
// transaction of its own, so it needs the same memory for a thousand rows and for
// a hundred million, and logins wait no longer for it than for one another.
// Exactly one of Rules, Age and High counts, in this order.
type Rotation struct {
	// Rules say for each row how long it is kept; nil has none.
	Rules []Rule
	// Age, when not nil, is how long rows are kept.
	Age *time.Duration
	// High and Low count rows: as soon as there are more than High, all go but the
	// newest Low and the one before them.
	High, Low int
	// Chunk is how many rows are deleted in one transaction; zero is 500.
	Chunk int
	// DryRun only counts.
	DryRun bool
	// Check, when not nil, is asked for every row that would be deleted. Rows that
	// it finds wrong stay, as evidence.
	Check func(Row) bool
	// Announce, when not nil, is told of rows before they are deleted.
	Announce func(ctx context.Context, ids []int64) error
}

// announcedAtOnce is how many rows are announced together, at least.
const announcedAtOnce = 10_000

// defaultChunk is how many rows are read and deleted at once.
const defaultChunk = 500

// Rotated is what a rotation did, or would do.
type Rotated struct {
	Deleted int64
	// Kept are rows that would have been deleted but are not as they were written.
	Kept []int64
}

// RotationStore is what rotation needs of the database.
type RotationStore interface {
	// AuditNewest is the number of the row that n rows are newer than; false when
	// there is none.
	AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error)
	// AuditAfter finds the first rows with numbers above id.
	AuditAfter(ctx context.Context, f Filter, id int64, limit int) ([]Row, error)
	// AuditBefore finds the first rows behind a place, in the order of date and
	// number, that were written before a moment.
	AuditBefore(ctx context.Context, before time.Time, behind Place, limit int) ([]Row, error)
	// DeleteAudit removes rows in one transaction.
	DeleteAudit(ctx context.Context, ids []int64) (deleted int64, err error)
}

// Place is where reading rows by date has come.
type Place struct {
	Date time.Time
	ID   int64
}

// Run rotates. What it has deleted when it fails stays deleted, and is reported.
func (r Rotation) Run(ctx context.Context, s RotationStore, now time.Time) (Rotated, error) {
	if r.Chunk <= 0 {
		r.Chunk = defaultChunk
	}
	switch {
	case r.Rules != nil:
		return r.run(ctx, s, byDate(s, now.Add(-shortest(r.Rules)), r.Chunk), func(row Row) (bool, error) { return Expired(r.Rules, row, now) })
	case r.Age != nil:
		return r.run(ctx, s, byDate(s, now.Add(-*r.Age), r.Chunk), func(Row) (bool, error) { return true, nil })
	}
	if r.High < 0 || r.Low < 0 {
		return Rotated{}, fmt.Errorf("numbers of rows cannot be negative")
	}
	if _, more, err := s.AuditNewest(ctx, r.High); err != nil || !more {
		return Rotated{}, err
	}
	keep, more, err := s.AuditNewest(ctx, r.Low)
	if err != nil || !more {
		return Rotated{}, err
	}
	return r.run(ctx, s, byNumber(s, keep-1, r.Chunk), func(Row) (bool, error) { return true, nil })
}

// byNumber reads the rows up to a number, one chunk at each call.
func byNumber(s RotationStore, last int64, chunk int) func(context.Context) ([]Row, error) {
	at := int64(-1 << 62)
	return func(ctx context.Context) ([]Row, error) {
		list, err := s.AuditAfter(ctx, Filter{Last: last}, at, chunk)
		if len(list) > 0 {
			at = list[len(list)-1].ID
		}
		return list, err
	}
}

// byDate reads the rows written before a moment, one chunk at each call.
func byDate(s RotationStore, before time.Time, chunk int) func(context.Context) ([]Row, error) {
	var at Place
	return func(ctx context.Context) ([]Row, error) {
		list, err := s.AuditBefore(ctx, before, at, chunk)
		if len(list) > 0 {
			last := list[len(list)-1]
			at = Place{*last.Date, last.ID}
		}
		return list, err
	}
}

func (r Rotation) run(ctx context.Context, s RotationStore, read func(context.Context) ([]Row, error), goes func(Row) (bool, error)) (done Rotated, err error) {
	var ids []int64
	for {
		list, err := read(ctx)
		if err != nil {
			return done, err
		}
		for _, row := range list {
			old, err := goes(row)
			if err != nil {
				return done, err
			}
			switch {
			case !old:
			case r.Check != nil && !r.Check(row):
				done.Kept = append(done.Kept, row.ID)
			default:
				ids = append(ids, row.ID)
			}
		}
		end := len(list) < r.Chunk
		if end || r.Announce == nil || len(ids) >= announcedAtOnce {
			n, err := r.remove(ctx, s, ids)
			done.Deleted += n
			if err != nil {
				return done, err
			}
			ids = ids[:0]
		}
		if end {
			return done, nil
		}
	}
}

// remove announces and deletes rows, a chunk at a time.
func (r Rotation) remove(ctx context.Context, s RotationStore, ids []int64) (deleted int64, err error) {
	if r.DryRun || len(ids) == 0 {
		return int64(len(ids)), nil
	}
	if r.Announce != nil {
		if err := r.Announce(ctx, ids); err != nil {
			return 0, err
		}
	}
	for part := range slices.Chunk(ids, r.Chunk) {
		n, err := s.DeleteAudit(ctx, part)
		deleted += n
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// shortest is the time after which the first row may go.
func shortest(rules []Rule) time.Duration {
	least := time.Duration(1<<63 - 1)
	for _, rule := range rules {
		least = min(least, rule.Keep)
	}
	return least
}
