package api

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/mfaerr"
	"edumfa/internal/task"
)

// taskStore keeps periodic tasks.
type taskStore interface {
	PeriodicTasks(ctx context.Context) ([]task.Task, error)
	PeriodicTask(ctx context.Context, id int64) (task.Task, error)
	SavePeriodicTask(ctx context.Context, t task.Task) (int64, error)
	EnablePeriodicTask(ctx context.Context, id int64, on bool) error
	DeletePeriodicTask(ctx context.Context, id int64) error
}

// noTask is the answer about a task that is not there.
const noTask = "The requested PeriodicTask could not be found."

// utcMicros is the form of moments in lists of tasks and statistics.
const utcMicros = "2006-01-02 15:04:05.000000-0700"

func utcText(t time.Time) string { return t.UTC().Format(utcMicros) }

func taskJSON(t task.Task) map[string]any {
	runs := map[string]any{}
	for node, at := range t.LastRuns {
		runs[node] = utcText(at)
	}
	options := map[string]any{}
	for k, v := range t.Options {
		options[k] = v
	}
	return map[string]any{
		"id": t.ID, "name": t.Name, "active": t.Active, "retry_if_failed": t.Retry, "interval": t.Interval, "nodes": texts(t.Nodes), "taskmodule": t.Module,
		"ordering": t.Ordering, "options": options, "last_update": utcText(t.LastUpdate), "last_runs": runs,
	}
}

// taskModules lists the kinds of tasks.
func (a *API) taskModules(_ context.Context, r *Request) (*Answer, error) {
	list := []any{}
	for _, k := range a.TaskKinds {
		list = append(list, k.Module())
	}
	r.Audit.Success = 1
	return ok(list), nil
}

// taskNodes lists the nodes that tasks can run on.
func (a *API) taskNodes(_ context.Context, r *Request) (*Answer, error) {
	r.Audit.Success = 1
	return ok(texts(a.Config.Nodes())), nil
}

// taskOptions describes the options of a kind.
func (a *API) taskOptions(_ context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("taskmodule", "")
	i := slices.IndexFunc(a.TaskKinds, func(k task.Kind) bool { return k.Module() == name })
	if i < 0 {
		return nil, task.ErrModule(name)
	}
	out := map[string]any{}
	for _, o := range a.TaskKinds[i].Options() {
		about := map[string]any{"type": o.Type, "description": o.Description}
		if o.Required {
			about["required"] = true
		}
		out[o.Name] = about
	}
	r.Audit.Success = 1
	return ok(out), nil
}

func (a *API) taskList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.PeriodicTasks(ctx)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range list {
		out = append(out, taskJSON(t))
	}
	r.Audit.Success = 1
	return ok(out), nil
}

func (a *API) taskGet(ctx context.Context, r *Request) (*Answer, error) {
	id, err := taskID(r, "ptaskid")
	if err != nil {
		return nil, err
	}
	t, err := a.Store.PeriodicTask(ctx, id)
	if err != nil {
		return nil, a.missing(err, noTask)
	}
	r.Audit.Success = 1
	return ok(taskJSON(t)), nil
}

func taskID(r *Request, name string) (int64, error) {
	s := r.Params.TextOr(name, "")
	id, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, mfaerr.NewParameter("The id '%s' of the periodic task is no number.", s)
	}
	return id, nil
}

// taskSet creates a definition or, with an id, replaces one.
func (a *API) taskSet(ctx context.Context, r *Request) (*Answer, error) {
	t, err := taskFromParams(r)
	if err != nil {
		return nil, err
	}
	if err := t.Check(a.TaskKinds); err != nil {
		return nil, err
	}
	id, err := a.Store.SavePeriodicTask(ctx, t)
	if errors.Is(err, a.NameTaken) {
		return nil, mfaerr.NewParameter("There is a periodic task '%s' already.", t.Name).WithCause(err)
	}
	if err != nil {
		return nil, a.missing(err, noTask)
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(id), nil
}

func taskFromParams(r *Request) (t task.Task, err error) {
	p := r.Params
	if raw := p.Raw("id"); raw != nil {
		if t.ID, err = taskID(r, "id"); err != nil {
			return t, err
		}
		if t.ID <= 0 {
			return t, mfaerr.NewNotFound(noTask)
		}
	}
	if t.Name, err = p.Required("name"); err != nil {
		return t, err
	}
	t.Active, t.Retry = p.BoolOr("active", true), p.BoolOr("retry_if_failed", true)
	if t.Interval, err = p.Required("interval"); err != nil {
		return t, err
	}
	nodes, err := p.Required("nodes")
	if err != nil {
		return t, err
	}
	if strings.TrimSpace(nodes) == "" {
		return t, mfaerr.NewParameter("nodes: expected at least one node")
	}
	for n := range strings.SplitSeq(nodes, ",") {
		t.Nodes = append(t.Nodes, strings.TrimSpace(n))
	}
	if t.Module, err = p.Required("taskmodule"); err != nil {
		return t, err
	}
	if _, err = p.Required("ordering"); err != nil {
		return t, err
	}
	if t.Ordering, err = p.Int("ordering", 0); err != nil {
		return t, err
	}
	if t.Options, err = taskOptionsOf(p.Raw("options")); err != nil {
		return t, err
	}
	for what, c := range map[string]struct {
		value string
		limit int
	}{"name": {t.Name, 64}, "interval": {t.Interval, 256}, "nodes": {strings.Join(t.Nodes, ", "), 256}} {
		if len([]rune(c.value)) > c.limit {
			return t, mfaerr.NewParameter("%s: at most %d characters are kept", what, c.limit)
		}
	}
	return t, nil
}

// Widths of the columns of options.
const (
	taskOptionKey   = 255
	taskOptionValue = 2000
)

// taskOptionsOf reads options: an object, or its JSON text.
func taskOptionsOf(v any) (map[string]string, error) {
	out := map[string]string{}
	if v == nil {
		return out, nil
	}
	object, err := jsonObject("options", v)
	if err != nil {
		return nil, err
	}
	for k, x := range object {
		value := params.AsText(x)
		if len([]rune(k)) > taskOptionKey || len([]rune(value)) > taskOptionValue {
			return nil, mfaerr.NewParameter("options: a name may have %d characters, a value %d", taskOptionKey, taskOptionValue)
		}
		out[k] = value
	}
	return out, nil
}

// taskSwitch enables or disables a definition.
func (a *API) taskSwitch(on bool) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		id, err := taskID(r, "ptaskid")
		if err != nil {
			return nil, err
		}
		if err := a.Store.EnablePeriodicTask(ctx, id, on); err != nil {
			return nil, a.missing(err, noTask)
		}
		r.Audit.Success = 1
		return ok(id), nil
	}
}

func (a *API) taskDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := taskID(r, "ptaskid")
	if err != nil {
		return nil, err
	}
	if err := a.Store.DeletePeriodicTask(ctx, id); err != nil {
		return nil, a.missing(err, noTask)
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(id), nil
}
