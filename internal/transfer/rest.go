package transfer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/keystore"
	"edumfa/internal/pyliteral"
	"edumfa/internal/realm"
	"edumfa/internal/settings"
	"edumfa/internal/smtpserver"
)

// Realms is the realms by name, or the one with the name.
func (t *Transfer) Realms(ctx context.Context, name string) (any, error) {
	rows, err := t.Store.Realms(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, r := range rows {
		if name != "" && r.Name != name {
			continue
		}
		links := pyliteral.List{}
		for _, l := range r.Links {
			var priority any
			if l.Priority != nil {
				priority = int64(*l.Priority)
			}
			links = append(links, pyliteral.NewDict(pyliteral.Pair{Key: "priority", Value: priority},
				pyliteral.Pair{Key: "name", Value: l.Resolver}, pyliteral.Pair{Key: "type", Value: l.Kind}))
		}
		out.Set(r.Name, pyliteral.NewDict(pyliteral.Pair{Key: "id", Value: r.ID}, pyliteral.Pair{Key: "option", Value: ""},
			pyliteral.Pair{Key: "default", Value: r.Default}, pyliteral.Pair{Key: "resolver", Value: links}))
	}
	return out, nil
}

func (t *Transfer) loadRealms(ctx context.Context, data any, o Options, say report) error {
	d, ok := data.(*pyliteral.Dict)
	if !ok {
		return ErrNoDict
	}
	for k, v := range d.All() {
		if o.Name != "" && o.Name != asText(k) {
			continue
		}
		name, err := RealmName(asText(k))
		if err != nil {
			return err
		}
		def, ok := v.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("realm %s: %w", name, ErrNoDict)
		}
		links, err := readLinks(def)
		if err != nil {
			return fmt.Errorf("realm %s: %w", name, err)
		}
		_, missing, err := t.Store.SetRealm(ctx, name, links)
		if err != nil {
			return err
		}
		if isDefault, _ := def.Get("default"); truth(isDefault, false) {
			if _, err := t.Store.SetDefaultRealm(ctx, name); err != nil {
				return err
			}
		}
		say("Imported realm %s", name)
		if len(missing) > 0 {
			say("Realm %s is without the resolver %s, which is not there.", name, strings.Join(missing, ", "))
		}
	}
	return nil
}

// readLinks reads the resolvers of a realm: dictionaries with name and priority,
// or names alone.
func readLinks(def *pyliteral.Dict) ([]realm.Link, error) {
	v, _ := def.Get("resolver")
	list, ok := sequence(v)
	if !ok && v != nil {
		return nil, fmt.Errorf("resolver is no list")
	}
	var links []realm.Link
	for _, e := range list {
		l := realm.Link{Resolver: asText(e)}
		if d, isDict := e.(*pyliteral.Dict); isDict {
			l.Resolver = textOf(d, "name")
			if p := textOf(d, "priority"); p != "" {
				n, err := strconv.Atoi(p)
				if err != nil {
					return nil, fmt.Errorf("the priority %q is no number", p)
				}
				l.Priority = &n
			}
		}
		if !slices.ContainsFunc(links, func(x realm.Link) bool { return x.Resolver == l.Resolver }) {
			links = append(links, l)
		}
	}
	return links, nil
}

// Settings is the system configuration by key, or the entry with the name.
// Secrets are in clear.
func (t *Transfer) Settings(ctx context.Context, name string) (any, error) {
	list, err := t.Store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b settings.Entry) int { return strings.Compare(a.Key, b.Key) })
	out := pyliteral.NewDict()
	for _, e := range list {
		if e.Key == settings.TimestampKey || name != "" && e.Key != name {
			continue
		}
		if e.Type == settings.TypePassword {
			if e.Value, err = t.Open(e.Value); err != nil {
				return nil, err
			}
		}
		out.Set(e.Key, pyliteral.NewDict(pyliteral.Pair{Key: "Value", Value: e.Value}, pyliteral.Pair{Key: "Type", Value: e.Type},
			pyliteral.Pair{Key: "Description", Value: e.Description}))
	}
	return out, nil
}

func (t *Transfer) loadSettings(ctx context.Context, data any, o Options, say report) error {
	d, ok := data.(*pyliteral.Dict)
	if !ok {
		return ErrNoDict
	}
	for k, v := range d.All() {
		e := settings.Entry{Key: asText(k)}
		if e.Key == settings.TimestampKey || o.Name != "" && o.Name != e.Key {
			continue
		}
		if def, isDict := v.(*pyliteral.Dict); isDict {
			e.Value, e.Type, e.Description = textOf(def, "Value"), textOf(def, "Type"), textOf(def, "Description")
		} else {
			e.Value = asText(v)
		}
		if e.Type == settings.TypePassword {
			if e.Value == field.Censored {
				continue
			}
			var err error
			if e.Value, err = t.sealOnce(e.Value); err != nil {
				return err
			}
		}
		if _, err := t.Store.SetSetting(ctx, e); err != nil {
			return err
		}
		say("Imported setting %s", e.Key)
	}
	return nil
}

// sealOnce encrypts a secret of a file. Exports of eduMFA hold settings encrypted;
// those that the keys of this installation open stay as they are.
func (t *Transfer) sealOnce(value string) (string, error) {
	if iv, _, ok := strings.Cut(value, ":"); ok && len(iv) == 32 {
		if clear, err := t.Open(value); err == nil && clear != keystore.FailedPassword {
			return value, nil
		}
	}
	return t.Seal(value)
}

// SMTPServers is the mail servers by identifier, passwords in clear.
func (t *Transfer) SMTPServers(ctx context.Context, name string) (any, error) {
	list, err := t.Store.SMTPServers(ctx)
	if err != nil {
		return nil, err
	}
	out := pyliteral.NewDict()
	for _, s := range list {
		if name != "" && s.Identifier != name {
			continue
		}
		password := ""
		if s.Password != "" {
			if password, err = t.Open(s.Password); err != nil {
				return nil, err
			}
		}
		out.Set(s.Identifier, pyliteral.NewDict(
			pyliteral.Pair{Key: "server", Value: s.Host}, pyliteral.Pair{Key: "tls", Value: s.TLS},
			pyliteral.Pair{Key: "username", Value: s.Username}, pyliteral.Pair{Key: "password", Value: password},
			pyliteral.Pair{Key: "port", Value: int64(s.Port)}, pyliteral.Pair{Key: "description", Value: s.Description},
			pyliteral.Pair{Key: "sender", Value: s.Sender}, pyliteral.Pair{Key: "timeout", Value: int64(s.Timeout)},
			pyliteral.Pair{Key: "enqueue_job", Value: s.Enqueue}))
	}
	return out, nil
}

func (t *Transfer) loadSMTPServers(ctx context.Context, data any, o Options, say report) error {
	d, ok := data.(*pyliteral.Dict)
	if !ok {
		return ErrNoDict
	}
	stored, err := t.Store.SMTPServers(ctx)
	if err != nil {
		return err
	}
	for k, v := range d.All() {
		name := asText(k)
		if o.Name != "" && o.Name != name {
			continue
		}
		def, ok := v.(*pyliteral.Dict)
		if !ok {
			return fmt.Errorf("mail server %s: %w", name, ErrNoDict)
		}
		s := smtpserver.Server{Identifier: name, Port: 25, Timeout: 10}
		if i := slices.IndexFunc(stored, func(x smtpserver.Server) bool { return x.Identifier == name }); i >= 0 {
			s = stored[i]
		}
		if err := t.readSMTPServer(&s, def); err != nil {
			return fmt.Errorf("mail server %s: %w", name, err)
		}
		if _, err := t.Store.SaveSMTPServer(ctx, s); err != nil {
			return err
		}
		say("Imported mail server %s", name)
	}
	return nil
}

func (t *Transfer) readSMTPServer(s *smtpserver.Server, d *pyliteral.Dict) error {
	for key, dst := range map[string]*string{"server": &s.Host, "username": &s.Username, "sender": &s.Sender, "description": &s.Description} {
		if _, ok := d.Get(key); ok {
			*dst = textOf(d, key)
		}
	}
	for key, dst := range map[string]*int{"port": &s.Port, "timeout": &s.Timeout} {
		if v := textOf(d, key); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return fmt.Errorf("%s is no number", key)
			}
			*dst = n
		}
	}
	for key, dst := range map[string]*bool{"tls": &s.TLS, "enqueue_job": &s.Enqueue} {
		v, _ := d.Get(key)
		*dst = truth(v, *dst)
	}
	if s.Host == "" {
		return fmt.Errorf("it has no server")
	}
	switch password, ok := d.Get("password"); {
	case !ok || asText(password) == field.Censored:
		return nil
	case asText(password) == "":
		s.Password = ""
		return nil
	default:
		var err error
		s.Password, err = t.Seal(asText(password))
		return err
	}
}
