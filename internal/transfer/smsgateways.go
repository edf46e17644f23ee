package transfer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"edumfa/internal/pyliteral"
	"edumfa/internal/smsprovider"
)

// SMSGateways is the SMS gateways by name, secrets in clear.
func (t *Transfer) SMSGateways(ctx context.Context, name string) (any, error) {
	list, err := t.Store.SMSGateways(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, g := range list {
		if name != "" && g.Name != name {
			continue
		}
		var description any
		if g.Description != nil {
			description = *g.Description
		}
		out.Set(g.Name, pyliteral.NewDict(
			pyliteral.Pair{Key: "providermodule", Value: g.Module}, pyliteral.Pair{Key: "description", Value: description},
			pyliteral.Pair{Key: "options", Value: dictOf(g.Options)}, pyliteral.Pair{Key: "headers", Value: dictOf(g.Headers)}))
	}
	return out, nil
}

func dictOf(values map[string]string) *pyliteral.Dict {
	d := pyliteral.NewDict()
	for _, k := range slices.Sorted(maps.Keys(values)) {
		d.Set(k, values[k])
	}
	return d
}

func (t *Transfer) loadSMSGateways(ctx context.Context, data any, o Options, say report) error {
	d, ok := data.(*pyliteral.Dict)
	if !ok {
		return ErrNoDict
	}
	for k, v := range d.All() {
		name := asText(k)
		if o.Name != "" && o.Name != name {
			continue
		}
		def, ok := v.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("SMS gateway %s: %w", name, ErrNoDict)
		}
		g := smsprovider.Gateway{Name: name, Module: textOf(def, "providermodule"), Options: map[string]string{}, Headers: map[string]string{}}
		if !smsprovider.Known(g.Module) {
			return fmt.Errorf("SMS gateway %s: there is no provider %q", name, g.Module)
		}
		if description, _ := def.Get("description"); description != nil {
			text := asText(description)
			g.Description = &text
		}
		for key, dst := range map[string]map[string]string{"options": g.Options, "headers": g.Headers} {
			part, _ := def.Get(key)
			values, ok := part.(*pyliteral.Dict)
			if !ok {
				continue
			}
			for option, value := range values.All() {
				dst[asText(option)] = asText(value)
			}
		}
		if _, err := t.Store.SaveSMSGateway(ctx, g); err != nil {
			return err
		}
		say("Imported SMS gateway %s", name)
	}
	return nil
}
