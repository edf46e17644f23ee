package store

import (
	"context"
	"database/sql"

	"edumfa/internal/radius"
)

// RADIUSServers lists the definitions of RADIUS servers.
func (db *DB) RADIUSServers(ctx context.Context) ([]radius.Definition, error) {
	return db.radiusServers(ctx, &where{})
}

func (db *DB) radiusServers(ctx context.Context, w *where) ([]radius.Definition, error) {
	var list []radius.Definition
	err := db.query(ctx, "SELECT id, identifier, server, port, secret, dictionary, description, timeout, retries, enforce_ma FROM radiusserver"+w.text()+" ORDER BY id", w.args, func(r *sql.Rows) error {
		var d radius.Definition
		err := r.Scan(&d.ID, &d.Identifier, &d.Host, smallTo{&d.Port}, textTo{&d.Secret}, textTo{&d.Dictionary}, textTo{&d.Description}, smallTo{&d.Timeout}, smallTo{&d.Retries}, boolTo{&d.EnforceMA})
		list = append(list, d)
		return err
	})
	return list, err
}

// RADIUSServer finds one definition; ErrNotFound.
func (db *DB) RADIUSServer(ctx context.Context, identifier string) (radius.Definition, error) {
	w := &where{}
	w.add("identifier = ?", identifier)
	return one(db.radiusServers(ctx, w))
}

// SaveRADIUSServer stores a definition in the place of the one with its
// identifier, or as a new one.
func (db *DB) SaveRADIUSServer(ctx context.Context, d radius.Definition) (id int64, err error) {
	return db.saveNamed(ctx, "radiusserver", "identifier", []column{
		{"identifier", d.Identifier}, {"server", d.Host}, {"port", d.Port}, {"secret", d.Secret}, {"dictionary", d.Dictionary},
		{"description", d.Description}, {"timeout", d.Timeout}, {"retries", d.Retries}, {"enforce_ma", d.EnforceMA}})
}

// DeleteRADIUSServer removes a definition and returns the id it had; ErrNotFound.
func (db *DB) DeleteRADIUSServer(ctx context.Context, identifier string) (id int64, err error) {
	return db.deleteNamed(ctx, "radiusserver", "identifier", identifier)
}
