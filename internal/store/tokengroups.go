package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/token"
)

// TokenGroups finds all token groups in the order of their names, or the one of
// the name.
func (db *DB) TokenGroups(ctx context.Context, name string) ([]token.Group, error) {
	w := &where{}
	if name != "" {
		w.add("name = ?", name)
	}
	var list []token.Group
	err := db.query(ctx, `SELECT id, name, "Description" FROM tokengroup`+w.text()+" ORDER BY name", w.args, func(r *sql.Rows) error {
		var g token.Group
		err := r.Scan(&g.ID, &g.Name, textTo{&g.Description})
		list = append(list, g)
		return err
	})
	return list, err
}

// TokenGroupExists reports whether there is a token group of the name.
func (db *DB) TokenGroupExists(ctx context.Context, name string) (bool, error) {
	list, err := db.TokenGroups(ctx, name)
	return name != "" && len(list) > 0, err
}

// SaveTokenGroup makes a group or, where there is one of the name, changes its
// description. It returns the id.
func (db *DB) SaveTokenGroup(ctx context.Context, g token.Group) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		err := db.queryOne(ctx, "SELECT id FROM tokengroup WHERE name = ?", []any{g.Name}, &id)
		if errors.Is(err, ErrNotFound) {
			if id, err = db.insert(ctx, "tokengroup", `name, "Description"`, g.Name, g.Description); duplicate(err) {
				return ErrConflict
			}
			return err
		}
		if err != nil {
			return err
		}
		_, err = db.exec(ctx, `UPDATE tokengroup SET "Description" = ? WHERE id = ?`, g.Description, id)
		return err
	})
	return id, err
}

// DeleteTokenGroup removes a group, unless tokens are in it: then it returns how
// many and nothing happens.
func (db *DB) DeleteTokenGroup(ctx context.Context, id int64) (tokens int, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT COUNT(*) FROM tokentokengroup WHERE tokengroup_id = ?", []any{id}, &tokens); err != nil || tokens > 0 {
			return err
		}
		_, err := db.exec(ctx, "DELETE FROM tokengroup WHERE id = ?", id)
		return err
	})
	return tokens, err
}
