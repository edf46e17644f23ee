package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/ca"
)

// CAConnectors reads the definitions of all CA connectors, in the order of their
// ids.
func (db *DB) CAConnectors(ctx context.Context) ([]ca.Definition, error) {
	var list []ca.Definition
	at := map[int64]int{}
	err := db.query(ctx, "SELECT id, name, catype FROM caconnector ORDER BY id", nil, func(r *sql.Rows) error {
		var d ca.Definition
		err := r.Scan(&d.ID, &d.Name, &d.Kind)
		at[d.ID] = len(list)
		list = append(list, d)
		return err
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	err = db.query(ctx, `SELECT caconnector_id, "Key", "Value", "Type", "Description" FROM caconnectorconfig ORDER BY id`, nil, func(r *sql.Rows) error {
		var id int64
		var o ca.Option
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

// SaveCAConnector makes a CA connector or changes the options that are given.
// Where names that differ in letter case are the same to the database, a second
// one is [ErrConflict].
func (db *DB) SaveCAConnector(ctx context.Context, d ca.Definition) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		id, err := db.caConnectorID(ctx, d.Name)
		if errors.Is(err, ErrNotFound) {
			id, err = db.newCAConnector(ctx, d)
		}
		if err != nil {
			return raced(err)
		}
		for _, o := range d.Options {
			n, err := db.exec(ctx, `UPDATE caconnectorconfig SET "Value" = ?, "Type" = ?, "Description" = ? WHERE caconnector_id = ? AND "Key" = ?`, o.Value, o.Type, o.Description, id, o.Key)
			if err == nil && n == 0 {
				_, err = db.insert(ctx, "caconnectorconfig", `caconnector_id, "Key", "Value", "Type", "Description"`, id, o.Key, o.Value, o.Type, o.Description)
			}
			if err != nil {
				return raced(err)
			}
		}
		d.ID = id
		return db.Touch(ctx)
	})
	return d.ID, err
}

func (db *DB) newCAConnector(ctx context.Context, d ca.Definition) (id int64, err error) {
	err = db.queryOne(ctx, "SELECT id FROM caconnector WHERE name = ?", []any{d.Name}, &id)
	if err == nil {
		return 0, ErrConflict // found under a name in other letters, which the database takes for the same
	}
	if !errors.Is(err, ErrNotFound) {
		return 0, err
	}
	return db.insert(ctx, "caconnector", "name, catype", d.Name, d.Kind)
}

// DeleteCAConnector removes a CA connector and returns the id it had;
// ErrNotFound.
func (db *DB) DeleteCAConnector(ctx context.Context, name string) (int64, error) {
	var id int64
	err := db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if id, err = db.caConnectorID(ctx, name); err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM caconnectorconfig WHERE caconnector_id = ?", "DELETE FROM caconnector WHERE id = ?"} {
			if _, err := db.exec(ctx, q, id); err != nil {
				return err
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}

// caConnectorID finds a connector by its exact name.
func (db *DB) caConnectorID(ctx context.Context, name string) (id int64, err error) {
	q, args := "SELECT id FROM caconnector WHERE name = ?"+db.engine.exactly("name"), []any{name}
	if db.engine.exactly("name") != "" {
		args = append(args, name)
	}
	err = db.queryOne(ctx, q, args, &id)
	return id, err
}
