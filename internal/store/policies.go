package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/policy"
)

const policyColumns = `name, active, scope, action, realm, adminrealm, adminuser, resolver, edumfanode, check_all_resolvers, "user", client, time, priority`

// Policies reads all policies with their conditions, in the order of their ids.
func (db *DB) Policies(ctx context.Context) ([]policy.Row, error) {
	var list []policy.Row
	at := map[int64]int{}
	err := db.query(ctx, "SELECT id, "+policyColumns+" FROM policy ORDER BY id", nil, func(r *sql.Rows) error {
		var p policy.Row
		if err := r.Scan(&p.ID, &p.Name, boolTo{&p.Active}, &p.Scope, textTo{&p.Action}, textTo{&p.Realm}, textTo{&p.AdminRealm}, textTo{&p.AdminUser},
			textTo{&p.Resolver}, textTo{&p.Node}, boolTo{&p.CheckAllResolvers}, textTo{&p.User}, textTo{&p.Client}, textTo{&p.Time}, smallTo{&p.Priority}); err != nil {
			return err
		}
		at[p.ID] = len(list)
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, `SELECT policy_id, section, "Key", comparator, "Value", active FROM policycondition ORDER BY id`, nil, func(r *sql.Rows) error {
		var id int64
		var c policy.Condition
		if err := r.Scan(&id, &c.Section, &c.Key, &c.Comparator, &c.Value, boolTo{&c.Active}); err != nil {
			return err
		}
		if i, ok := at[id]; ok {
			list[i].Conditions = append(list[i].Conditions, c)
		}
		return nil
	})
	return list, err
}

// SavePolicy stores a policy in the place of the one with its name, or as a new
// one, and returns its id.
func (db *DB) SavePolicy(ctx context.Context, p policy.Row) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		values := []any{p.Name, p.Active, p.Scope, p.Action, p.Realm, p.AdminRealm, p.AdminUser, p.Resolver, p.Node, p.CheckAllResolvers, p.User, p.Client, p.Time, p.Priority}
		err := db.queryOne(ctx, "SELECT id FROM policy WHERE name = ?", []any{p.Name}, &id)
		switch {
		case errors.Is(err, ErrNotFound):
			if id, err = db.insert(ctx, "policy", policyColumns, values...); err != nil {
				return raced(err)
			}
		case err != nil:
			return err
		default:
			if _, err := db.exec(ctx, `UPDATE policy SET name = ?, active = ?, scope = ?, action = ?, realm = ?, adminrealm = ?, adminuser = ?, resolver = ?, edumfanode = ?,
 check_all_resolvers = ?, "user" = ?, client = ?, time = ?, priority = ? WHERE id = ?`, append(values, id)...); err != nil {
				return err
			}
			if _, err := db.exec(ctx, "DELETE FROM policycondition WHERE policy_id = ?", id); err != nil {
				return err
			}
		}
		for _, c := range p.Conditions {
			if _, err := db.insert(ctx, "policycondition", `policy_id, section, "Key", comparator, "Value", active`, id, c.Section, c.Key, c.Comparator, c.Value, c.Active); err != nil {
				return err
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}

// EnablePolicy switches a policy on or off and returns its id; ErrNotFound.
func (db *DB) EnablePolicy(ctx context.Context, name string, on bool) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM policy WHERE name = ?", []any{name}, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "UPDATE policy SET active = ? WHERE id = ?", on, id); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// DeletePolicy removes a policy and returns the id it had; ErrNotFound.
func (db *DB) DeletePolicy(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM policy WHERE name = ?", []any{name}, &id); err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM policycondition WHERE policy_id = ?", "DELETE FROM policy WHERE id = ?"} {
			if _, err := db.exec(ctx, q, id); err != nil {
				return err
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}
