package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"edumfa/internal/settings"
)

// Settings reads the whole system configuration, secrets encrypted.
func (db *DB) Settings(ctx context.Context) ([]settings.Entry, error) {
	var list []settings.Entry
	err := db.query(ctx, `SELECT "Key", "Value", "Type", "Description" FROM config`, nil, func(r *sql.Rows) error {
		var e settings.Entry
		err := r.Scan(&e.Key, textTo{&e.Value}, textTo{&e.Type}, textTo{&e.Description})
		list = append(list, e)
		return err
	})
	return list, err
}

// SetSetting writes an entry. An empty Type or Description keeps what an
// existing row has. It reports whether the row is new.
func (db *DB) SetSetting(ctx context.Context, e settings.Entry) (inserted bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		inserted = false
		var old settings.Entry
		err := db.queryOne(ctx, `SELECT "Type", "Description" FROM config WHERE "Key" = ?`, []any{e.Key}, textTo{&old.Type}, textTo{&old.Description})
		if errors.Is(err, ErrNotFound) {
			inserted = true
			_, err = db.exec(ctx, `INSERT INTO config ("Key", "Value", "Type", "Description") VALUES (?, ?, ?, ?)`, e.Key, e.Value, e.Type, e.Description)
			err = raced(err)
		} else if err == nil {
			if e.Type == "" {
				e.Type = old.Type
			}
			if e.Description == "" {
				e.Description = old.Description
			}
			_, err = db.exec(ctx, `UPDATE config SET "Value" = ?, "Type" = ?, "Description" = ? WHERE "Key" = ?`, e.Value, e.Type, e.Description, e.Key)
		}
		if err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return inserted, err
}

// DeleteSetting removes an entry; it reports whether it was there.
func (db *DB) DeleteSetting(ctx context.Context, key string) (found bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		n, err := db.exec(ctx, `DELETE FROM config WHERE "Key" = ?`, key)
		found = n > 0
		if err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return found, err
}

// Timestamp reads the row that moves with every change of configuration; "" when
// it is missing.
func (db *DB) Timestamp(ctx context.Context) (string, error) {
	var v string
	err := db.queryOne(ctx, `SELECT "Value" FROM config WHERE "Key" = ?`, []any{settings.TimestampKey}, textTo{&v})
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return v, err
}

// Touch moves the timestamp: Unix seconds of now, and always more than before,
// so that two changes within one second are two changes to every other node.
func (db *DB) Touch(ctx context.Context) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		// Locked, or two changes at once would leave one and the same stamp.
		var old string
		err := db.queryOne(ctx, `SELECT "Value" FROM config WHERE "Key" = ?`+db.engine.forUpdate(), []any{settings.TimestampKey}, textTo{&old})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		now := db.now().Unix()
		if n, err := strconv.ParseInt(old, 10, 64); err == nil && n >= now && n < now+86400 {
			now = n + 1
		}
		text := strconv.FormatInt(now, 10)
		n, err := db.exec(ctx, `UPDATE config SET "Value" = ? WHERE "Key" = ?`, text, settings.TimestampKey)
		if err != nil || n > 0 {
			return err
		}
		_, err = db.exec(ctx, `INSERT INTO config ("Key", "Value", "Type", "Description") VALUES (?, ?, ?, ?)`,
			settings.TimestampKey, text, "", "config timestamp. last changed.")
		return raced(err)
	})
}
