package store

import (
	"context"
	"errors"
	"time"

	"edumfa/internal/token"
)

// over counts rows of a table whose column is before a moment.
func (db *DB) over(ctx context.Context, table, column string, before any) (n int64, err error) {
	err = db.queryOne(ctx, "SELECT COUNT(*) FROM "+table+" WHERE "+column+" < ?", []any{before}, intTo{&n})
	return n, err
}

// deleteOver removes some of them.
func (db *DB) deleteOver(ctx context.Context, table, column string, before any, limit int) (int64, error) {
	var one int
	if err := db.queryOne(ctx, "SELECT 1 FROM "+table+" WHERE "+column+" < ? LIMIT 1", []any{before}, &one); errors.Is(err, ErrNotFound) {
		return 0, nil // mostly there is nothing to do, and reading is cheaper
	}
	return db.exec(ctx, "DELETE FROM "+table+" WHERE id IN (SELECT id FROM (SELECT id FROM "+table+" WHERE "+column+" < ? LIMIT ?) x)", before, limit)
}

// CountExpiredChallenges counts the challenges that expired before a moment.
func (db *DB) CountExpiredChallenges(ctx context.Context, before time.Time) (int64, error) {
	return db.over(ctx, "challenge", "expiration", naive(before.UTC()))
}

// CountStaleUsers counts the entries of the user cache from before a moment.
func (db *DB) CountStaleUsers(ctx context.Context, before time.Time) (int64, error) {
	return db.over(ctx, "usercache", "timestamp", naive(before.In(db.local)))
}

// DeleteStaleUsers removes some of them.
func (db *DB) DeleteStaleUsers(ctx context.Context, before time.Time, limit int) (int64, error) {
	return db.deleteOver(ctx, "usercache", "timestamp", naive(before.In(db.local)), limit)
}

// CountUnusedLogins counts the remembered logins not used since a moment.
func (db *DB) CountUnusedLogins(ctx context.Context, before time.Time) (int64, error) {
	return db.over(ctx, "authcache", "last_auth", naive(before.UTC()))
}

// DeleteUnusedLogins removes some of them.
func (db *DB) DeleteUnusedLogins(ctx context.Context, before time.Time, limit int) (int64, error) {
	return db.deleteOver(ctx, "authcache", "last_auth", naive(before.UTC()), limit)
}

// CountDeadJobs counts the jobs that were made before a moment and given up.
func (db *DB) CountDeadJobs(ctx context.Context, before time.Time) (n int64, err error) {
	err = db.queryOne(ctx, "SELECT COUNT(*) FROM go_job WHERE dead = 1 AND created < ?", []any{before.UnixMilli()}, intTo{&n})
	return n, err
}

// DeleteDeadJobs removes some of them.
func (db *DB) DeleteDeadJobs(ctx context.Context, before time.Time, limit int) (int64, error) {
	return db.exec(ctx, "DELETE FROM go_job WHERE id IN (SELECT id FROM (SELECT id FROM go_job WHERE dead = 1 AND created < ? LIMIT ?) x)", before.UnixMilli(), limit)
}

// TokensAfter finds the first tokens that fit with ids above id, by id.
func (db *DB) TokensAfter(ctx context.Context, f token.Filter, id int64, limit int, with token.Parts) ([]*token.Token, error) {
	w := db.tokenWhere(f)
	w.add("t.id > ?", id)
	return db.loadTokens(ctx, "SELECT "+tokenColumns+" FROM token t"+w.text()+" ORDER BY t.id LIMIT ?", append(w.args, limit), with)
}
