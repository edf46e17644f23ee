package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"edumfa/internal/machine"
)

// AttachToken attaches the token of a serial to a machine, or to any, and
// returns the id. Errors: ErrNotFound for a token or a machine store that is not
// there.
func (db *DB) AttachToken(ctx context.Context, a machine.Attachment) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		var tokenID int64
		// The row is held, so that the token is not deleted meanwhile.
		if err := db.queryOne(ctx, "SELECT id FROM token WHERE serial = ?"+db.engine.forUpdate(), []any{a.Serial}, &tokenID); err != nil {
			return err
		}
		var store, machineID any
		if a.Resolver != "" || a.MachineID != "" {
			var storeID int64
			if err := db.queryOne(ctx, "SELECT id FROM machineresolver WHERE name = ?", []any{a.Resolver}, &storeID); err != nil {
				return err
			}
			store, machineID = storeID, a.MachineID
		}
		if id, err = db.insert(ctx, "machinetoken", "token_id, machineresolver_id, machine_id, application", tokenID, store, machineID, a.Application); err != nil {
			return err
		}
		if err := db.setAttachmentOptions(ctx, id, a.Options, nil); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

// AttachedApplications names the applications that any token is attached to.
func (db *DB) AttachedApplications(ctx context.Context) ([]string, error) {
	list, err := db.column(ctx, "SELECT DISTINCT application FROM machinetoken ORDER BY application")
	return list, public(err)
}

// Attachments finds attachments with their options, in the order they were made.
func (db *DB) Attachments(ctx context.Context, f machine.Attachments) ([]machine.Attachment, error) {
	w := &where{}
	if f.ID != 0 {
		w.add("m.id = ?", f.ID)
	}
	if f.Serial != "" {
		w.add("t.serial = ?", f.Serial)
	}
	if f.Application != "" {
		w.add("m.application = ?", f.Application)
	}
	switch {
	case f.At == nil:
	case *f.At == machine.Place{}:
		w.add("m.machineresolver_id IS NULL AND m.machine_id IS NULL")
	default:
		w.add("r.name = ? AND m.machine_id = ?", f.At.Resolver, f.At.MachineID)
	}
	q := `SELECT m.id, t.id, t.serial, t.tokentype, r.name, m.machine_id, m.application, o.mt_key, o.mt_value FROM machinetoken m
 JOIN token t ON t.id = m.token_id LEFT JOIN machineresolver r ON r.id = m.machineresolver_id LEFT JOIN machinetokenoptions o ON o.machinetoken_id = m.id` + w.text() + " ORDER BY m.id, o.id"
	var list []machine.Attachment
	err := db.query(ctx, q, w.args, func(r *sql.Rows) error {
		var a machine.Attachment
		var key, value sql.NullString
		if err := r.Scan(&a.ID, &a.TokenID, textTo{&a.Serial}, textTo{&a.TokenType}, textTo{&a.Resolver}, textTo{&a.MachineID}, textTo{&a.Application}, &key, &value); err != nil {
			return err
		}
		if n := len(list); n == 0 || list[n-1].ID != a.ID {
			a.Options = map[string]string{}
			list = append(list, a)
		}
		if key.Valid {
			list[len(list)-1].Options[key.String] = value.String
		}
		return nil
	})
	return list, public(err)
}

// DetachTokens removes attachments with their options and returns how many were
// there.
func (db *DB) DetachTokens(ctx context.Context, ids ...int64) (n int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		in, args := inList(ids)
		if _, err := db.exec(ctx, "DELETE FROM machinetokenoptions WHERE machinetoken_id IN "+in, args...); err != nil {
			return err
		}
		n, err = db.exec(ctx, "DELETE FROM machinetoken WHERE id IN "+in, args...)
		return err
	})
	return n, err
}

// SetAttachmentOptions sets options of attachments and removes others. ErrNotFound
// says that one of the attachments is gone; nothing is changed then.
func (db *DB) SetAttachmentOptions(ctx context.Context, ids []int64, set map[string]string, remove []string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			var there int64
			if err := db.queryOne(ctx, "SELECT id FROM machinetoken WHERE id = ?"+db.engine.forUpdate(), []any{id}, &there); err != nil {
				return err
			}
			if err := db.setAttachmentOptions(ctx, id, set, remove); err != nil {
				return err
			}
		}
		return nil
	})
}

func (db *DB) setAttachmentOptions(ctx context.Context, id int64, set map[string]string, remove []string) error {
	for _, key := range remove {
		if _, err := db.exec(ctx, "DELETE FROM machinetokenoptions WHERE machinetoken_id = ? AND mt_key = ?", id, key); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		n, err := db.exec(ctx, "UPDATE machinetokenoptions SET mt_value = ? WHERE machinetoken_id = ? AND mt_key = ?", set[key], id, key)
		if err != nil {
			return err
		}
		if n == 0 {
			if _, err := db.insert(ctx, "machinetokenoptions", "machinetoken_id, mt_key, mt_value", id, key, set[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

var machineStoreTables = definitionTables{table: "machineresolver", kind: "rtype", config: "machineresolverconfig", owner: "resolver_id"}

// MachineStores lists the definitions of machine stores in the order they were
// made.
func (db *DB) MachineStores(ctx context.Context) ([]machine.Definition, error) {
	return machineStoreTables.list(ctx, db)
}

// SaveMachineStore makes a machine store or changes the options that are given.
func (db *DB) SaveMachineStore(ctx context.Context, d machine.Definition) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		id, err = machineStoreTables.saveNamed(ctx, db, d)
		return err
	})
	return id, err
}

// DeleteMachineStore removes a machine store and returns the id it had;
// ErrNotFound. Attachments to its machines stay: the store may be made again.
func (db *DB) DeleteMachineStore(ctx context.Context, name string) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		if id, err = machineStoreTables.id(ctx, db, name); err != nil {
			return err
		}
		return machineStoreTables.remove(ctx, db, id)
	})
	return id, err
}
