package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/field"
)

// definitionTables are the two tables of one sort of definitions: a row for each,
// and a row for each of its options.
type definitionTables struct {
	table, kind   string // kind is the column with the name of the kind
	config, owner string // owner is the column with the id of the definition
}

// list reads all definitions in the order of their ids.
func (d definitionTables) list(ctx context.Context, db *DB) ([]field.Definition, error) {
	var list []field.Definition
	at := map[int64]int{}
	err := db.query(ctx, "SELECT id, name, "+d.kind+" FROM "+d.table+" ORDER BY id", nil, func(r *sql.Rows) error {
		var x field.Definition
		err := r.Scan(&x.ID, &x.Name, &x.Kind)
		at[x.ID] = len(list)
		list = append(list, x)
		return err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	err = db.query(ctx, "SELECT "+d.owner+`, "Key", "Value", "Type", "Description" FROM `+d.config+" ORDER BY id", nil, func(r *sql.Rows) error {
		var id int64
		var o field.Option
		if err := r.Scan(intTo{&id}, &o.Key, textTo{&o.Value}, textTo{&o.Type}, textTo{&o.Description}); err != nil {
			return err
		}
		if i, ok := at[id]; ok {
			list[i].Options = append(list[i].Options, o)
		}
		return nil
	})
	return list, err
}

// id finds a definition by its name, as the database compares names.
func (d definitionTables) id(ctx context.Context, db *DB, name string) (id int64, err error) {
	err = db.queryOne(ctx, "SELECT id FROM "+d.table+" WHERE name = ?", []any{name}, &id)
	return id, err
}

// save makes a definition unless id is that of one, and sets the options that are
// given. It belongs into a transaction.
func (d definitionTables) save(ctx context.Context, db *DB, id int64, x field.Definition) (int64, error) {
	if id == 0 {
		var err error
		if id, err = db.insert(ctx, d.table, "name, "+d.kind, x.Name, x.Kind); err != nil {
			return 0, raced(err)
		}
	}
	for _, o := range x.Options {
		n, err := db.exec(ctx, "UPDATE "+d.config+` SET "Value" = ?, "Type" = ?, "Description" = ? WHERE `+d.owner+` = ? AND "Key" = ?`, o.Value, o.Type, o.Description, id, o.Key)
		if err == nil && n == 0 {
			_, err = db.insert(ctx, d.config, d.owner+`, "Key", "Value", "Type", "Description"`, id, o.Key, o.Value, o.Type, o.Description)
		}
		if err != nil {
			return 0, raced(err)
		}
	}
	return id, nil
}

// saveNamed is save for the definition that has the name already, if there is one.
func (d definitionTables) saveNamed(ctx context.Context, db *DB, x field.Definition) (int64, error) {
	id, err := d.id(ctx, db, x.Name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	return d.save(ctx, db, id, x)
}

// remove deletes a definition with its options. It belongs into a transaction.
func (d definitionTables) remove(ctx context.Context, db *DB, id int64) error {
	if _, err := db.exec(ctx, "DELETE FROM "+d.config+" WHERE "+d.owner+" = ?", id); err != nil {
		return err
	}
	_, err := db.exec(ctx, "DELETE FROM "+d.table+" WHERE id = ?", id)
	return err
}
