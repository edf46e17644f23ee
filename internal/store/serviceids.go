package store

import (
	"context"
	"database/sql"

	"edumfa/internal/serviceid"
)

// ServiceIDs finds all service ids in the order of their names, or the one of the
// name.
func (db *DB) ServiceIDs(ctx context.Context, name string) ([]serviceid.ServiceID, error) {
	w := &where{}
	if name != "" {
		w.add("name = ?", name)
	}
	var list []serviceid.ServiceID
	err := db.query(ctx, `SELECT id, name, "Description" FROM serviceid`+w.text()+" ORDER BY name", w.args, func(r *sql.Rows) error {
		var s serviceid.ServiceID
		err := r.Scan(&s.ID, &s.Name, textTo{&s.Description})
		list = append(list, s)
		return err
	})
	return list, err
}

// SaveServiceID makes a service id or, where there is one of the name, changes its
// description. It returns the id.
func (db *DB) SaveServiceID(ctx context.Context, s serviceid.ServiceID) (id int64, err error) {
	return db.saveNamed(ctx, "serviceid", "name", []column{{"name", s.Name}, {`"Description"`, s.Description}})
}

// DeleteServiceID removes a service id and returns the id it had; ErrNotFound.
func (db *DB) DeleteServiceID(ctx context.Context, name string) (id int64, err error) {
	return db.deleteNamed(ctx, "serviceid", "name", name)
}
