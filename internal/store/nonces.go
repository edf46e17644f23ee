package store

import (
	"context"
	"errors"
	"time"

	"edumfa/internal/change"
)

// useNonce keeps a nonce. Of two requests with the same one the database lets
// only one pass, on whichever server they are.
func (db *DB) useNonce(ctx context.Context, c change.UseNonce) error {
	_, err := db.exec(ctx, "INSERT INTO jwt_blacklist (nonce, expiration) VALUES (?, ?)", c.Nonce, naive(c.Expires.UTC()))
	if err != nil && duplicate(err) {
		return ErrConflict
	}
	return err
}

// NonceUsed reports whether a nonce has been used.
func (db *DB) NonceUsed(ctx context.Context, nonce string) (bool, error) {
	var one int
	err := db.queryOne(ctx, "SELECT 1 FROM jwt_blacklist WHERE nonce = ?", []any{nonce}, &one)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// DeleteExpiredNonces forgets nonces of challenges that have expired anyway, at
// most limit, and returns how many.
func (db *DB) DeleteExpiredNonces(ctx context.Context, now time.Time, limit int) (int64, error) {
	var one int
	if err := db.queryOne(ctx, "SELECT 1 FROM jwt_blacklist WHERE expiration < ? LIMIT 1", []any{naive(now.UTC())}, &one); errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return db.exec(ctx, "DELETE FROM jwt_blacklist WHERE nonce IN (SELECT nonce FROM (SELECT nonce FROM jwt_blacklist WHERE expiration < ? LIMIT ?) x)", naive(now.UTC()), limit)
}
