package ca

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

var (
	errUnknownKind = errors.New("this program has no CA connector of that type")
	errRetired     = errors.New("the settings of the CA connector have changed")
)

// Directory is an immutable picture of all connectors.
type Directory struct{ list []*Instance }

// Instance is one configured connector. It is opened when it is asked for the
// first time; one that cannot be opened stays listed with the reason.
type Instance struct {
	Definition Definition
	live       *live
}

// live is what instances with the same settings share.
type live struct {
	kind   string
	values field.Values
	open   func() (Connector, error)

	once      sync.Once
	connector Connector
	err       error
}

// Connector is the live connection, or why there is none.
func (i *Instance) Connector() (Connector, error) { return i.live.get() }

func (l *live) get() (Connector, error) {
	l.once.Do(func() { l.connector, l.err = l.open() })
	return l.connector, l.err
}

func (l *live) close() {
	l.once.Do(func() { l.err = errRetired }) // it was never asked for
	if c, ok := l.connector.(io.Closer); ok {
		_ = c.Close()
	}
}

// All lists the connectors in the order they were made.
func (d *Directory) All() []*Instance {
	if d == nil {
		return nil
	}
	return d.list
}

// Named finds a connector by its exact name.
func (d *Directory) Named(name string) (*Instance, bool) {
	for _, i := range d.All() {
		if i.Definition.Name == name {
			return i, true
		}
	}
	return nil, false
}

// Find finds a connector by its name; without one that has it exactly, letter
// case does not count.
func (d *Directory) Find(name string) (*Instance, bool) {
	if i, ok := d.Named(name); ok {
		return i, true
	}
	for _, i := range d.All() {
		if strings.EqualFold(i.Definition.Name, name) {
			return i, true
		}
	}
	return nil, false
}

// Connector is the live connector with a name as [Directory.Find] finds it, with
// the name that it was given by the administrator. Errors have the number 503.
func (d *Directory) Connector(name string) (c Connector, exact string, err error) {
	i, ok := d.Find(name)
	if !ok {
		return nil, "", mfaerr.NewRequest(mfaerr.CodeCA, "There is no CA connector with the name '%s'.", name)
	}
	if c, err = i.Connector(); err != nil {
		return nil, "", mfaerr.NewRequest(mfaerr.CodeCA, "The CA connector '%s' cannot be used.", i.Definition.Name).WithCause(err)
	}
	return c, i.Definition.Name, nil
}

// Opener opens connectors and keeps those whose settings did not change.
type Opener struct {
	Kinds   []Kind
	Deps    Deps
	Decrypt func(stored string) string
	Log     *slog.Logger

	mu   sync.Mutex
	live map[int64]*live
}

// Kind finds a kind.
func (o *Opener) Kind(name string) (Kind, bool) {
	i := slices.IndexFunc(o.Kinds, func(k Kind) bool { return k.Name() == name })
	if i < 0 {
		return nil, false
	}
	return o.Kinds[i], true
}

// Picture builds the picture of the definitions; nothing is opened yet.
// Connectors that are not in it any more are closed once the requests that use
// them have had time to end.
func (o *Opener) Picture(stored []Definition, retire func(close func())) *Directory {
	d := &Directory{}
	now := map[int64]*live{}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range stored {
		values := s.Values(o.Decrypt)
		l, known := o.live[s.ID]
		if !known || l.kind != s.Kind || !maps.Equal(l.values, values) {
			l = &live{kind: s.Kind, values: values, open: func() (Connector, error) { return o.open(s, values) }}
		}
		now[s.ID] = l
		d.list = append(d.list, &Instance{Definition: s, live: l})
	}
	for id, old := range o.live {
		if now[id] != old {
			retire(old.close)
		}
	}
	o.live = now
	return d
}

func (o *Opener) open(s Definition, values field.Values) (Connector, error) {
	err := errUnknownKind
	if k, ok := o.Kind(s.Kind); ok {
		var c Connector
		if c, err = Open(k, Config{Name: s.Name, Values: values}, o.Deps); err == nil {
			return c, nil
		}
	}
	if o.Log != nil {
		o.Log.Error("CA connector cannot be opened", "connector", s.Name, "error", err)
	}
	return nil, err
}

// Close closes all connectors.
func (o *Opener) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.live {
		l.close()
	}
	o.live = nil
}

// Choices opens a connector with values that are not stored and asks what its
// authority offers; nothing where it offers nothing.
func (o *Opener) Choices(ctx context.Context, k Kind, v field.Values) (map[string]any, error) {
	c, err := Open(k, Config{Values: v}, o.Deps)
	if err != nil {
		return nil, err
	}
	if closer, ok := c.(io.Closer); ok {
		defer func() { _ = closer.Close() }()
	}
	chooser, ok := c.(Choices)
	if !ok {
		return map[string]any{}, nil
	}
	return chooser.Choices(ctx)
}
