package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"edumfa/internal/monitoring"
	"edumfa/internal/token"
)

// StatsKeys lists the keys of the statistics.
func (db *DB) StatsKeys(ctx context.Context) ([]string, error) {
	return db.column(ctx, "SELECT DISTINCT stats_key FROM monitoringstats ORDER BY stats_key")
}

func statsWhere(key string, window monitoring.Window) *where {
	w := &where{}
	w.add("stats_key = ?", key)
	if !window.From.IsZero() {
		w.add("timestamp >= ?", naive(window.From.UTC()))
	}
	if !window.To.IsZero() {
		w.add("timestamp <= ?", naive(window.To.UTC()))
	}
	return w
}

func (db *DB) stats(ctx context.Context, q string, args []any) ([]monitoring.Value, error) {
	list := []monitoring.Value{}
	err := db.query(ctx, "SELECT timestamp, stats_value FROM monitoringstats"+q, args, func(r *sql.Rows) error {
		var v monitoring.Value
		err := r.Scan(timeTo{&v.At, time.UTC}, intTo{&v.Number})
		list = append(list, v)
		return err
	})
	return list, err
}

// Stats are the values of a key in a window, the oldest first.
func (db *DB) Stats(ctx context.Context, key string, window monitoring.Window) ([]monitoring.Value, error) {
	w := statsWhere(key, window)
	return db.stats(ctx, w.text()+" ORDER BY timestamp, id", w.args)
}

// LastStats is the newest value of a key; false without one.
func (db *DB) LastStats(ctx context.Context, key string) (monitoring.Value, bool, error) {
	list, err := db.stats(ctx, " WHERE stats_key = ? ORDER BY timestamp DESC, id DESC LIMIT 1", []any{key})
	if err != nil || len(list) == 0 {
		return monitoring.Value{}, false, err
	}
	return list[0], true, nil
}

// DeleteStats removes the values of a key in a window and returns how many.
func (db *DB) DeleteStats(ctx context.Context, key string, window monitoring.Window) (int64, error) {
	w := statsWhere(key, window)
	return db.exec(ctx, "DELETE FROM monitoringstats"+w.text(), w.args...)
}

// AddStats stores a value. One that the key has for the moment already stays.
func (db *DB) AddStats(ctx context.Context, key string, v monitoring.Value) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		var id int64
		at := naive(v.At.UTC())
		err := db.queryOne(ctx, "SELECT id FROM monitoringstats WHERE stats_key = ? AND timestamp = ?", []any{key, at}, &id)
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		_, err = db.insert(ctx, "monitoringstats", "timestamp, stats_key, stats_value", at, key, v.Number)
		return raced(err)
	})
}

// CountUsersWithTokens counts the users who own a token that fits; with a realm,
// those who own it in that realm.
func (db *DB) CountUsersWithTokens(ctx context.Context, f token.Filter) (n int, err error) {
	w := db.tokenWhere(f)
	owner := "o.token_id = t.id"
	if f.Realm != "" {
		in := &where{}
		in.match(db.engine, "ro.name", f.Realm, true)
		if len(in.conds) > 0 {
			w.add("EXISTS (SELECT 1 FROM realm ro WHERE ro.id = o.realm_id AND "+in.conds[0]+")", in.args...)
		}
	}
	err = db.queryOne(ctx, "SELECT COUNT(*) FROM (SELECT DISTINCT o.resolver, o.user_id FROM tokenowner o JOIN token t ON "+owner+w.text()+") x", w.args, &n)
	return n, err
}
