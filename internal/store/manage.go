package store

import (
	"context"
	"fmt"
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
