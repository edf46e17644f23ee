package transfer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/cron"
	"edumfa/internal/pyliteral"
	"edumfa/internal/task"
	"edumfa/internal/timespec"
)

// taskStore keeps periodic tasks.
type taskStore interface {
	PeriodicTasks(ctx context.Context) ([]task.Task, error)
	SavePeriodicTask(ctx context.Context, t task.Task) (id int64, err error)
}

// PeriodicTasks is the list of periodic tasks in the order in which they run, or of
// the one with the name. Their runs belong to the installation.
func (t *Transfer) PeriodicTasks(ctx context.Context, name string) (any, error) {
	tasks, err := t.Store.PeriodicTasks(ctx)
	if err != nil {
		return nil, err
	}
	list := pyliteral.List{}
	for _, x := range tasks {
		if name != "" && x.Name != name {
			continue
		}
		nodes := pyliteral.List{}
		for _, n := range x.Nodes {
			nodes = append(nodes, n)
		}
		list = append(list, pyliteral.NewDict(
			pyliteral.Pair{Key: "id", Value: x.ID},
			pyliteral.Pair{Key: "name", Value: x.Name},
			pyliteral.Pair{Key: "active", Value: x.Active},
			pyliteral.Pair{Key: "interval", Value: x.Interval},
			pyliteral.Pair{Key: "nodes", Value: nodes},
			pyliteral.Pair{Key: "taskmodule", Value: x.Module},
			pyliteral.Pair{Key: "retry_if_failed", Value: x.Retry},
			pyliteral.Pair{Key: "last_update", Value: timespec.FormatMinutes(x.LastUpdate.In(time.UTC))},
			pyliteral.Pair{Key: "ordering", Value: int64(x.Ordering)},
			pyliteral.Pair{Key: "options", Value: textDict(x.Options)},
			pyliteral.Pair{Key: "last_runs", Value: pyliteral.NewDict()},
		))
	}
	return list, nil
}

// readTask reads a definition of a file; its id and its runs count for nothing.
func readTask(d *pyliteral.Dict) (task.Task, error) {
	x := task.Task{Name: textOf(d, "name"), Interval: textOf(d, "interval"), Module: textOf(d, "taskmodule")}
	nodes, _ := d.Get("nodes")
	if list, ok := sequence(nodes); ok {
		for _, n := range list {
			x.Nodes = append(x.Nodes, asText(n))
		}
	} else {
		x.Nodes = strings.Split(asText(nodes), ",")
	}
	for i, n := range x.Nodes {
		x.Nodes[i] = strings.TrimSpace(n)
	}
	for _, f := range [][2]string{{"name", x.Name}, {"interval", x.Interval}, {"taskmodule", x.Module}, {"nodes", strings.Join(x.Nodes, "")}} {
		if f[1] == "" {
			return x, fmt.Errorf("periodic task %q has no %s", x.Name, f[0])
		}
	}
	if _, err := cron.Parse(x.Interval); err != nil {
		return x, fmt.Errorf("periodic task %q: the interval %w", x.Name, err)
	}
	active, _ := d.Get("active")
	retry, _ := d.Get("retry_if_failed")
	x.Active, x.Retry = truth(active, true), truth(retry, true)
	if n := textOf(d, "ordering"); n != "" {
		var err error
		if x.Ordering, err = strconv.Atoi(n); err != nil || x.Ordering < 0 {
			return x, fmt.Errorf("periodic task %q: the ordering is no number", x.Name)
		}
	}
	var err error
	if x.Options, err = textMap(d, "options"); err != nil {
		return x, fmt.Errorf("periodic task %q: %w", x.Name, err)
	}
	return x, nil
}

func (t *Transfer) loadTasks(ctx context.Context, data any, o Options, say report) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	stored, err := t.Store.PeriodicTasks(ctx)
	if err != nil {
		return err
	}
	for _, d := range list {
		x, err := readTask(d)
		if err != nil {
			return err
		}
		if o.Name != "" && o.Name != x.Name {
			continue
		}
		if i := slices.IndexFunc(stored, func(y task.Task) bool { return y.Name == x.Name }); i >= 0 {
			x.ID = stored[i].ID
		}
		if _, err := t.Store.SavePeriodicTask(ctx, x); err != nil {
			return err
		}
		say("Imported periodic task %s", x.Name)
	}
	return nil
}
