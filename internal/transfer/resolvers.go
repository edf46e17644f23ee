package transfer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/pyjson"
	"edumfa/internal/pyliteral"
	"edumfa/internal/resolver"
)

// Resolvers is the list of resolvers, or of the one with the name. Unless secrets
// is set, field.Censored stands for passwords.
func (t *Transfer) Resolvers(ctx context.Context, name string, secrets bool) (pyliteral.List, error) {
	stored, err := t.Store.Resolvers(ctx)
	if err != nil {
		return nil, err
	}
	list := pyliteral.List{}
	for _, s := range stored {
		if name != "" && !strings.EqualFold(s.Name, name) {
			continue
		}
		d, err := t.resolverLiteral(s, secrets)
		if err != nil {
			return nil, fmt.Errorf("resolver %s: %w", s.Name, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// allResolvers is the form of the exporter: by name, with passwords.
func (t *Transfer) allResolvers(ctx context.Context, name string) (any, error) {
	list, err := t.Resolvers(ctx, name, true)
	if err != nil {
		return nil, err
	}
	d := pyliteral.NewDict()
	for _, e := range list {
		d.Set(textOf(e.(*pyliteral.Dict), "resolvername"), e)
	}
	return d, nil
}

func (t *Transfer) resolverLiteral(s resolver.Stored, secrets bool) (*pyliteral.Dict, error) {
	data, hidden := pyliteral.NewDict(), pyliteral.List{}
	for _, o := range s.Options {
		value := o.Value
		if o.Type == "password" {
			hidden = append(hidden, o.Key)
			if value = field.Censored; secrets {
				var err error
				if value, err = t.Open(o.Value); err != nil {
					return nil, err
				}
			}
		}
		data.Set(o.Key, value)
	}
	return pyliteral.NewDict(
		pyliteral.Pair{Key: "type", Value: s.Kind},
		pyliteral.Pair{Key: "data", Value: data},
		pyliteral.Pair{Key: "resolvername", Value: s.Name},
		pyliteral.Pair{Key: "censor_keys", Value: hidden},
	), nil
}

// SaveResolver makes a resolver or changes the options that are given of one. A
// password of field.Censored stays as it is.
func (t *Transfer) SaveResolver(ctx context.Context, name, kindName string, options *pyliteral.Dict) (id int64, err error) {
	if !namePattern.MatchString(name) {
		return 0, fmt.Errorf("a resolver cannot be called %q: letters, digits, _ - . are allowed", name)
	}
	i := slices.IndexFunc(t.Kinds, func(k resolver.Kind) bool { return k.Name == kindName })
	if i < 0 {
		names := make([]string, len(t.Kinds))
		for i, k := range t.Kinds {
			names[i] = k.Name
		}
		return 0, fmt.Errorf("there is no kind of resolver %q; there are %s", kindName, strings.Join(names, ", "))
	}
	s := resolver.Stored{Name: name, Kind: kindName}
	if s.Options, err = t.options(t.Kinds[i], options); err != nil {
		return 0, fmt.Errorf("resolver %s: %w", name, err)
	}
	err = t.Store.InTx(ctx, func(ctx context.Context) error {
		stored, err := t.Store.Resolvers(ctx)
		if err != nil {
			return err
		}
		for _, old := range stored {
			if !strings.EqualFold(old.Name, name) {
				continue
			}
			if old.Kind != kindName {
				return fmt.Errorf("the resolver %s is there already, as %s", old.Name, old.Kind)
			}
			s.Name = old.Name
		}
		id, err = t.Store.SetResolver(ctx, s)
		return err
	})
	return id, err
}

func (t *Transfer) options(k resolver.Kind, given *pyliteral.Dict) ([]resolver.StoredOption, error) {
	types := map[string]string{}
	for _, f := range k.Fields {
		types[f.Name] = f.Type
	}
	var out []resolver.StoredOption
	for key, v := range given.All() {
		name := asText(key)
		if name == "type" || name == "resolver" || strings.HasPrefix(name, "type.") || strings.HasPrefix(name, "desc.") {
			continue
		}
		value, err := optionText(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		o := resolver.StoredOption{Key: name, Value: value, Type: types[name], Description: textOf(given, "desc."+name)}
		if own := textOf(given, "type."+name); own != "" {
			o.Type = own
		}
		if o.Type == "password" {
			if value == field.Censored {
				continue
			}
			if o.Value, err = t.Seal(value); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// optionText is an option as it is stored. A dictionary, as people like to write
// mappings of attributes, is stored as the JSON that the kinds read.
func optionText(v any) (string, error) {
	switch v.(type) {
	case *pyliteral.Dict, pyliteral.List:
		b, err := pyjson.Marshal(toJSON(v))
		return string(b), err
	}
	return asText(v), nil
}

func (t *Transfer) loadResolvers(ctx context.Context, data any, o Options, say report) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	if o.Cleanup {
		say("Resolvers are not deleted before an import; --purge deletes those that are not in the file.")
	}
	stored, err := t.Store.Resolvers(ctx)
	if err != nil {
		return err
	}
	known := func(name string) bool {
		return slices.ContainsFunc(stored, func(s resolver.Stored) bool { return strings.EqualFold(s.Name, name) })
	}
	for i, d := range list {
		if textOf(d, "resolvername") == "" {
			return fmt.Errorf("resolver %d has no resolvername", i+1)
		}
	}
	if err := t.purgeResolvers(ctx, stored, list, o, say); err != nil {
		return err
	}
	for _, d := range list {
		name := textOf(d, "resolvername")
		if o.Name != "" && o.Name != name {
			continue
		}
		done := "Added"
		if known(name) {
			if !o.Update {
				say("Resolver %s exists and -u is not specified, skipping import.", name)
				continue
			}
			done = "Updated"
		}
		part, _ := d.Get("data")
		options, ok := part.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("resolver %s has no dictionary data", name)
		}
		id, err := t.SaveResolver(ctx, name, textOf(d, "type"), options)
		if err != nil {
			return err
		}
		say("%s resolver %s with result %d", done, name, id)
	}
	return nil
}

func (t *Transfer) purgeResolvers(ctx context.Context, stored []resolver.Stored, list []*pyliteral.Dict, o Options, say report) error {
	if !o.Purge {
		return nil
	}
	for _, s := range stored {
		if slices.ContainsFunc(list, func(d *pyliteral.Dict) bool { return strings.EqualFold(textOf(d, "resolvername"), s.Name) }) {
			continue
		}
		if _, err := t.Store.DropResolver(ctx, s.Name); err != nil {
			return err
		}
		say("Deleted resolver %s", s.Name)
	}
	return nil
}
