package transfer

import (
	"context"
	"fmt"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/pyliteral"
)

// GoodName reports whether a resolver, realm or connector may have the name.
func GoodName(name string) bool { return namePattern.MatchString(name) }

// CAConnectors is the list of connectors, secrets in clear.
func (t *Transfer) CAConnectors(ctx context.Context, name string) (any, error) {
	stored, err := t.Store.CAConnectors(ctx)
	if err != nil {
		return nil, err
	}
	list := pyliteral.List{}
	for _, d := range stored {
		if name != "" && d.Name != name {
			continue
		}
		data := pyliteral.NewDict()
		for _, o := range d.Options {
			value := o.Value
			if o.Type == ca.TypePassword {
				if value, err = t.Open(o.Value); err != nil {
					return nil, fmt.Errorf("CA connector %s: %w", d.Name, err)
				}
				// Not every secret is one by its name.
				data.Set("type."+o.Key, o.Type)
			}
			data.Set(o.Key, value)
		}
		templates := any(pyliteral.NewDict())
		if t.CATemplates != nil {
			templates = t.CATemplates(ctx, d)
		}
		list = append(list, pyliteral.NewDict(
			pyliteral.Pair{Key: "connectorname", Value: d.Name}, pyliteral.Pair{Key: "type", Value: d.Kind},
			pyliteral.Pair{Key: "data", Value: data}, pyliteral.Pair{Key: "templates", Value: templates}))
	}
	return list, nil
}

func (t *Transfer) loadCAConnectors(ctx context.Context, data any, o Options, say report) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	stored, err := t.Store.CAConnectors(ctx)
	if err != nil {
		return err
	}
	for _, d := range list {
		name := textOf(d, "connectorname")
		if o.Name != "" && o.Name != name {
			continue
		}
		def, err := t.caDefinition(name, d, stored)
		if err != nil {
			return fmt.Errorf("CA connector %s: %w", name, err)
		}
		id, err := t.Store.SaveCAConnector(ctx, def)
		if err != nil {
			return fmt.Errorf("CA connector %s: %w", name, err)
		}
		say("Imported CA connector %s with ID %d", name, id)
	}
	return nil
}

func (t *Transfer) caDefinition(name string, d *pyliteral.Dict, stored []ca.Definition) (ca.Definition, error) {
	def := ca.Definition{Name: name, Kind: textOf(d, "type")}
	if !GoodName(name) {
		return def, fmt.Errorf("it cannot be called %q: letters, digits, _ - . are allowed", name)
	}
	var kind ca.Kind
	for _, k := range t.CAKinds {
		if k.Name() == def.Kind {
			kind = k
		}
	}
	if kind == nil {
		return def, fmt.Errorf("there is no type %q", def.Kind)
	}
	types := map[string]string{}
	for _, x := range stored {
		if x.Name != name {
			continue
		}
		if x.Kind != def.Kind {
			return def, fmt.Errorf("it is there already, as %s", x.Kind)
		}
		for _, o := range x.Options {
			types[o.Key] = o.Type
		}
	}
	for _, f := range kind.Fields() {
		types[f.Name] = f.Type
	}
	part, _ := d.Get("data")
	values, ok := part.(*pyliteral.Dict)
	if !ok {
		return def, ErrNoDict
	}
	for k, v := range values.All() {
		o := ca.Option{Key: asText(k), Value: asText(v)}
		if strings.HasPrefix(o.Key, "type.") || strings.HasPrefix(o.Key, "desc.") {
			continue
		}
		if o.Type = types[o.Key]; o.Type == "" {
			o.Type = textOf(values, "type."+o.Key)
		}
		o.Description = textOf(values, "desc."+o.Key)
		if o.Type == ca.TypePassword {
			if o.Value == field.Censored {
				continue
			}
			var err error
			if o.Value, err = t.Seal(o.Value); err != nil {
				return def, err
			}
		}
		def.Options = append(def.Options, o)
	}
	return def, nil
}
