package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

type caStore interface {
	SaveCAConnector(ctx context.Context, d ca.Definition) (id int64, err error)
	DeleteCAConnector(ctx context.Context, name string) (id int64, err error)
}

// caAskLimit bounds what authorities are asked for a list; they are asked side by
// side.
const caAskLimit = 4 * time.Second

// caList lists the connectors, or the one with the name, with their templates. A
// connector that does not work is listed with the reason as error.
func (a *API) caList(ctx context.Context, r *Request) (*Answer, error) {
	name := r.HTTP.PathValue("name")
	list := r.Snap.CAs.All()
	if name != "" {
		i, known := r.Snap.CAs.Named(name)
		if list = nil; known {
			list = []*ca.Instance{i}
		}
	}
	out := caDescriptions(ctx, list)
	for i, x := range list {
		data := map[string]any{}
		for _, o := range x.Definition.Options {
			data[o.Key] = o.Value
			if o.Type == ca.TypePassword {
				data[o.Key] = field.Censored
			}
		}
		out[i]["data"] = data
	}
	r.Audit.Success = 1
	return ok(anyList(out)), nil
}

// caNames lists the connectors for enrolment forms, without their settings.
// Those that cannot be used are left out.
func (a *API) caNames(ctx context.Context, r *Request) (*Answer, error) {
	var list []*ca.Instance
	for _, i := range r.Snap.CAs.All() {
		if _, err := i.Connector(); err == nil {
			list = append(list, i)
		}
	}
	out := caDescriptions(ctx, list)
	for _, d := range out {
		delete(d, "error")
		d["data"] = map[string]any{}
	}
	r.Audit.Success = 1
	return ok(anyList(out)), nil
}

func anyList(list []map[string]any) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = x
	}
	return out
}

// caDescriptions asks all connectors for their templates at once. One that does
// not answer in time is described without.
func caDescriptions(ctx context.Context, list []*ca.Instance) []map[string]any {
	ctx, cancel := context.WithTimeout(ctx, caAskLimit)
	defer cancel()
	out := make([]map[string]any, len(list))
	var wg sync.WaitGroup
	for n, i := range list {
		wg.Go(func() {
			var templates any = map[string]any{}
			d := map[string]any{"connectorname": i.Definition.Name, "type": i.Definition.Kind}
			c, err := i.Connector()
			if t, can := c.(ca.Templater); err == nil && can {
				var found map[string]any
				if found, err = t.Templates(ctx); err == nil {
					if templates = found; found == nil {
						templates = nil // of an empty file
					}
				}
			}
			if err != nil {
				d["error"] = reason(err)
			}
			d["templates"] = templates
			out[n] = d
		})
	}
	wg.Wait()
	return out
}

// reason is an error in words for administrators.
func reason(err error) string {
	if e, ok := errors.AsType[*mfaerr.Error](err); ok && e.Kind == mfaerr.Request {
		return e.Public
	}
	return err.Error()
}

func (a *API) caKind(name string) (ca.Kind, error) {
	k, known := a.CAs.Kind(name)
	if !known {
		return nil, mfaerr.NewParameter("There is no CA connector of the type '%s'.", name)
	}
	return k, nil
}

// caSpecific tells what the authority of unsaved settings offers. Secrets that
// are sent back as they were shown are the stored ones of the connector that the
// parameter connectorname or name names.
func (a *API) caSpecific(ctx context.Context, r *Request) (*Answer, error) {
	kind, err := a.caKind(r.HTTP.PathValue("catype"))
	if err != nil {
		return nil, err
	}
	v := field.Values{}
	for _, name := range r.Params.Names() {
		v[name] = r.Params.TextOr(name, "")
	}
	old, _ := r.Snap.CAs.Named(r.Params.TextOr("connectorname", r.Params.TextOr("name", "")))
	for key, value := range v {
		if value != field.Censored || old == nil || old.Definition.Kind != kind.Name() {
			continue
		}
		o, has := old.Definition.Option(key)
		if !has || o.Type != ca.TypePassword {
			continue
		}
		if v[key], err = a.Keys.OpenPassword(o.Value); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, caAskLimit)
	defer cancel()
	choices, err := a.CAs.Choices(ctx, kind, v)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(choices), nil
}

// caSet makes a connector or changes the options that are sent.
func (a *API) caSet(ctx context.Context, r *Request) (*Answer, error) {
	name := r.HTTP.PathValue("name")
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	if err := nameOf(name); err != nil {
		return nil, err
	}
	kind, err := a.caKind(kindName)
	if err != nil {
		return nil, err
	}
	d := ca.Definition{Name: name, Kind: kindName}
	if old, exists := r.Snap.CAs.Named(name); exists {
		if old.Definition.Kind != kindName {
			return nil, mfaerr.NewParameter("There is a CA connector '%s' of another type.", name)
		}
		d = old.Definition
	}
	if d.Options, err = a.caOptions(r, kind, d); err != nil {
		return nil, err
	}
	id, err := a.Store.SaveCAConnector(ctx, d)
	if errors.Is(err, a.Conflict) {
		return nil, mfaerr.NewParameter("There is a CA connector whose name differs from '%s' in letter case only.", name).WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(id), nil
}

// caOptions are the options of a request; secrets are sealed, and one that comes
// back as it was shown stays as it is. What is a secret stays one.
func (a *API) caOptions(r *Request, kind ca.Kind, old ca.Definition) ([]ca.Option, error) {
	types := map[string]string{}
	for _, f := range kind.Fields() {
		types[f.Name] = f.Type
	}
	var out []ca.Option
	for _, name := range r.Params.Names() {
		if name == "type" || name == "caconnector" {
			continue
		}
		of, isType := strings.CutPrefix(name, "type.")
		if !isType {
			of, isType = strings.CutPrefix(name, "desc.")
		}
		if isType {
			if !r.Params.Has(of) {
				return nil, mfaerr.NewParameter("Parameter '%s' is about a parameter that is missing", name)
			}
			continue
		}
		v, _ := r.Params.Text(name)
		o := ca.Option{Key: name, Value: v, Type: types[name], Description: r.Params.TextOr("desc."+name, "")}
		was, had := old.Option(name)
		if o.Type == "" {
			o.Type = r.Params.TextOr("type."+name, was.Type)
		}
		if had && was.Type == ca.TypePassword {
			o.Type = ca.TypePassword
			if v == field.Censored {
				continue
			}
		}
		if o.Type == ca.TypePassword {
			var err error
			if o.Value, err = a.Keys.SealPassword(v); err != nil {
				return nil, err
			}
		}
		if tooLong(o) {
			return nil, mfaerr.NewParameter("Parameter '%s' is too long.", name)
		}
		out = append(out, o)
	}
	return out, nil
}

// The widths of the columns, in characters.
const (
	caKeyLength   = 255
	caValueLength = 2000
)

func tooLong(o ca.Option) bool {
	long := func(s string, most int) bool { return len([]rune(s)) > most }
	return long(o.Key, caKeyLength) || long(o.Value, caValueLength) || long(o.Type, caValueLength) || long(o.Description, caValueLength)
}

func (a *API) caDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.HTTP.PathValue("name")
	id, err := a.Store.DeleteCAConnector(ctx, name)
	if errors.Is(err, a.NotFound) {
		return nil, mfaerr.NewNotFound("The requested CAConnector could not be found.").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(id), nil
}
