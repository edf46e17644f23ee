package store

import (
	"context"
	"database/sql"
	"time"

	"edumfa/internal/change"
	"edumfa/internal/recovery"
)

// AddRecoveryCode stores a code and returns its id.
func (db *DB) AddRecoveryCode(ctx context.Context, c recovery.Code) (int64, error) {
	id, err := db.insert(ctx, "passwordreset", "recoverycode, username, realm, resolver, email, timestamp, expiration",
		c.Hash, c.Login, c.Realm, "", "", naive(c.Made.In(db.local)), naive(c.Expires.In(db.local)))
	return id, public(err)
}

// RecoveryCodes finds the codes of a user that are good at a moment, the newest
// first.
func (db *DB) RecoveryCodes(ctx context.Context, login, realm string, now time.Time) ([]recovery.Code, error) {
	var list []recovery.Code
	err := db.query(ctx, `SELECT id, recoverycode, username, realm, timestamp, expiration FROM passwordreset
 WHERE username = ? AND realm = ? AND expiration >= ? ORDER BY id DESC LIMIT ?`,
		[]any{login, realm, naive(now.In(db.local)), recovery.MostOpen}, func(r *sql.Rows) error {
			var c recovery.Code
			err := r.Scan(&c.ID, textTo{&c.Hash}, textTo{&c.Login}, textTo{&c.Realm}, timeTo{&c.Made, db.local}, timeTo{&c.Expires, db.local})
			list = append(list, c)
			return err
		})
	return list, public(err)
}

// DeleteRecoveryCode removes a code that was not mailed after all.
func (db *DB) DeleteRecoveryCode(ctx context.Context, id int64) error {
	_, err := db.exec(ctx, "DELETE FROM passwordreset WHERE id = ?", id)
	return public(err)
}

// DeleteExpiredRecoveryCodes removes the codes that are good no more.
func (db *DB) DeleteExpiredRecoveryCodes(ctx context.Context, now time.Time) (int64, error) {
	n, err := db.exec(ctx, "DELETE FROM passwordreset WHERE expiration < ?", naive(now.In(db.local)))
	return n, public(err)
}

// useRecoveryCode ends a code and all others of its user. Whoever removes the
// row has used it.
func (db *DB) useRecoveryCode(ctx context.Context, c change.UseRecoveryCode) error {
	if err := db.mustOne(ctx, "DELETE FROM passwordreset WHERE id = ?", c.ID); err != nil {
		return err
	}
	_, err := db.exec(ctx, "DELETE FROM passwordreset WHERE username = ? AND realm = ?", c.Login, c.Realm)
	return err
}
