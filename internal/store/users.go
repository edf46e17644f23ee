package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"edumfa/internal/resolver"
)

// CustomAttributes reads the attributes given to a user here.
func (db *DB) CustomAttributes(ctx context.Context, id, resolverName string, realmID int64) (map[string]string, error) {
	out := map[string]string{}
	err := db.query(ctx, `SELECT "Key", "Value" FROM customuserattribute WHERE user_id = ? AND resolver = ? AND realm_id = ?`, []any{id, resolverName, realmID}, func(r *sql.Rows) error {
		var k, v string
		err := r.Scan(&k, textTo{&v})
		out[k] = v
		return err
	})
	return out, err
}

// SetCustomAttribute gives a user an attribute and returns the row's id.
func (db *DB) SetCustomAttribute(ctx context.Context, id, resolverName string, realmID int64, key, value, kind string) (row int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		err := db.queryOne(ctx, `SELECT id FROM customuserattribute WHERE user_id = ? AND resolver = ? AND realm_id = ? AND "Key" = ?`, []any{id, resolverName, realmID, key}, &row)
		if errors.Is(err, ErrNotFound) {
			row, err = db.insert(ctx, "customuserattribute", `user_id, resolver, realm_id, "Key", "Value", "Type"`, id, resolverName, realmID, key, value, kind)
			return err
		}
		if err != nil {
			return err
		}
		_, err = db.exec(ctx, `UPDATE customuserattribute SET "Value" = ?, "Type" = ? WHERE id = ?`, value, kind, row)
		return err
	})
	return row, err
}

// DeleteCustomAttribute takes an attribute away, "" all of them, and returns how
// many.
func (db *DB) DeleteCustomAttribute(ctx context.Context, id, resolverName string, realmID int64, key string) (int64, error) {
	q, args := "DELETE FROM customuserattribute WHERE user_id = ? AND resolver = ? AND realm_id = ?", []any{id, resolverName, realmID}
	if key != "" {
		q, args = q+` AND "Key" = ?`, append(args, key)
	}
	return db.exec(ctx, q, args...)
}

// UserCache keeps in the database which user a login name was.
type UserCache struct{ DB *DB }

// Lookup finds an answer that is no older than maxAgeSeconds.
func (c UserCache) Lookup(ctx context.Context, login, resolverName string, maxAgeSeconds int) (u resolver.User, name string, ok bool, err error) {
	since := c.DB.now().In(c.DB.local).Add(-time.Duration(maxAgeSeconds) * time.Second)
	q, args := "SELECT user_id, username FROM usercache WHERE resolver = ? AND timestamp >= ? AND used_login = ?", []any{resolverName, naive(since), login}
	if exact := c.DB.engine.exactly("used_login"); exact != "" {
		q, args = q+exact, append(args, login)
	}
	err = c.DB.queryOne(ctx, q+" ORDER BY id DESC", args, textTo{&u.ID}, textTo{&u.Login})
	if errors.Is(err, ErrNotFound) {
		return u, "", false, nil
	}
	return u, u.Login, err == nil, err
}

// Store keeps an answer.
func (c UserCache) Store(ctx context.Context, usedLogin, login, resolverName, id string) error {
	_, err := c.DB.insert(ctx, "usercache", "username, used_login, resolver, user_id, timestamp", login, usedLogin, resolverName, id, naive(c.DB.now().In(c.DB.local)))
	return err
}

// PurgeUserCache removes the answers older than maxAgeSeconds.
func (db *DB) PurgeUserCache(ctx context.Context, maxAgeSeconds int) (int64, error) {
	return db.exec(ctx, "DELETE FROM usercache WHERE timestamp < ?", naive(db.now().In(db.local).Add(-time.Duration(maxAgeSeconds)*time.Second)))
}

// RealmAttributes reads the attributes given to the users of a realm, by
// resolver and id.
func (db *DB) RealmAttributes(ctx context.Context, realmID int64) (map[[2]string]map[string]string, error) {
	out := map[[2]string]map[string]string{}
	err := db.query(ctx, `SELECT user_id, resolver, "Key", "Value" FROM customuserattribute WHERE realm_id = ?`, []any{realmID}, func(r *sql.Rows) error {
		var id, resolverName, k, v string
		if err := r.Scan(textTo{&id}, textTo{&resolverName}, &k, textTo{&v}); err != nil {
			return err
		}
		of := [2]string{resolverName, id}
		if out[of] == nil {
			out[of] = map[string]string{}
		}
		out[of][k] = v
		return nil
	})
	return out, err
}

// ForgetUser removes what the user cache knows of a user.
func (db *DB) ForgetUser(ctx context.Context, login, resolverName string) error {
	_, err := db.exec(ctx, "DELETE FROM usercache WHERE resolver = ? AND (username = ? OR used_login = ?)", resolverName, login, login)
	return err
}
