package transfer

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"edumfa/internal/field"
	"edumfa/internal/pyliteral"
	"edumfa/internal/radius"
	"edumfa/internal/remoteserver"
)

// RADIUSServers is the RADIUS servers by identifier, secrets in clear under the
// name password.
func (t *Transfer) RADIUSServers(ctx context.Context, name string) (any, error) {
	list, err := t.Store.RADIUSServers(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, d := range list {
		if name != "" && d.Identifier != name {
			continue
		}
		shared := ""
		if d.Secret != "" {
			if shared, err = t.Open(d.Secret); err != nil {
				return nil, err
			}
		}
		out.Set(d.Identifier, pyliteral.NewDict(
			pyliteral.Pair{Key: "server", Value: d.Host}, pyliteral.Pair{Key: "port", Value: int64(d.Port)},
			pyliteral.Pair{Key: "dictionary", Value: d.Dictionary}, pyliteral.Pair{Key: "description", Value: d.Description},
			pyliteral.Pair{Key: "password", Value: shared}, pyliteral.Pair{Key: "timeout", Value: int64(d.Timeout)},
			pyliteral.Pair{Key: "retries", Value: int64(d.Retries)}, pyliteral.Pair{Key: "enforce_ma", Value: d.EnforceMA}))
	}
	return out, nil
}

func (t *Transfer) loadRADIUSServers(ctx context.Context, data any, o Options, say report) error {
	stored, err := t.Store.RADIUSServers(ctx)
	if err != nil {
		return err
	}
	return definitions(data, o, "RADIUS server", func(name string, def *pyliteral.Dict) error {
		d := radius.Definition{Identifier: name, Port: radius.DefaultPort, Dictionary: radius.DefaultDictionary,
			Timeout: int(radius.DefaultTimeout.Seconds()), Retries: radius.DefaultTries}
		if i := slices.IndexFunc(stored, func(x radius.Definition) bool { return x.Identifier == name }); i >= 0 {
			d = stored[i]
		}
		if err := t.readRADIUSServer(&d, def); err != nil {
			return err
		}
		if _, err := t.Store.SaveRADIUSServer(ctx, d); err != nil {
			return err
		}
		say("Imported RADIUS server %s", name)
		return nil
	})
}

func (t *Transfer) readRADIUSServer(d *radius.Definition, def *pyliteral.Dict) error {
	for key, dst := range map[string]*string{"server": &d.Host, "dictionary": &d.Dictionary, "description": &d.Description} {
		if _, ok := def.Get(key); ok {
			*dst = textOf(def, key)
		}
	}
	for key, dst := range map[string]*int{"port": &d.Port, "timeout": &d.Timeout, "retries": &d.Retries} {
		if v := textOf(def, key); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("%s is no number", key)
			}
			*dst = n
		}
	}
	enforce, _ := def.Get("enforce_ma")
	d.EnforceMA = truth(enforce, d.EnforceMA)
	if d.Host == "" {
		return fmt.Errorf("it has no server")
	}
	for _, key := range []string{"password", "secret"} {
		shared, ok := def.Get(key)
		if !ok || asText(shared) == field.Censored {
			continue
		}
		var err error
		if d.Secret, err = t.Seal(asText(shared)); err != nil {
			return err
		}
	}
	if d.Secret == "" {
		return fmt.Errorf("it has no secret")
	}
	return nil
}

// RemoteServers is the other eduMFA servers by identifier.
func (t *Transfer) RemoteServers(ctx context.Context, name string) (any, error) {
	list, err := t.Store.RemoteServers(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, s := range list {
		if name != "" && s.Identifier != name {
			continue
		}
		out.Set(s.Identifier, pyliteral.NewDict(pyliteral.Pair{Key: "id", Value: s.ID}, pyliteral.Pair{Key: "url", Value: s.URL},
			pyliteral.Pair{Key: "tls", Value: s.TLS}, pyliteral.Pair{Key: "description", Value: s.Description}))
	}
	return out, nil
}

func (t *Transfer) loadRemoteServers(ctx context.Context, data any, o Options, say report) error {
	stored, err := t.Store.RemoteServers(ctx)
	if err != nil {
		return err
	}
	return definitions(data, o, "eduMFA server", func(name string, def *pyliteral.Dict) error {
		s := remoteserver.Server{Identifier: name, TLS: true}
		if i := slices.IndexFunc(stored, func(x remoteserver.Server) bool { return x.Identifier == name }); i >= 0 {
			s = stored[i]
		}
		for key, dst := range map[string]*string{"url": &s.URL, "description": &s.Description} {
			if _, ok := def.Get(key); ok {
				*dst = textOf(def, key)
			}
		}
		checked, _ := def.Get("tls")
		s.TLS = truth(checked, s.TLS)
		if s.URL == "" {
			return fmt.Errorf("it has no url")
		}
		if _, err := t.Store.SaveRemoteServer(ctx, s); err != nil {
			return err
		}
		say("Imported eduMFA server %s", name)
		return nil
	})
}

// definitions calls f for each definition of a dictionary by name, or for the one
// that is asked for. what names the kind in errors.
func definitions(data any, o Options, what string, f func(name string, def *pyliteral.Dict) error) error {
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
			return fmt.Errorf("%s %s: %w", what, name, ErrNoDict)
		}
		if err := f(name, def); err != nil {
			return fmt.Errorf("%s %s: %w", what, name, err)
		}
	}
	return nil
}
