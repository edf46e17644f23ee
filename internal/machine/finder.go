package machine

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// Definitions reads the machine stores that administrators made.
type Definitions interface {
	MachineStores(ctx context.Context) ([]Definition, error)
}

// Finder finds machines in all stores. It keeps the stores open whose settings
// did not change, and is safe for concurrent use.
type Finder struct {
	Kinds       []Kind
	Definitions Definitions
	Decrypt     func(stored string) string
	Log         *slog.Logger

	mu   sync.Mutex
	live map[int64]*live
}

type live struct {
	kind   string
	values field.Values
	store  Store
	err    error
	users  sync.WaitGroup
}

// Kind finds a kind.
func (f *Finder) Kind(name string) (Kind, error) {
	i := slices.IndexFunc(f.Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		names := make([]string, len(f.Kinds))
		for i, k := range f.Kinds {
			names[i] = k.Name
		}
		return Kind{}, mfaerr.NewConfig("machine resolver type : %s not in [%s]", name, strings.Join(names, ", "))
	}
	return f.Kinds[i], nil
}

// Find lists the machines of the stores whose names wanted accepts (nil: all). A
// store that cannot be asked is left out: it must not hide the machines of the
// others.
func (f *Finder) Find(ctx context.Context, q Filter, wanted func(name string) bool) ([]Machine, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	stored, err := f.Definitions.MachineStores(ctx)
	if err != nil {
		return nil, err
	}
	var out []Machine
	for _, d := range stored {
		if wanted != nil && !wanted(d.Name) {
			continue
		}
		found, err := f.ask(ctx, d, q)
		if err != nil {
			f.Log.WarnContext(ctx, "machines cannot be listed", "resolver", d.Name, "error", err)
			continue
		}
		for _, m := range found {
			m.Resolver = d.Name
			out = append(out, m)
		}
	}
	f.retire(stored)
	return out, nil
}

// ByName is the only machine with a name. Errors: 601 for none, 905 for several.
func (f *Finder) ByName(ctx context.Context, hostname string) (Machine, error) {
	list, err := f.Find(ctx, Filter{Hostname: hostname, Exact: true}, nil)
	switch {
	case err != nil:
		return Machine{}, err
	case len(list) == 0:
		return Machine{}, mfaerr.NewNotFound("There is no machine with the name '%s'.", hostname)
	case len(list) > 1:
		return Machine{}, mfaerr.NewParameter("There are %d machines with the name '%s'.", len(list), hostname)
	}
	return list[0], nil
}

// At is the machine with an id in a store; ok is false without it.
func (f *Finder) At(ctx context.Context, p Place) (m Machine, ok bool, err error) {
	list, err := f.Find(ctx, Filter{ID: p.MachineID, Exact: true}, func(name string) bool { return name == p.Resolver })
	if err != nil || len(list) != 1 {
		return Machine{}, false, err
	}
	return list[0], true, nil
}

func (f *Finder) ask(ctx context.Context, d Definition, q Filter) ([]Machine, error) {
	l := f.open(d)
	defer l.users.Done()
	if l.err != nil {
		return nil, l.err
	}
	return l.store.Machines(ctx, q)
}

// open is the live store of a definition, in use until its users say Done.
func (f *Finder) open(d Definition) *live {
	values := d.Values(f.Decrypt)
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.live[d.ID]
	if l == nil || l.kind != d.Kind || !maps.Equal(l.values, values) {
		if l != nil {
			go l.close()
		}
		l = &live{kind: d.Kind, values: values}
		k, err := f.Kind(d.Kind)
		if err == nil {
			l.store, err = k.New(d.Name, values)
		}
		l.err = err
		if f.live == nil {
			f.live = map[int64]*live{}
		}
		f.live[d.ID] = l
	}
	l.users.Add(1)
	return l
}

// retire closes stores that are not defined any more.
func (f *Finder) retire(stored []Definition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, l := range f.live {
		if !slices.ContainsFunc(stored, func(d Definition) bool { return d.ID == id }) {
			delete(f.live, id)
			go l.close()
		}
	}
}

// close waits for those who ask, whose questions end in time.
func (l *live) close() {
	l.users.Wait()
	if l.store != nil {
		_ = l.store.Close()
	}
}

// Close closes all stores.
func (f *Finder) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.live {
		l.close()
	}
	f.live = nil
}
