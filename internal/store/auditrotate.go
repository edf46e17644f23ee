package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"edumfa/internal/audit"
)

// AuditNewest is the number of the row that n rows are newer than.
func (db *DB) AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error) {
	err = db.queryOne(ctx, "SELECT id FROM mfa_audit ORDER BY id DESC LIMIT 1 OFFSET ?", []any{n}, &id)
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	return id, err == nil, err
}

// AuditBefore finds the first rows behind a place, in the order of date and
// number, that were written before a moment.
func (db *DB) AuditBefore(ctx context.Context, before time.Time, behind audit.Place, limit int) ([]audit.Row, error) {
	w := &where{}
	w.add("date < ?", naive(before.In(db.local)))
	if !behind.Date.IsZero() {
		// Said twice: products find their place in the index by the first part alone.
		at := naive(behind.Date)
		w.add("date >= ? AND (date > ? OR id > ?)", at, at, behind.ID)
	}
	var list []audit.Row
	err := db.query(ctx, "SELECT "+db.auditSelect()+" FROM mfa_audit"+w.text()+" ORDER BY date, id LIMIT ?", append(w.args, limit), func(r *sql.Rows) error {
		a, err := db.scanAudit(r)
		list = append(list, a)
		return err
	})
	return list, err
}

// DeleteAudit removes audit rows in one transaction.
func (db *DB) DeleteAudit(ctx context.Context, ids []int64) (deleted int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	in, args := inList(ids)
	deleted, err = db.exec(ctx, "DELETE FROM mfa_audit WHERE id IN "+in, args...)
	return deleted, public(err)
}
