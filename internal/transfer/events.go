package transfer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/pyliteral"
)

// Events is the list of event definitions in the order in which they run, or of
// those with the name.
func (t *Transfer) Events(ctx context.Context, name string) (any, error) {
	rows, err := t.SortedEvents(ctx)
	if err != nil {
		return nil, err
	}
	list := pyliteral.List{}
	for _, r := range rows {
		if name == "" || r.Name == name {
			list = append(list, eventLiteral(r))
		}
	}
	return list, nil
}

// SortedEvents lists the definitions in the order in which they run.
func (t *Transfer) SortedEvents(ctx context.Context) ([]event.Row, error) {
	rows, err := t.Store.Events(ctx)
	slices.SortStableFunc(rows, func(a, b event.Row) int {
		return cmp.Or(cmp.Compare(a.Ordering, b.Ordering), cmp.Compare(a.ID, b.ID))
	})
	return rows, err
}

func eventLiteral(r event.Row) *pyliteral.Dict {
	events := pyliteral.List{}
	for _, e := range event.SplitEvents(r.Event) {
		events = append(events, e)
	}
	return pyliteral.NewDict(
		pyliteral.Pair{Key: "active", Value: r.Active},
		pyliteral.Pair{Key: "name", Value: r.Name},
		pyliteral.Pair{Key: "handlermodule", Value: r.HandlerModule},
		pyliteral.Pair{Key: "id", Value: r.ID},
		pyliteral.Pair{Key: "ordering", Value: int64(r.Ordering)},
		pyliteral.Pair{Key: "position", Value: r.Position},
		pyliteral.Pair{Key: "action", Value: r.Action},
		pyliteral.Pair{Key: "condition", Value: r.Condition},
		pyliteral.Pair{Key: "event", Value: events},
		pyliteral.Pair{Key: "options", Value: textDict(r.Options)},
		pyliteral.Pair{Key: "conditions", Value: textDict(r.Conditions)},
	)
}

func textDict(m map[string]string) *pyliteral.Dict {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	d := pyliteral.NewDict()
	for _, k := range keys {
		d.Set(k, m[k])
	}
	return d
}

// readEvent reads a definition of a file; its id counts for nothing.
func readEvent(d *pyliteral.Dict) (event.Row, error) {
	r := event.Row{Name: textOf(d, "name"), HandlerModule: textOf(d, "handlermodule"), Action: textOf(d, "action"), Position: textOf(d, "position")}
	names, _ := d.Get("event")
	if list, ok := sequence(names); ok {
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = asText(e)
		}
		r.Event = strings.Join(texts, ",")
	} else {
		r.Event = asText(names)
	}
	for _, f := range [][2]string{{"name", r.Name}, {"event", r.Event}, {"handlermodule", r.HandlerModule}, {"action", r.Action}} {
		if f[1] == "" {
			return r, fmt.Errorf("event %q has no %s", r.Name, f[0])
		}
	}
	if r.Position == "" {
		r.Position = string(event.Post)
	}
	if p := event.Position(r.Position); p != event.Pre && p != event.Post {
		return r, fmt.Errorf("event %q: the position is pre or post, not %q", r.Name, r.Position)
	}
	active, _ := d.Get("active")
	r.Active = truth(active, true)
	if n := textOf(d, "ordering"); n != "" {
		var err error
		if r.Ordering, err = strconv.Atoi(n); err != nil {
			return r, fmt.Errorf("event %q: the ordering is no number", r.Name)
		}
	}
	var err error
	if r.Conditions, err = textMap(d, "conditions"); err != nil {
		return r, fmt.Errorf("event %q: %w", r.Name, err)
	}
	if r.Options, err = textMap(d, "options"); err != nil {
		return r, fmt.Errorf("event %q: %w", r.Name, err)
	}
	return r, nil
}

func textMap(d *pyliteral.Dict, key string) (map[string]string, error) {
	out := map[string]string{}
	v, _ := d.Get(key)
	if v == nil {
		return out, nil
	}
	part, ok := v.(*pyliteral.Dict)
	if !ok {
		return nil, fmt.Errorf("%s is no dictionary", key)
	}
	for k, e := range part.All() {
		out[asText(k)] = asText(e)
	}
	return out, nil
}

func (t *Transfer) loadEvents(ctx context.Context, data any, o Options, say report) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	parsed := make([]event.Row, len(list))
	names := map[string]bool{}
	for i, d := range list {
		if parsed[i], err = readEvent(d); err != nil {
			return err
		}
		names[parsed[i].Name] = true
	}
	rows, err := t.SortedEvents(ctx)
	if err != nil {
		return err
	}
	if rows, err = t.removeEvents(ctx, rows, names, o, say); err != nil {
		return err
	}
	for i, r := range parsed {
		if o.Name != "" && o.Name != r.Name {
			continue
		}
		r.ID = sameEvent(rows, r.Name, textOf(list[i], "id"))
		done := "Added"
		if r.ID != 0 {
			if !o.Update {
				say("Event %s exists and -u is not specified, skipping import.", r.Name)
				continue
			}
			done = "Updated"
		}
		id, err := t.Store.SaveEvent(ctx, r)
		if err != nil {
			return err
		}
		say("%s event %s with result %d", done, r.Name, id)
	}
	return nil
}

// sameEvent is the id of the stored definition that one of a file stands for: of
// those with its name the one with its id, or else the first. The id alone says
// nothing, another installation counts its own.
func sameEvent(rows []event.Row, name, id string) int64 {
	var first int64
	for _, r := range rows {
		if r.Name != name {
			continue
		}
		if strconv.FormatInt(r.ID, 10) == id {
			return r.ID
		}
		if first == 0 {
			first = r.ID
		}
	}
	return first
}

func (t *Transfer) removeEvents(ctx context.Context, rows []event.Row, keep map[string]bool, o Options, say report) ([]event.Row, error) {
	var left []event.Row
	for _, r := range rows {
		if !o.Cleanup && (!o.Purge || keep[r.Name]) {
			left = append(left, r)
			continue
		}
		if err := t.Store.DeleteEvent(ctx, r.ID); err != nil {
			return nil, err
		}
		say("Deleted event %s", r.Name)
	}
	return left, nil
}
