package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/token"
)

const challengeColumns = `id, transaction_id, serial, challenge, data, "session", timestamp, expiration, received_count, otp_valid`

func scanChallenge(r *sql.Rows) (c challenge.Challenge, err error) {
	err = r.Scan(&c.ID, &c.TransactionID, textTo{&c.Serial}, textTo{&c.Challenge}, textTo{&c.Data}, textTo{&c.Session},
		timeTo{&c.Timestamp, time.UTC}, timeTo{&c.Expiration, time.UTC}, smallTo{&c.Received}, boolTo{&c.Valid})
	return c, err
}

func (db *DB) challenges(ctx context.Context, q string, args ...any) ([]challenge.Challenge, error) {
	var list []challenge.Challenge
	err := db.query(ctx, q, args, func(r *sql.Rows) error {
		c, err := scanChallenge(r)
		list = append(list, c)
		return err
	})
	return list, err
}

// Challenges finds all rows of a transaction, expired ones too.
func (db *DB) Challenges(ctx context.Context, transactionID string) ([]challenge.Challenge, error) {
	return db.challenges(ctx, "SELECT "+challengeColumns+" FROM challenge WHERE transaction_id = ? ORDER BY id", transactionID)
}

// ChallengePage finds one page of challenges and how many there are.
func (db *DB) ChallengePage(ctx context.Context, f challenge.Filter, o challenge.Order, offset, limit int) ([]challenge.Challenge, int, error) {
	w := &where{}
	w.match(db.engine, "serial", f.Serial, false)
	w.match(db.engine, "transaction_id", f.TransactionID, false)
	if !f.OpenAt.IsZero() {
		w.add("expiration > ?", naive(f.OpenAt.UTC()))
	}
	if f.Realms != nil {
		tokens := db.tokenWhere(token.Filter{AllowedRealms: f.Realms})
		w.add("serial IN (SELECT t.serial FROM token t"+tokens.text()+")", tokens.args...)
	}
	var total int
	if err := db.queryOne(ctx, "SELECT COUNT(*) FROM challenge"+w.text(), w.args, &total); err != nil {
		return nil, 0, err
	}
	by := map[string]string{"serial": "serial", "transaction_id": "transaction_id", "expiration": "expiration", "id": "id"}[strings.ToLower(o.By)]
	if by == "" {
		by = "timestamp"
	}
	if o.Desc {
		by += " DESC"
	}
	list, err := db.challenges(ctx, "SELECT "+challengeColumns+" FROM challenge"+w.text()+" ORDER BY "+by+", id LIMIT ? OFFSET ?", append(w.args, limit, offset)...)
	return list, total, err
}

// DeleteExpiredChallenges removes what no answer can use any more, at most
// limit rows, and returns how many.
func (db *DB) DeleteExpiredChallenges(ctx context.Context, now time.Time, limit int) (int64, error) {
	var one int
	if err := db.queryOne(ctx, "SELECT 1 FROM challenge WHERE expiration < ? LIMIT 1", []any{naive(now.UTC())}, &one); errors.Is(err, ErrNotFound) {
		return 0, nil // mostly there is nothing to do, and reading is cheaper
	}
	return db.exec(ctx, "DELETE FROM challenge WHERE id IN (SELECT id FROM (SELECT id FROM challenge WHERE expiration < ? LIMIT ?) x)", naive(now.UTC()), limit)
}
