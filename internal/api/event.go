package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/event"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// eventStore keeps event definitions.
type eventStore interface {
	SaveEvent(ctx context.Context, e event.Row) (int64, error)
	EnableEvent(ctx context.Context, id int64, on bool) error
	DeleteEvent(ctx context.Context, id int64) error
}

// noEvent is the answer about a definition that is not there.
const noEvent = "The requested EventHandler could not be found."

// eventList lists all definitions in the order in which they run.
func (a *API) eventList(_ context.Context, r *Request) (*Answer, error) {
	list := []any{}
	for _, d := range r.Snap.Events.All() {
		list = append(list, d.JSON())
	}
	r.Audit.Success = 1
	return ok(list), nil
}

// eventGet is one definition as a list of one, or what can be chosen in forms.
func (a *API) eventGet(_ context.Context, r *Request) (*Answer, error) {
	switch r.Params.TextOr("eventid", "") {
	case "available":
		r.Audit.Success = 1
		return ok(texts(a.EventCatalog.Events)), nil
	case "handlermodules":
		r.Audit.Success = 1
		return ok(texts(a.EventCatalog.Modules())), nil
	}
	id, err := eventID(r, "eventid")
	if err != nil {
		return nil, err
	}
	list := []any{}
	if d, known := r.Snap.Events.ByID(id); known {
		list = append(list, d.JSON())
	}
	r.Audit.Success = 1
	return ok(list), nil
}

func eventID(r *Request, name string) (int64, error) {
	s := r.Params.TextOr(name, "")
	id, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, mfaerr.NewParameter("The id '%s' of the event handler is no number.", s)
	}
	return id, nil
}

// eventAbout shows a part of the description of a module; nothing of one that
// does not exist.
func (a *API) eventAbout(part func(ctx context.Context, r *Request, m event.Info) (any, error)) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		r.Audit.Success = 1
		m, known := a.EventCatalog.Module(r.Params.TextOr("handlermodule", ""))
		if !known {
			return ok([]any{}), nil
		}
		value, err := part(ctx, r, m)
		if err != nil {
			return nil, err
		}
		return ok(value), nil
	}
}

func (a *API) eventPositions(_ context.Context, _ *Request, m event.Info) (any, error) {
	out := []any{}
	for _, p := range m.Positions {
		out = append(out, string(p))
	}
	return out, nil
}

func (a *API) eventActions(ctx context.Context, r *Request, m event.Info) (any, error) {
	lists, err := a.eventLists(ctx, r)
	if err != nil {
		return nil, err
	}
	if l, can := a.Events.Lister(m.Name); can {
		names, err := l.Actions()
		if err != nil {
			return nil, err
		}
		m = m.WithActions(names)
	}
	return m.ActionsJSON(lists), nil
}

func (a *API) eventConditions(ctx context.Context, r *Request, _ event.Info) (any, error) {
	lists, err := a.eventLists(ctx, r)
	if err != nil {
		return nil, err
	}
	return a.EventCatalog.ConditionsJSON(lists), nil
}

// eventLists are the choices that depend on the installation.
func (a *API) eventLists(ctx context.Context, r *Request) (event.Lists, error) {
	lists := map[string][]string{
		"<realms>": r.Snap.Realms.Names(), "<resolvers>": r.Snap.Realms.ResolverNames(), "<SUPERUSER_REALM>": a.Config.SuperuserRealms(),
	}
	for _, t := range a.Types.All() {
		lists["<token types>"] = append(lists["<token types>"], t.Info().Name)
	}
	for source, table := range map[string]string{"<smtp servers>": "smtpserver", "<sms gateways>": "smsgateway", "<token groups>": "tokengroup",
		"<remote servers>": "edumfaserver", "<local admins>": "admin"} {
		names, err := a.Store.ServerNames(ctx, table)
		if err != nil {
			return nil, err
		}
		lists[source] = names
	}
	return func(source string) []string { return lists[source] }, nil
}

// eventSet creates a definition or, with an id, changes one: the conditions are
// replaced, of the options those that are sent.
func (a *API) eventSet(ctx context.Context, r *Request) (*Answer, error) {
	d := event.Definition{Position: event.Position(r.Params.TextOr("position", string(event.Post))), Active: r.Params.BoolOr("active", true), Options: map[string]string{}}
	var err error
	if d.Name, err = r.Params.Required("name"); err != nil {
		return nil, err
	}
	if _, err = r.Params.Required("event"); err != nil {
		return nil, err
	}
	if d.Module, err = r.Params.Required("handlermodule"); err != nil {
		return nil, err
	}
	if d.Action, err = r.Params.Required("action"); err != nil {
		return nil, err
	}
	if d.Ordering, err = r.Params.Int("ordering", 0); err != nil {
		return nil, err
	}
	if d.Conditions, err = eventConditionsOf(r.Params.Raw("conditions")); err != nil {
		return nil, err
	}
	d.Events = r.Params.List("event")
	if r.Params.TextOr("id", "") != "" {
		if d.ID, err = eventID(r, "id"); err != nil {
			return nil, err
		}
		old, known := r.Snap.Events.ByID(d.ID)
		if !known {
			// Clients know no error here; nothing is stored.
			r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(d.ID, 10))
			return ok(d.ID), nil
		}
		maps.Copy(d.Options, old.Options)
	}
	for name, v := range r.Params.Prefixed("option.") {
		if err := a.setEventOption(d.Options, name, params.AsText(v)); err != nil {
			return nil, err
		}
	}
	id, err := a.Store.SaveEvent(ctx, d.Row())
	if err != nil {
		return nil, a.missing(err, noEvent)
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(id), nil
}

// maxEventSecret is how long a secret may be, so that it fits its column when it
// is encrypted; in bytes.
const maxEventSecret = 512

// setEventOption encrypts secrets. The placeholder that answers show instead of
// one keeps what is there.
func (a *API) setEventOption(options map[string]string, name, value string) error {
	switch {
	case !event.SecretOption(name):
		options[name] = value
		return nil
	case value == field.Censored:
		return nil
	case value == "":
		options[name] = ""
		return nil
	case len(value) > maxEventSecret:
		return mfaerr.NewParameter("The option %s is longer than %d bytes.", name, maxEventSecret)
	}
	sealed, err := a.Keys.SealPassword(value)
	options[name] = sealed
	return err
}

// eventConditionsOf reads conditions: an object, or its JSON text. Without any
// the definition always applies.
func eventConditionsOf(v any) (map[string]string, error) {
	if s, isText := v.(string); isText {
		if strings.TrimSpace(s) == "" {
			return map[string]string{}, nil
		}
		v = nil
		d := json.NewDecoder(strings.NewReader(s))
		if err := d.Decode(&v); err != nil {
			return nil, mfaerr.NewParameter("The conditions are no JSON object.")
		}
	}
	if v == nil {
		return map[string]string{}, nil
	}
	object, isObject := v.(map[string]any)
	if !isObject {
		return nil, mfaerr.NewParameter("The conditions are no JSON object.")
	}
	out := make(map[string]string, len(object))
	for _, k := range slices.Sorted(maps.Keys(object)) {
		out[k] = params.AsText(object[k])
	}
	return out, nil
}

// eventSwitch enables or disables a definition.
func (a *API) eventSwitch(on bool) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		id, err := eventID(r, "eventid")
		if err != nil {
			return nil, err
		}
		if err := a.Store.EnableEvent(ctx, id, on); err != nil {
			return nil, a.missing(err, noEvent)
		}
		r.Audit.Success = 1
		return ok(id), nil
	}
}

// eventDelete removes a definition.
func (a *API) eventDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := eventID(r, "eid")
	if err != nil {
		return nil, err
	}
	if err := a.Store.DeleteEvent(ctx, id); err != nil {
		return nil, a.missing(err, noEvent)
	}
	r.Audit.Success, r.Audit.Info = id, text(strconv.FormatInt(id, 10))
	return ok(id), nil
}
