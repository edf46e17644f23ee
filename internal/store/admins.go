package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/admin"
)

// Admins lists the local administrators by name.
func (db *DB) Admins(ctx context.Context) ([]admin.Account, error) {
	var list []admin.Account
	err := db.query(ctx, "SELECT username, password, email FROM admin ORDER BY username", nil, func(r *sql.Rows) error {
		var a admin.Account
		err := r.Scan(&a.Username, textTo{&a.Password}, textTo{&a.Email})
		list = append(list, a)
		return err
	})
	return list, err
}

// Admin finds one administrator; ErrNotFound.
func (db *DB) Admin(ctx context.Context, name string) (admin.Account, error) {
	var a admin.Account
	err := db.queryOne(ctx, "SELECT username, password, email FROM admin WHERE username = ?", []any{name}, &a.Username, textTo{&a.Password}, textTo{&a.Email})
	if err == nil && a.Username != name { // MariaDB ignores letter case
		return admin.Account{}, ErrNotFound
	}
	return a, err
}

// SaveAdmin adds an administrator or changes one; an empty password or mail
// address keeps what is there. ErrConflict: the database takes the name for one
// that is there.
func (db *DB) SaveAdmin(ctx context.Context, a admin.Account) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		old, err := db.Admin(ctx, a.Username)
		null := func(s string) any {
			if s == "" {
				return nil
			}
			return s
		}
		if errors.Is(err, ErrNotFound) {
			_, err = db.exec(ctx, "INSERT INTO admin (username, password, email) VALUES (?, ?, ?)", a.Username, null(a.Password), null(a.Email))
			if duplicate(err) { // the name in other letters, where the database ignores them
				return ErrConflict
			}
			return err
		}
		if err != nil {
			return err
		}
		if a.Password == "" {
			a.Password = old.Password
		}
		if a.Email == "" {
			a.Email = old.Email
		}
		_, err = db.exec(ctx, "UPDATE admin SET password = ?, email = ? WHERE username = ?", null(a.Password), null(a.Email), a.Username)
		return err
	})
}

// DeleteAdmin removes an administrator; ErrNotFound.
func (db *DB) DeleteAdmin(ctx context.Context, name string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.Admin(ctx, name); err != nil {
			return err
		}
		_, err := db.exec(ctx, "DELETE FROM admin WHERE username = ?", name)
		return err
	})
}
