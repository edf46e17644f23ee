package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/login"
)

// CleanAuthCache removes remembered logins that were not used since a moment.
func (db *DB) CleanAuthCache(ctx context.Context, since time.Time) (int64, error) {
	n, err := db.exec(ctx, "DELETE FROM authcache WHERE last_auth < ?", naive(since.UTC()))
	return n, public(err)
}

// RememberedLogins finds the newest logins of a user that are remembered, begun
// after since and used after usedSince.
func (db *DB) RememberedLogins(ctx context.Context, username, realm, resolver string, since, usedSince time.Time, limit int) ([]login.Remembered, error) {
	var list []login.Remembered
	err := db.query(ctx, `SELECT id, COALESCE(auth_count, 0), authentication FROM authcache
 WHERE username = ? AND realm = ? AND resolver = ? AND first_auth > ? AND last_auth > ? ORDER BY id DESC LIMIT ?`,
		[]any{username, realm, resolver, naive(since.UTC()), naive(usedSince.UTC()), limit}, func(r *sql.Rows) error {
			var x login.Remembered
			if err := r.Scan(&x.ID, intTo{&x.Uses}, textTo{&x.Hash}); err != nil {
				return err
			}
			list = append(list, x)
			return nil
		})
	return list, public(err)
}

func (db *DB) rememberLogin(ctx context.Context, c change.RememberLogin) error {
	at := naive(c.At.UTC())
	_, err := db.insert(ctx, "authcache", "first_auth, last_auth, username, resolver, realm, client_ip, user_agent, auth_count, authentication",
		at, at, c.Username, c.Resolver, c.Realm, "", "", 0, c.Hash)
	return err
}

func (db *DB) forgetLogins(ctx context.Context, c change.ForgetLogins) error {
	q := "DELETE FROM authcache WHERE username = ? AND realm = ? AND resolver = ? AND (first_auth < ? OR last_auth < ?"
	args := []any{c.Username, c.Realm, c.Resolver, naive(c.Since.UTC()), naive(c.UsedSince.UTC())}
	if c.Uses > 0 {
		q += " OR auth_count >= ?"
		args = append(args, c.Uses)
	}
	_, err := db.exec(ctx, q+")", args...)
	return err
}

// CountLogins counts the attempts of a user to log in that the audit shows since
// a moment, up to limit. Only the rows of this user and this time are looked at:
// an index leads to them.
func (db *DB) CountLogins(ctx context.Context, l audit.Logins, limit int) (int, error) {
	success := 0
	if l.Success {
		success = 1
	}
	args := []any{l.User, l.Realm, naive(l.Since.In(db.local)), success, audit.ThreadAsked}
	actions := []string{"POST /validate/check", "GET /validate/check"}
	for _, a := range actions {
		args = append(args, a)
	}
	args = append(args, "POST /auth", "%loginmode=eduMFA%", limit)
	q := `SELECT COUNT(*) FROM (SELECT id FROM mfa_audit WHERE "user" = ? AND realm = ? AND date >= ? AND success = ?
 AND (thread_id IS NULL OR thread_id <> ?)
 AND (action IN (?` + strings.Repeat(", ?", len(actions)-1) + `) OR action = ? AND info LIKE ?) LIMIT ?) AS attempts`
	var n int
	err := db.queryOne(ctx, q, args, &n)
	return n, public(err)
}
