package store

import (
	"context"
	"errors"
	"strings"
)

// column is a column with its value.
type column struct {
	name  string
	value any
}

// saveNamed writes a row of a table whose rows have unique names, over the row of
// the same name or as a new one. key is the column of the name, the first of
// columns. ErrConflict when another made the row meanwhile.
func (db *DB) saveNamed(ctx context.Context, table, key string, columns []column) (id int64, err error) {
	names, values := make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		names[i], values[i] = c.name, c.value
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		err := db.queryOne(ctx, "SELECT id FROM "+table+" WHERE "+key+" = ?", []any{columns[0].value}, &id)
		if errors.Is(err, ErrNotFound) {
			if id, err = db.insert(ctx, table, strings.Join(names, ", "), values...); duplicate(err) {
				return ErrConflict
			}
			return err
		}
		if err != nil {
			return err
		}
		_, err = db.exec(ctx, "UPDATE "+table+" SET "+strings.Join(names, " = ?, ")+" = ? WHERE id = ?", append(values, id)...)
		return err
	})
	return id, err
}

// deleteNamed removes the row of the name and returns the id it had; ErrNotFound.
func (db *DB) deleteNamed(ctx context.Context, table, key, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM "+table+" WHERE "+key+" = ?", []any{name}, &id); err != nil {
			return err
		}
		_, err := db.exec(ctx, "DELETE FROM "+table+" WHERE id = ?", id)
		return err
	})
	return id, err
}
