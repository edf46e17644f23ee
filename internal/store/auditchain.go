package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/audit"
)

const checkpointColumns = "number, kind, written, node, first_row, last_row, row_count, content, digest, previous, signature"

func (db *DB) checkpoints(ctx context.Context, rest string, args ...any) (list []audit.Checkpoint, err error) {
	err = db.query(ctx, "SELECT "+checkpointColumns+" FROM go_audit_checkpoint "+rest, args, func(r *sql.Rows) error {
		var c audit.Checkpoint
		err := r.Scan(&c.Number, textTo{&c.Kind}, &c.Written, textTo{&c.Node}, &c.First, &c.Last, &c.Count, textTo{&c.Content}, textTo{&c.Digest},
			textTo{&c.Previous}, textTo{&c.Signature})
		list = append(list, c)
		return err
	})
	return list, err
}

// LastCheckpoint is the newest checkpoint of the audit log.
func (db *DB) LastCheckpoint(ctx context.Context) (audit.Checkpoint, bool, error) {
	list, err := db.checkpoints(ctx, "ORDER BY number DESC LIMIT 1")
	if err != nil || len(list) == 0 {
		return audit.Checkpoint{}, false, err
	}
	return list[0], true, nil
}

// CheckpointsAfter finds the first checkpoints above a number.
func (db *DB) CheckpointsAfter(ctx context.Context, number int64, limit int) ([]audit.Checkpoint, error) {
	return db.checkpoints(ctx, "WHERE number > ? ORDER BY number LIMIT ?", number, limit)
}

// CheckpointsOver finds the checkpoints that name rows of a range, or could.
func (db *DB) CheckpointsOver(ctx context.Context, r audit.Range) ([]audit.Checkpoint, error) {
	// None is longer than the span, so the index need not be read to its end.
	return db.checkpoints(ctx, "WHERE last_row >= ? AND last_row <= ? AND first_row <= ? ORDER BY number", r.First, r.Last+audit.CheckpointSpan, r.Last)
}

var errTaken = errors.New("the number of the checkpoint is taken")

// AddCheckpoint adds a checkpoint; false when its number is taken.
func (db *DB) AddCheckpoint(ctx context.Context, c audit.Checkpoint) (bool, error) {
	err := db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, "INSERT INTO go_audit_checkpoint ("+checkpointColumns+") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
			c.Number, c.Kind, c.Written, c.Node, c.First, c.Last, c.Count, c.Content, c.Digest, c.Previous, c.Signature)
		if duplicate(err) {
			return errTaken
		}
		return err
	})
	if errors.Is(err, errTaken) {
		return false, nil
	}
	return err == nil, err
}

// emptiedAtOnce is how many checkpoints one transaction empties.
const emptiedAtOnce = 500

// EmptyCheckpoints removes the lists of rows from checkpoints whose rows are all
// below a number, which have been removed. What links the chain stays.
func (db *DB) EmptyCheckpoints(ctx context.Context, below int64) error {
	for last := int64(0); ; {
		var numbers []int64
		err := db.query(ctx, "SELECT number FROM go_audit_checkpoint WHERE number > ? AND last_row < ? AND kind = ? AND content <> '' ORDER BY number LIMIT ?",
			[]any{last, below, audit.RowsWritten, emptiedAtOnce}, func(r *sql.Rows) error {
				var n int64
				err := r.Scan(&n)
				numbers = append(numbers, n)
				last = n
				return err
			})
		if err != nil || len(numbers) == 0 {
			return err
		}
		in, args := inList(numbers)
		if _, err := db.exec(ctx, "UPDATE go_audit_checkpoint SET content = '' WHERE number IN "+in, args...); err != nil {
			return public(err)
		}
	}
}
