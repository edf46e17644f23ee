package store

import (
	"context"
	"errors"
	"time"
)

// ClaimCursor takes the cursor of a name, unless another owner has claimed it
// within the lease. A new cursor begins at the newest row.
func (db *DB) ClaimCursor(ctx context.Context, name, owner string, now time.Time, lease time.Duration) (sent int64, ok bool, err error) {
	at := now.UnixMilli()
	err = db.InTx(ctx, func(ctx context.Context) error {
		n, err := db.exec(ctx, "UPDATE go_audit_cursor SET claim = ?, claimed = ? WHERE name = ? AND (claim = ? OR claimed < ?)",
			owner, at, name, owner, at-lease.Milliseconds())
		if err != nil {
			return err
		}
		err = db.queryOne(ctx, "SELECT sent FROM go_audit_cursor WHERE name = ?", []any{name}, &sent)
		if n > 0 || err == nil || !errors.Is(err, ErrNotFound) {
			ok = n > 0
			return err
		}
		newest, _, err := db.AuditNewest(ctx, 0)
		if err != nil {
			return err
		}
		sent, ok = newest, true
		_, err = db.exec(ctx, "INSERT INTO go_audit_cursor (name, sent, claim, claimed) VALUES (?, ?, ?, ?)", name, newest, owner, at)
		return raced(err)
	})
	return sent, ok && err == nil, err
}

// MoveCursor sets how far rows are received; false when it is another's now.
func (db *DB) MoveCursor(ctx context.Context, name, owner string, sent int64, now time.Time) (bool, error) {
	n, err := db.exec(ctx, "UPDATE go_audit_cursor SET sent = ?, claimed = ? WHERE name = ? AND claim = ?", sent, now.UnixMilli(), name, owner)
	return n == 1, public(err)
}
