package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"edumfa/internal/smsprovider"
)

// Types of rows of smsgatewayoption.
const (
	smsOption = "option"
	smsHeader = "header"
)

// SMSGateways lists the definitions of SMS gateways in the order they were made.
func (db *DB) SMSGateways(ctx context.Context) ([]smsprovider.Gateway, error) {
	var list []smsprovider.Gateway
	at := map[int64]int{}
	err := db.query(ctx, "SELECT id, identifier, description, providermodule FROM smsgateway ORDER BY id", nil, func(r *sql.Rows) error {
		g := smsprovider.Gateway{Options: map[string]string{}, Headers: map[string]string{}}
		err := r.Scan(&g.ID, &g.Name, &g.Description, &g.Module)
		at[g.ID] = len(list)
		list = append(list, g)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, `SELECT gateway_id, "Key", "Value", "Type" FROM smsgatewayoption WHERE gateway_id IS NOT NULL`, nil, func(r *sql.Rows) error {
		var id int64
		var key, value, kind string
		if err := r.Scan(&id, textTo{&key}, textTo{&value}, textTo{&kind}); err != nil {
			return err
		}
		i, known := at[id]
		switch {
		case !known:
		case kind == smsHeader:
			list[i].Headers[key] = value
		default: // rows from before headers have no type
			list[i].Options[key] = value
		}
		return nil
	})
	return list, err
}

// SaveSMSGateway stores a definition in the place of the one with its name, or
// as a new one. Options and headers that it does not have are gone.
func (db *DB) SaveSMSGateway(ctx context.Context, g smsprovider.Gateway) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		err := db.queryOne(ctx, "SELECT id FROM smsgateway WHERE identifier = ?", []any{g.Name}, &id)
		switch {
		case errors.Is(err, ErrNotFound):
			if id, err = db.insert(ctx, "smsgateway", "identifier, description, providermodule", g.Name, g.Description, g.Module); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if _, err = db.exec(ctx, "UPDATE smsgateway SET description = ?, providermodule = ? WHERE id = ?", g.Description, g.Module, id); err != nil {
				return err
			}
			if _, err = db.exec(ctx, "DELETE FROM smsgatewayoption WHERE gateway_id = ?", id); err != nil {
				return err
			}
		}
		for _, part := range []struct {
			kind   string
			values map[string]string
		}{{smsOption, g.Options}, {smsHeader, g.Headers}} {
			for _, key := range slices.Sorted(maps.Keys(part.values)) {
				if _, err := db.insert(ctx, "smsgatewayoption", `gateway_id, "Key", "Value", "Type"`, id, key, part.values[key], part.kind); err != nil {
					return err
				}
			}
		}
		return db.Touch(ctx)
	})
	return id, err
}

// DeleteSMSGateway removes a definition and returns the id it had; ErrNotFound.
func (db *DB) DeleteSMSGateway(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, "SELECT id FROM smsgateway WHERE identifier = ?", []any{name}, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM smsgatewayoption WHERE gateway_id = ?", id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM smsgateway WHERE id = ?", id); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// DeleteSMSGatewayOption removes an option, or a header, of a gateway and returns
// the id of its row; ErrNotFound.
func (db *DB) DeleteSMSGatewayOption(ctx context.Context, gateway int64, key string, header bool) (id int64, err error) {
	kind := smsOption
	if header {
		kind = smsHeader
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		if err := db.queryOne(ctx, `SELECT id FROM smsgatewayoption WHERE gateway_id = ? AND "Key" = ? AND "Type" = ?`, []any{gateway, key, kind}, &id); err != nil {
			return err
		}
		if _, err := db.exec(ctx, "DELETE FROM smsgatewayoption WHERE id = ?", id); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}
