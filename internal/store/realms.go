package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/realm"
	"edumfa/internal/resolver"
)

// Realms reads all realms with their resolvers.
func (db *DB) Realms(ctx context.Context) ([]realm.Row, error) {
	var list []realm.Row
	at := map[int64]int{}
	err := db.query(ctx, `SELECT id, name, "default" FROM realm ORDER BY id`, nil, func(r *sql.Rows) error {
		var x realm.Row
		if err := r.Scan(&x.ID, &x.Name, boolTo{&x.Default}); err != nil {
			return err
		}
		at[x.ID] = len(list)
		list = append(list, x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, "SELECT rr.realm_id, r.name, r.rtype, rr.priority FROM resolverrealm rr JOIN resolver r ON r.id = rr.resolver_id ORDER BY rr.id", nil, func(r *sql.Rows) error {
		var id int64
		var l realm.Link
		var p sql.NullInt64
		if err := r.Scan(&id, &l.Resolver, &l.Kind, &p); err != nil {
			return err
		}
		if p.Valid {
			n := int(p.Int64)
			l.Priority = &n
		}
		if i, ok := at[id]; ok {
			list[i].Links = append(list[i].Links, l)
		}
		return nil
	})
	return list, err
}

// SetRealm makes a realm, or gives an existing one other resolvers. The first
// realm of all becomes the default. Resolvers that do not exist are named in
// failed.
func (db *DB) SetRealm(ctx context.Context, name string, links []realm.Link) (added, failed []string, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		added, failed = nil, nil
		var id int64
		err := db.queryOne(ctx, "SELECT id FROM realm WHERE name = ?", []any{name}, &id)
		if errors.Is(err, ErrNotFound) {
			var n int
			if err := db.queryOne(ctx, "SELECT COUNT(*) FROM realm", nil, &n); err != nil {
				return err
			}
			id, err = db.insert(ctx, "realm", `name, "default", "option"`, name, n == 0, "")
		}
		if err != nil {
			return raced(err)
		}
		if _, err := db.exec(ctx, "DELETE FROM resolverrealm WHERE realm_id = ?", id); err != nil {
			return err
		}
		for _, l := range links {
			var rid int64
			err := db.queryOne(ctx, "SELECT id FROM resolver WHERE name = ?", []any{l.Resolver}, &rid)
			if errors.Is(err, ErrNotFound) {
				failed = append(failed, l.Resolver)
				continue
			}
			if err != nil {
				return err
			}
			var prio any
			if l.Priority != nil {
				prio = *l.Priority
			}
			if _, err := db.insert(ctx, "resolverrealm", "resolver_id, realm_id, priority", rid, id, prio); err != nil {
				return err
			}
			added = append(added, l.Resolver)
		}
		return db.Touch(ctx)
	})
	return added, failed, err
}

// DeleteRealm removes a realm, its links and the custom attributes of its users.
// When one realm is left it becomes the default.
func (db *DB) DeleteRealm(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM realm WHERE name = ?", []any{name}, &id); err != nil {
			return err
		}
		for _, q := range []string{
			"DELETE FROM resolverrealm WHERE realm_id = ?", "DELETE FROM tokenrealm WHERE realm_id = ?",
			"UPDATE tokenowner SET realm_id = NULL WHERE realm_id = ?", "DELETE FROM customuserattribute WHERE realm_id = ?",
			"DELETE FROM realm WHERE id = ?",
		} {
			if _, err := db.exec(ctx, q, id); err != nil {
				return err
			}
		}
		var n int
		if err := db.queryOne(ctx, "SELECT COUNT(*) FROM realm", nil, &n); err != nil {
			return err
		}
		if n == 1 {
			if _, err := db.exec(ctx, `UPDATE realm SET "default" = ?`, true); err != nil {
				return err
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}

// SetDefaultRealm makes a realm the default; "" takes the default away. It
// returns the realm's id, for "" that of the former default.
func (db *DB) SetDefaultRealm(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		q, args := `SELECT id FROM realm WHERE name = ?`, []any{name}
		if name == "" {
			q, args = `SELECT id FROM realm WHERE "default" = ?`, []any{true}
		}
		if err := db.queryOne(ctx, q, args, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, `UPDATE realm SET "default" = ? WHERE "default" = ?`, false, true); err != nil {
			return err
		}
		if name != "" {
			if _, err := db.exec(ctx, `UPDATE realm SET "default" = ? WHERE id = ?`, true, id); err != nil {
				return err
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}

var resolverTables = definitionTables{table: "resolver", kind: "rtype", config: "resolverconfig", owner: "resolver_id"}

// Resolvers reads the configuration of all resolvers, in the order of their ids.
func (db *DB) Resolvers(ctx context.Context) ([]resolver.Stored, error) {
	return resolverTables.list(ctx, db)
}

// SetResolver makes a resolver or changes the options that are given.
func (db *DB) SetResolver(ctx context.Context, s resolver.Stored) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if id, err = resolverTables.saveNamed(ctx, db, s); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM usercache WHERE resolver = ?", s.Name); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// DeleteResolver removes a resolver that no realm uses (ErrConflict).
func (db *DB) DeleteResolver(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if id, err = resolverTables.id(ctx, db, name); err != nil {
			return err
		}
		var n int
		if err := db.queryOne(ctx, "SELECT COUNT(*) FROM resolverrealm WHERE resolver_id = ?", []any{id}, &n); err != nil {
			return err
		}
		if n > 0 {
			return ErrConflict
		}
		if err := resolverTables.remove(ctx, db, id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM usercache WHERE resolver = ?", name); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}
