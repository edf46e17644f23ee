package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/machine"
	"edumfa/internal/pyliteral"
)

// MachineStores is the machine resolvers by name, secrets in clear.
func (t *Transfer) MachineStores(ctx context.Context, name string) (any, error) {
	list, err := t.Store.MachineStores(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, d := range list {
		if name != "" && !strings.EqualFold(d.Name, name) {
			continue
		}
		data := pyliteral.NewDict()
		for _, o := range d.Options {
			value := o.Value
			if o.Type == "password" {
				if value, err = t.Open(o.Value); err != nil {
					return nil, fmt.Errorf("machine resolver %s: %w", d.Name, err)
				}
			}
			data.Set(o.Key, value)
		}
		out.Set(d.Name, pyliteral.NewDict(
			pyliteral.Pair{Key: "resolvername", Value: d.Name}, pyliteral.Pair{Key: "type", Value: d.Kind}, pyliteral.Pair{Key: "data", Value: data}))
	}
	return out, nil
}

func (t *Transfer) loadMachineStores(ctx context.Context, data any, o Options, say report) error {
	d, ok := data.(*pyliteral.Dict)
	if !ok {
		return ErrNoDict
	}
	stored, err := t.Store.MachineStores(ctx)
	if err != nil {
		return err
	}
	for _, v := range d.All() {
		def, ok := v.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("machine resolver: %w", ErrNoDict)
		}
		name := textOf(def, "resolvername")
		if o.Name != "" && o.Name != name {
			continue
		}
		m, err := t.machineStore(name, def, stored)
		if err != nil {
			return fmt.Errorf("machine resolver %s: %w", name, err)
		}
		if _, err := t.Store.SaveMachineStore(ctx, m); err != nil {
			return err
		}
		say("Imported machine resolver %s", m.Name)
	}
	return nil
}

// machineStore reads a definition. One that is there keeps the spelling of its
// name, and its password where the file has none.
func (t *Transfer) machineStore(name string, def *pyliteral.Dict, stored []machine.Definition) (machine.Definition, error) {
	m := machine.Definition{Name: name, Kind: textOf(def, "type")}
	if !namePattern.MatchString(name) {
		return m, fmt.Errorf("that cannot be a name: letters, digits, _ - . are allowed")
	}
	i := slices.IndexFunc(t.MachineKinds, func(k machine.Kind) bool { return k.Name == m.Kind })
	if i < 0 {
		return m, fmt.Errorf("there is no type %q", m.Kind)
	}
	types := map[string]string{}
	for _, f := range t.MachineKinds[i].Fields {
		types[f.Name] = f.Type
	}
	for _, old := range stored {
		if strings.EqualFold(old.Name, name) {
			if m.Name = old.Name; old.Kind != m.Kind {
				return m, fmt.Errorf("it is there already, as %s", old.Kind)
			}
		}
	}
	part, _ := def.Get("data")
	options, ok := part.(*pyliteral.Dict)
	if !ok {
		return m, ErrNoDict
	}
	for k, v := range options.All() {
		o := machine.Option{Key: asText(k), Value: asText(v)}
		if o.Type = types[o.Key]; o.Type == "password" {
			if o.Value == field.Censored {
				continue
			}
			var err error
			if o.Value, err = t.Seal(o.Value); err != nil {
				return m, err
			}
		}
		m.Options = append(m.Options, o)
	}
	return m, nil
}
