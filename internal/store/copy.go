package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// CopyTo writes a copy of an SQLite database into a new file, while others may
// read and write.
func (db *DB) CopyTo(ctx context.Context, file string) error {
	if db.engine.name != "sqlite" {
		return errors.New("only SQLite databases are copied like this")
	}
	_, err := db.pool.ExecContext(ctx, "VACUUM INTO ?", file)
	return err
}

// ReplaceBy gives an SQLite database the tables and rows of a copy, in one
// transaction: a server that is running sees the one or the other.
func (db *DB) ReplaceBy(ctx context.Context, file string) error {
	if db.engine.name != "sqlite" {
		return errors.New("only SQLite databases are replaced like this")
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "ATTACH DATABASE ? AS copy", file); err != nil {
		return err
	}
	defer func() { _, _ = conn.ExecContext(ctx, "DETACH DATABASE copy") }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := replaceTables(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func replaceTables(ctx context.Context, tx *sql.Tx) error {
	const listed = " WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND sql IS NOT NULL ORDER BY type = 'table' DESC, rowid"
	old, err := schemaRows(ctx, tx, "SELECT type, name, sql FROM main.sqlite_master"+listed)
	if err != nil {
		return err
	}
	for _, o := range old {
		if o[0] == "table" {
			if _, err := tx.ExecContext(ctx, "DROP TABLE main."+quoteName(o[1])); err != nil {
				return err
			}
		}
	}
	made, err := schemaRows(ctx, tx, "SELECT type, name, sql FROM copy.sqlite_master"+listed)
	if err != nil {
		return err
	}
	for _, o := range made {
		if _, err := tx.ExecContext(ctx, o[2]); err != nil { // unqualified names are made in main
			return fmt.Errorf("%s: %w", o[1], err)
		}
		if o[0] == "table" {
			if _, err := tx.ExecContext(ctx, "INSERT INTO main."+quoteName(o[1])+" SELECT * FROM copy."+quoteName(o[1])); err != nil {
				return fmt.Errorf("%s: %w", o[1], err)
			}
		}
	}
	return nil
}

func schemaRows(ctx context.Context, tx *sql.Tx, q string) ([][3]string, error) {
	rows, err := tx.QueryContext(ctx, q)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out [][3]string
	for rows.Next() {
		var o [3]string
		if err := rows.Scan(&o[0], &o[1], &o[2]); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
