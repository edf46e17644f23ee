package store

import (
	"context"
	"errors"

	"edumfa/internal/ca"
)

var caConnectorTables = definitionTables{table: "caconnector", kind: "catype", config: "caconnectorconfig", owner: "caconnector_id"}

// CAConnectors reads the definitions of all CA connectors, in the order of their
// ids.
func (db *DB) CAConnectors(ctx context.Context) ([]ca.Definition, error) {
	return caConnectorTables.list(ctx, db)
}

// SaveCAConnector makes a CA connector or changes the options that are given.
// Where names that differ in letter case are the same to the database, a second
// one is [ErrConflict].
func (db *DB) SaveCAConnector(ctx context.Context, d ca.Definition) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		id, err = db.caConnectorID(ctx, d.Name)
		if errors.Is(err, ErrNotFound) {
			// found under a name in other letters, which the database takes for the same
			if _, err := caConnectorTables.id(ctx, db, d.Name); err == nil {
				return ErrConflict
			} else if !errors.Is(err, ErrNotFound) {
				return err
			}
			id, err = 0, nil
		}
		if err != nil {
			return err
		}
		if id, err = caConnectorTables.save(ctx, db, id, d); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
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
		if err := caConnectorTables.remove(ctx, db, id); err != nil {
			return err
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
