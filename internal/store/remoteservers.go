package store

import (
	"context"
	"database/sql"

	"edumfa/internal/remoteserver"
)

// RemoteServers lists the definitions of other eduMFA servers.
func (db *DB) RemoteServers(ctx context.Context) ([]remoteserver.Server, error) {
	return db.remoteServers(ctx, &where{})
}

func (db *DB) remoteServers(ctx context.Context, w *where) ([]remoteserver.Server, error) {
	var list []remoteserver.Server
	err := db.query(ctx, "SELECT id, identifier, url, tls, description FROM edumfaserver"+w.text()+" ORDER BY id", w.args, func(r *sql.Rows) error {
		var s remoteserver.Server
		err := r.Scan(&s.ID, &s.Identifier, &s.URL, boolTo{&s.TLS}, textTo{&s.Description})
		list = append(list, s)
		return err
	})
	return list, err
}

// RemoteServer finds one definition; ErrNotFound.
func (db *DB) RemoteServer(ctx context.Context, identifier string) (remoteserver.Server, error) {
	w := &where{}
	w.add("identifier = ?", identifier)
	return one(db.remoteServers(ctx, w))
}

// RemoteServerByID finds the definition with the number; ErrNotFound.
func (db *DB) RemoteServerByID(ctx context.Context, id int64) (remoteserver.Server, error) {
	w := &where{}
	w.add("id = ?", id)
	return one(db.remoteServers(ctx, w))
}

// one is the first of what was found.
func one[T any](list []T, err error) (T, error) {
	if err == nil && len(list) > 0 {
		return list[0], nil
	}
	var none T
	if err == nil {
		err = ErrNotFound
	}
	return none, err
}

// SaveRemoteServer stores a definition in the place of the one with its
// identifier, or as a new one.
func (db *DB) SaveRemoteServer(ctx context.Context, s remoteserver.Server) (id int64, err error) {
	return db.saveNamed(ctx, "edumfaserver", "identifier", []column{
		{"identifier", s.Identifier}, {"url", s.URL}, {"tls", s.TLS}, {"description", s.Description}})
}

// DeleteRemoteServer removes a definition and returns the id it had; ErrNotFound.
func (db *DB) DeleteRemoteServer(ctx context.Context, identifier string) (id int64, err error) {
	return db.deleteNamed(ctx, "edumfaserver", "identifier", identifier)
}
