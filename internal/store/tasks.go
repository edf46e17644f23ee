package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"edumfa/internal/task"
)

// nodeSeparator joins the names of nodes in their column.
const nodeSeparator = ", "

// PeriodicTasks reads all periodic tasks by ordering and id.
func (db *DB) PeriodicTasks(ctx context.Context) ([]task.Task, error) {
	var list []task.Task
	at := map[int64]int{}
	err := db.query(ctx, `SELECT id, name, active, retry_if_failed, "interval", nodes, taskmodule, ordering, last_update FROM periodictask ORDER BY ordering, id`, nil, func(r *sql.Rows) error {
		t := task.Task{Options: map[string]string{}, LastRuns: map[string]time.Time{}}
		var nodes string
		err := r.Scan(&t.ID, &t.Name, boolTo{&t.Active}, boolTo{&t.Retry}, &t.Interval, &nodes, &t.Module, &t.Ordering, timeTo{&t.LastUpdate, time.UTC})
		for n := range strings.SplitSeq(nodes, ",") {
			t.Nodes = append(t.Nodes, strings.TrimSpace(n))
		}
		at[t.ID] = len(list)
		list = append(list, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, `SELECT periodictask_id, "key", "value" FROM periodictaskoption ORDER BY id`, nil, func(r *sql.Rows) error {
		var id int64
		var k, v string
		err := r.Scan(intTo{&id}, &k, textTo{&v})
		if i, known := at[id]; known {
			list[i].Options[k] = v
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, "SELECT periodictask_id, node, timestamp FROM periodictasklastrun ORDER BY id", nil, func(r *sql.Rows) error {
		var id int64
		var node string
		var when time.Time
		err := r.Scan(intTo{&id}, &node, timeTo{&when, time.UTC})
		if i, known := at[id]; known {
			list[i].LastRuns[node] = when
		}
		return err
	})
	return list, err
}

// PeriodicTask reads one; ErrNotFound.
func (db *DB) PeriodicTask(ctx context.Context, id int64) (task.Task, error) {
	list, err := db.PeriodicTasks(ctx)
	if err != nil {
		return task.Task{}, err
	}
	i := slices.IndexFunc(list, func(t task.Task) bool { return t.ID == id })
	if i < 0 {
		return task.Task{}, ErrNotFound
	}
	return list[i], nil
}

// SavePeriodicTask stores a definition: a new one when its id is 0, otherwise in
// the place of the one with the id (ErrNotFound). Options that it does not have
// are gone, as are runs of nodes that it does not name any more. ErrNameTaken when another one has the name.
func (db *DB) SavePeriodicTask(ctx context.Context, t task.Task) (id int64, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		id = t.ID
		var other int64
		err := db.queryOne(ctx, "SELECT id FROM periodictask WHERE name = ? AND id <> ?", []any{t.Name, t.ID}, &other)
		if err == nil {
			return ErrNameTaken
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		values := []any{t.Name, t.Active, t.Retry, t.Interval, strings.Join(t.Nodes, nodeSeparator), t.Module, t.Ordering, naive(db.now().UTC())}
		if id == 0 {
			id, err = db.insert(ctx, "periodictask", `name, active, retry_if_failed, "interval", nodes, taskmodule, ordering, last_update`, values...)
			if err != nil {
				return raced(err)
			}
		} else {
			n, err := db.exec(ctx, `UPDATE periodictask SET name = ?, active = ?, retry_if_failed = ?, "interval" = ?, nodes = ?, taskmodule = ?, ordering = ?, last_update = ? WHERE id = ?`, append(values, id)...)
			if err != nil {
				return err
			}
			if n == 0 {
				return ErrNotFound
			}
			if _, err := db.exec(ctx, "DELETE FROM periodictaskoption WHERE periodictask_id = ?", id); err != nil {
				return err
			}
			in, nodes := inList(t.Nodes)
			if _, err := db.exec(ctx, "DELETE FROM periodictasklastrun WHERE periodictask_id = ? AND node NOT IN "+in, append([]any{id}, nodes...)...); err != nil {
				return err
			}
		}
		for _, k := range slices.Sorted(maps.Keys(t.Options)) {
			if _, err := db.insert(ctx, "periodictaskoption", `periodictask_id, "key", "value"`, id, k, t.Options[k]); err != nil {
				return err
			}
		}
		return nil
	})
	return id, err
}

// ErrNameTaken says that another definition has the name.
var ErrNameTaken = errors.New("another one has the name")

// EnablePeriodicTask switches a definition on or off; ErrNotFound. Its next run is
// counted from now unless it has run before.
func (db *DB) EnablePeriodicTask(ctx context.Context, id int64, on bool) error {
	n, err := db.exec(ctx, "UPDATE periodictask SET active = ?, last_update = ? WHERE id = ?", on, naive(db.now().UTC()), id)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// DeletePeriodicTask removes a definition with all that hangs on it; ErrNotFound.
func (db *DB) DeletePeriodicTask(ctx context.Context, id int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, t := range []string{"periodictaskoption", "periodictasklastrun"} {
			if _, err := db.exec(ctx, "DELETE FROM "+t+" WHERE periodictask_id = ?", id); err != nil {
				return err
			}
		}
		n, err := db.exec(ctx, "DELETE FROM periodictask WHERE id = ?", id)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}

// NoteRun stores when a node ran a task. One that is gone meanwhile leaves
// nothing.
func (db *DB) NoteRun(ctx context.Context, id int64, node string, at time.Time) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		var there int64
		if err := db.queryOne(ctx, "SELECT id FROM periodictask WHERE id = ?"+db.engine.forUpdate(), []any{id}, &there); err != nil {
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			return err
		}
		n, err := db.exec(ctx, "UPDATE periodictasklastrun SET timestamp = ? WHERE periodictask_id = ? AND node = ?", naive(at.UTC()), id, node)
		if err != nil || n > 0 {
			return err
		}
		_, err = db.insert(ctx, "periodictasklastrun", "periodictask_id, node, timestamp", id, node, naive(at.UTC()))
		return raced(err)
	})
}

// TakeLease gives a name to a holder until a time, unless somebody has it or
// paused it. Without respectPause a pause does not count.
func (db *DB) TakeLease(ctx context.Context, name, holder string, now, until time.Time, respectPause bool) (ours bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		q := "UPDATE go_lease SET holder = ?, ends = ? WHERE name = ? AND (ends <= ? OR holder = '')"
		if respectPause {
			q = "UPDATE go_lease SET holder = ?, ends = ? WHERE name = ? AND ends <= ?"
		}
		n, err := db.exec(ctx, q, holder, until.UnixMilli(), name, now.UnixMilli())
		if err != nil || n > 0 {
			ours = n > 0
			return err
		}
		var there string
		if err := db.queryOne(ctx, "SELECT name FROM go_lease WHERE name = ?", []any{name}, &there); !errors.Is(err, ErrNotFound) {
			ours = false
			return err
		}
		if _, err := db.exec(ctx, "INSERT INTO go_lease (name, holder, ends) VALUES (?,?,?)", name, holder, until.UnixMilli()); err != nil {
			return raced(err)
		}
		ours = true
		return nil
	})
	return ours && err == nil, err
}

// KeepLease moves the end of the holder's lease; false when it is not his.
func (db *DB) KeepLease(ctx context.Context, name, holder string, until time.Time) (bool, error) {
	n, err := db.exec(ctx, "UPDATE go_lease SET ends = ? WHERE name = ? AND holder = ?", until.UnixMilli(), name, holder)
	return n == 1, err
}

// FreeLease ends the holder's lease. With a time, everybody who respects pauses
// leaves the name alone until then.
func (db *DB) FreeLease(ctx context.Context, name, holder string, until time.Time) error {
	if until.IsZero() {
		_, err := db.exec(ctx, "DELETE FROM go_lease WHERE name = ? AND holder = ?", name, holder)
		return err
	}
	_, err := db.exec(ctx, "UPDATE go_lease SET holder = '', ends = ? WHERE name = ? AND holder = ?", until.UnixMilli(), name, holder)
	return err
}
