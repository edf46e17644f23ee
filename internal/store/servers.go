package store

import (
	"context"
	"database/sql"
	"errors"

	"edumfa/internal/clientapp"
	"edumfa/internal/smtpserver"
)

// SMTPServers lists the definitions of mail servers.
func (db *DB) SMTPServers(ctx context.Context) ([]smtpserver.Server, error) {
	var list []smtpserver.Server
	err := db.query(ctx, "SELECT id, identifier, server, port, username, password, sender, tls, description, timeout, enqueue_job FROM smtpserver ORDER BY id", nil, func(r *sql.Rows) error {
		var s smtpserver.Server
		err := r.Scan(&s.ID, &s.Identifier, &s.Host, smallTo{&s.Port}, textTo{&s.Username}, textTo{&s.Password}, textTo{&s.Sender}, boolTo{&s.TLS}, textTo{&s.Description}, smallTo{&s.Timeout}, boolTo{&s.Enqueue})
		list = append(list, s)
		return err
	})
	return list, err
}

// SMTPServer finds one definition; ErrNotFound.
func (db *DB) SMTPServer(ctx context.Context, identifier string) (smtpserver.Server, error) {
	list, err := db.SMTPServers(ctx)
	if err != nil {
		return smtpserver.Server{}, err
	}
	for _, s := range list {
		if s.Identifier == identifier {
			return s, nil
		}
	}
	return smtpserver.Server{}, ErrNotFound
}

// SaveSMTPServer stores a definition in the place of the one with its
// identifier, or as a new one.
func (db *DB) SaveSMTPServer(ctx context.Context, s smtpserver.Server) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		values := []any{s.Identifier, s.Host, s.Port, s.Username, s.Password, s.Sender, s.TLS, s.Description, s.Timeout, s.Enqueue}
		err := db.queryOne(ctx, "SELECT id FROM smtpserver WHERE identifier = ? ORDER BY id", []any{s.Identifier}, &id)
		switch {
		case errors.Is(err, ErrNotFound):
			id, err = db.insert(ctx, "smtpserver", "identifier, server, port, username, password, sender, tls, description, timeout, enqueue_job", values...)
		case err == nil:
			_, err = db.exec(ctx, "UPDATE smtpserver SET identifier = ?, server = ?, port = ?, username = ?, password = ?, sender = ?, tls = ?, description = ?, timeout = ?, enqueue_job = ? WHERE id = ?", append(values, id)...)
		}
		if err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// DeleteSMTPServer removes a definition and returns the id it had; ErrNotFound.
func (db *DB) DeleteSMTPServer(ctx context.Context, identifier string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM smtpserver WHERE identifier = ? ORDER BY id", []any{identifier}, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM smtpserver WHERE id = ?", id); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// Clients lists the client applications that were seen.
func (db *DB) Clients(ctx context.Context) ([]clientapp.Client, error) {
	var list []clientapp.Client
	err := db.query(ctx, "SELECT ip, hostname, clienttype, lastseen, node FROM clientapplication ORDER BY id", nil, func(r *sql.Rows) error {
		var c clientapp.Client
		err := r.Scan(&c.IP, textTo{&c.Hostname}, &c.Type, timeTo{&c.LastSeen, db.local}, &c.Node)
		list = append(list, c)
		return err
	})
	return list, err
}
