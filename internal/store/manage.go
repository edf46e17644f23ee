package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// DropResolver removes a resolver and takes it out of the realms that use it.
// Tokens of its users stay with them. ErrNotFound.
func (db *DB) DropResolver(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM resolver WHERE name = ?", []any{name}, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM resolverrealm WHERE resolver_id = ?", id); err != nil {
			return err
		}
		_, err := db.DeleteResolver(ctx, name)
		return err
	})
	return id, err
}

// CreateUserTable makes a table in this database that can serve as a user store,
// unless there is a table of that name. name may hold letters, digits, "_", "-"
// and "." only.
func (db *DB) CreateUserTable(ctx context.Context, name string) error {
	id := `"id" INTEGER NOT NULL PRIMARY KEY`
	switch db.engine.name {
	case "postgres":
		id = `"id" SERIAL PRIMARY KEY`
	case "mysql", "mariadb":
		id = `"id" INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY`
	}
	q := `CREATE TABLE IF NOT EXISTS "` + name + `" (` + id + `,
 "username" VARCHAR(40) UNIQUE, "email" VARCHAR(80), "password" VARCHAR(255), "phone" VARCHAR(40), "mobile" VARCHAR(40),
 "surname" VARCHAR(40), "givenname" VARCHAR(40), "description" VARCHAR(255))`
	if _, err := db.pool.ExecContext(ctx, db.engine.rebind(q)); err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

// AuditExtent tells how many audit rows there are and the number of the last.
func (db *DB) AuditExtent(ctx context.Context) (count, last int64, err error) {
	err = db.queryOne(ctx, "SELECT COUNT(*), MAX(id) FROM mfa_audit", nil, intTo{&count}, intTo{&last})
	return count, last, err
}

// AuditNumbersBelow lists the numbers of audit rows below a number.
func (db *DB) AuditNumbersBelow(ctx context.Context, id int64) ([]int64, error) {
	return db.numbers(ctx, "SELECT id FROM mfa_audit WHERE id < ? ORDER BY id", id)
}

// AuditNumbersBefore lists the numbers of audit rows written before a moment.
func (db *DB) AuditNumbersBefore(ctx context.Context, at time.Time) ([]int64, error) {
	return db.numbers(ctx, "SELECT id FROM mfa_audit WHERE date < ? ORDER BY id", naive(at.In(db.local)))
}

func (db *DB) numbers(ctx context.Context, q string, args ...any) ([]int64, error) {
	var ids []int64
	err := db.query(ctx, q, args, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// DeleteAudit removes audit rows, at most chunk of them in one transaction.
func (db *DB) DeleteAudit(ctx context.Context, ids []int64, chunk int) (deleted int64, err error) {
	for part := range slices.Chunk(ids, chunk) {
		in, args := inList(part)
		n, err := db.exec(ctx, "DELETE FROM mfa_audit WHERE id IN "+in, args...)
		deleted += n
		if err != nil {
			return deleted, public(err)
		}
	}
	return deleted, nil
}
