package store

import (
	"context"
	"database/sql"
	"fmt"
)

// nameTables are the tables of definitions that have names, with the query for
// them.
var nameTables = map[string]string{
	"smtpserver":   "SELECT identifier FROM smtpserver ORDER BY id",
	"radiusserver": "SELECT identifier FROM radiusserver ORDER BY id",
	"edumfaserver": "SELECT identifier FROM edumfaserver ORDER BY id",
	"smsgateway":   "SELECT identifier FROM smsgateway ORDER BY id",
	"caconnector":  "SELECT name FROM caconnector ORDER BY id",
	"tokengroup":   "SELECT name FROM tokengroup ORDER BY id",
	"admin":        "SELECT username FROM admin ORDER BY username",
}

// ServerNames lists the names of a table of definitions.
func (db *DB) ServerNames(ctx context.Context, table string) ([]string, error) {
	q, known := nameTables[table]
	if !known {
		return nil, fmt.Errorf("no names in table %q", table)
	}
	return db.column(ctx, q)
}

// GatewayNames lists the SMS gateways of a provider module.
func (db *DB) GatewayNames(ctx context.Context, module string) ([]string, error) {
	return db.column(ctx, "SELECT identifier FROM smsgateway WHERE providermodule = ? ORDER BY id", module)
}

// column reads one text column.
func (db *DB) column(ctx context.Context, q string, args ...any) ([]string, error) {
	list := []string{}
	err := db.query(ctx, q, args, func(r *sql.Rows) error {
		var s string
		err := r.Scan(textTo{&s})
		list = append(list, s)
		return err
	})
	return list, err
}
