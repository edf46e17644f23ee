package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
)

// Counter is an event counter, summed over all nodes; 0 when it is not there.
func (db *DB) Counter(ctx context.Context, name string) (n int64, err error) {
	err = db.queryOne(ctx, "SELECT SUM(counter_value) FROM eventcounter WHERE counter_name = ?", []any{name}, intTo{&n})
	return n, err
}

// IncreaseCounter adds one to the part that a node has of an event counter.
func (db *DB) IncreaseCounter(ctx context.Context, name, node string) error {
	return db.InTx(ctx, func(ctx context.Context) error { return db.addToCounter(ctx, name, node, 1) })
}

// DecreaseCounter takes one from the part that a node has of an event counter.
// Unless negative values are allowed, a counter that is not above 0 becomes 0 on
// all nodes instead.
func (db *DB) DecreaseCounter(ctx context.Context, name, node string, negative bool) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if negative {
			return db.addToCounter(ctx, name, node, -1)
		}
		sum, err := db.holdCounter(ctx, name)
		if err != nil {
			return err
		}
		if sum > 0 {
			return db.addToCounter(ctx, name, node, -1)
		}
		return db.zeroCounter(ctx, name, node)
	})
}

// ResetCounter sets an event counter to 0 on all nodes. One that is not there is
// made.
func (db *DB) ResetCounter(ctx context.Context, name, node string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.holdCounter(ctx, name); err != nil {
			return err
		}
		return db.zeroCounter(ctx, name, node)
	})
}

// holdCounter reads an event counter and keeps all its rows to the transaction,
// in an order that no two transactions can wait for each other in.
func (db *DB) holdCounter(ctx context.Context, name string) (sum int64, err error) {
	err = db.query(ctx, "SELECT counter_value FROM eventcounter WHERE counter_name = ? ORDER BY id"+db.engine.forUpdate(), []any{name}, func(r *sql.Rows) error {
		var n int64
		if err := r.Scan(intTo{&n}); err != nil {
			return err
		}
		sum += n
		return nil
	})
	return sum, err
}

func (db *DB) zeroCounter(ctx context.Context, name, node string) error {
	n, err := db.exec(ctx, "UPDATE eventcounter SET counter_value = 0 WHERE counter_name = ?", name)
	if err != nil || n > 0 {
		return err
	}
	return db.newCounter(ctx, name, node, 0)
}

// addToCounter adds in the database: two requests at once are counted twice.
func (db *DB) addToCounter(ctx context.Context, name, node string, by int64) error {
	n, err := db.exec(ctx, "UPDATE eventcounter SET counter_value = COALESCE(counter_value, 0) + ? WHERE counter_name = ? AND node = ?", by, name, node)
	if err != nil || n > 0 {
		return err
	}
	return db.newCounter(ctx, name, node, by)
}

func (db *DB) newCounter(ctx context.Context, name, node string, value int64) error {
	_, err := db.insert(ctx, "eventcounter", "counter_name, counter_value, node", name, value, node)
	return raced(err)
}

// AddFailures changes a token's fail counter by a number, which may be negative;
// it does not go below 0. ErrNotFound.
func (db *DB) AddFailures(ctx context.Context, id int64, by int) error {
	n, err := db.exec(ctx, "UPDATE token SET failcount = CASE WHEN COALESCE(failcount, 0) + ? < 0 THEN 0 ELSE COALESCE(failcount, 0) + ? END WHERE id = ?", by, by, id)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// CounterRows is the value of an event counter on each node, by the id of its
// row; empty when there is none.
func (db *DB) CounterRows(ctx context.Context, name string) (map[int64]int64, error) {
	out := map[int64]int64{}
	err := db.query(ctx, "SELECT id, counter_value FROM eventcounter WHERE counter_name = ?", []any{name}, func(r *sql.Rows) error {
		var id, n int64
		err := r.Scan(&id, intTo{&n})
		out[id] = n
		return err
	})
	return out, err
}

// LowerCounter takes from each row what was read of it: what was counted
// meanwhile stays.
func (db *DB) LowerCounter(ctx context.Context, read map[int64]int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, id := range slices.Sorted(maps.Keys(read)) {
			if _, err := db.exec(ctx, "UPDATE eventcounter SET counter_value = COALESCE(counter_value, 0) - ? WHERE id = ?", read[id], id); err != nil {
				return err
			}
		}
		return nil
	})
}
