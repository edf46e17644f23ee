package store

import (
	"context"
	"database/sql"

	"edumfa/internal/event"
)

// Events reads all event handler definitions in the order of their ids.
func (db *DB) Events(ctx context.Context) ([]event.Row, error) {
	var list []event.Row
	at := map[int64]int{}
	err := db.query(ctx, `SELECT id, name, active, ordering, position, event, handlermodule, "condition", action FROM eventhandler ORDER BY id`, nil, func(r *sql.Rows) error {
		e := event.Row{Conditions: map[string]string{}, Options: map[string]string{}}
		if err := r.Scan(&e.ID, textTo{&e.Name}, boolTo{&e.Active}, smallTo{&e.Ordering}, textTo{&e.Position}, textTo{&e.Event}, textTo{&e.HandlerModule}, textTo{&e.Condition}, textTo{&e.Action}); err != nil {
			return err
		}
		at[e.ID] = len(list)
		list = append(list, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		table string
		into  func(*event.Row) map[string]string
	}{
		{"eventhandlercondition", func(e *event.Row) map[string]string { return e.Conditions }},
		{"eventhandleroption", func(e *event.Row) map[string]string { return e.Options }},
	} {
		err := db.query(ctx, `SELECT eventhandler_id, "Key", "Value" FROM `+part.table+` ORDER BY id`, nil, func(r *sql.Rows) error {
			var id int64
			var k, v string
			if err := r.Scan(intTo{&id}, &k, textTo{&v}); err != nil {
				return err
			}
			if i, ok := at[id]; ok {
				part.into(&list[i])[k] = v
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// SaveEvent stores a definition: a new one when its id is 0, otherwise in the
// place of the one with the id (ErrNotFound).
func (db *DB) SaveEvent(ctx context.Context, e event.Row) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		id = e.ID
		if id == 0 {
			id, err = db.insert(ctx, "eventhandler", `name, active, ordering, position, event, handlermodule, "condition", action`,
				e.Name, e.Active, e.Ordering, e.Position, e.Event, e.HandlerModule, e.Condition, e.Action)
			if err != nil {
				return err
			}
		} else {
			n, err := db.exec(ctx, "UPDATE eventhandler SET name = ?, active = ?, ordering = ?, position = ?, event = ?, handlermodule = ?, action = ? WHERE id = ?",
				e.Name, e.Active, e.Ordering, e.Position, e.Event, e.HandlerModule, e.Action, id)
			if err != nil {
				return err
			}
			if n == 0 {
				return ErrNotFound
			}
		}
		if err := db.replaceEventParts(ctx, id, e); err != nil {
			return err
		}
		return db.Touch(ctx)
	})
	return id, err
}

func (db *DB) replaceEventParts(ctx context.Context, id int64, e event.Row) error {
	for _, t := range []string{"eventhandlercondition", "eventhandleroption"} {
		if _, err := db.exec(ctx, "DELETE FROM "+t+" WHERE eventhandler_id = ?", id); err != nil {
			return err
		}
	}
	for k, v := range e.Conditions {
		if _, err := db.insert(ctx, "eventhandlercondition", `eventhandler_id, "Key", "Value", comparator`, id, k, v, "equal"); err != nil {
			return err
		}
	}
	for k, v := range e.Options {
		if _, err := db.insert(ctx, "eventhandleroption", `eventhandler_id, "Key", "Value", "Type", "Description"`, id, k, v, "", ""); err != nil {
			return err
		}
	}
	return nil
}

// EnableEvent switches a definition on or off; ErrNotFound.
func (db *DB) EnableEvent(ctx context.Context, id int64, on bool) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		n, err := db.exec(ctx, "UPDATE eventhandler SET active = ? WHERE id = ?", on, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return db.Touch(ctx)
	})
}

// DeleteEvent removes a definition; ErrNotFound.
func (db *DB) DeleteEvent(ctx context.Context, id int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, t := range []string{"eventhandlercondition", "eventhandleroption"} {
			if _, err := db.exec(ctx, "DELETE FROM "+t+" WHERE eventhandler_id = ?", id); err != nil {
				return err
			}
		}
		n, err := db.exec(ctx, "DELETE FROM eventhandler WHERE id = ?", id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return db.Touch(ctx)
	})
}
