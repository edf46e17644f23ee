// Package realm puts user stores together: which resolvers a realm has and in
// what order they are asked, and the live instances behind the names.
package realm

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

var errUnknownKind = errors.New("this program has no resolver of that type")

// noPriority is the place of a resolver without one: behind all that have one.
const noPriority = 1000

// Realm is a realm with its resolvers in the order they are asked.
type Realm struct {
	Row
	Order []string
}

// Instance is one configured user store. One that cannot be opened stays
// listed with the reason, and the others work.
type Instance struct {
	Stored resolver.Stored
	Live   resolver.Resolver // nil when Broken is set
	Broken error
	values field.Values
}

// Directory is an immutable picture of all realms and resolvers.
type Directory struct {
	realms    map[string]*Realm
	instances map[string]*Instance
	fallback  string
}

// Realm finds a realm by its name, without regard to letter case.
func (d *Directory) Realm(name string) (*Realm, bool) {
	r, ok := d.realms[strings.ToLower(name)]
	return r, ok
}

// Names lists the realms.
func (d *Directory) Names() []string { return slices.Sorted(maps.Keys(d.realms)) }

// ResolverNames lists the resolvers.
func (d *Directory) ResolverNames() []string { return slices.Sorted(maps.Keys(d.instances)) }

// Default is the name of the default realm, "" when there is none.
func (d *Directory) Default() string { return d.fallback }

// ByID finds a realm by its number.
func (d *Directory) ByID(id int64) (*Realm, bool) {
	for _, r := range d.realms {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// Instance finds a resolver by its exact name.
func (d *Directory) Instance(name string) (*Instance, bool) {
	i, ok := d.instances[name]
	return i, ok
}

// Order are the resolvers of a realm in the order they are asked.
func (d *Directory) Order(name string) []string {
	if r, ok := d.Realm(name); ok {
		return r.Order
	}
	return nil
}

// Opener opens instances and keeps those whose settings did not change.
type Opener struct {
	Kinds   []resolver.Kind
	Deps    resolver.Deps
	Decrypt func(stored string) string
	Log     *slog.Logger

	mu   sync.Mutex
	live map[string]*Instance
}

// Open builds the picture of the rows. Instances that are not in it any more
// are closed once the requests that use them have had time to end.
func (o *Opener) Open(ctx context.Context, realms []Row, stored []resolver.Stored, retire func(close func())) *Directory {
	d := &Directory{realms: map[string]*Realm{}, instances: map[string]*Instance{}}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range stored {
		d.instances[s.Name] = o.instance(ctx, s)
	}
	for name, old := range o.live {
		now, kept := d.instances[name]
		if old.Live != nil && (!kept || now.Live != old.Live) {
			retire(func() { _ = old.Live.Close() })
		}
	}
	o.live = d.instances
	for _, row := range realms {
		r := &Realm{Row: row}
		links := slices.Clone(row.Links)
		slices.SortStableFunc(links, func(a, b Link) int {
			return cmp.Or(cmp.Compare(priority(a), priority(b)), cmp.Compare(a.Resolver, b.Resolver))
		})
		for _, l := range links {
			r.Order = append(r.Order, l.Resolver)
		}
		d.realms[strings.ToLower(row.Name)] = r
		if row.Default {
			d.fallback = row.Name
		}
	}
	return d
}

// Close closes all instances.
func (o *Opener) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, i := range o.live {
		if i.Live != nil {
			_ = i.Live.Close()
		}
	}
	o.live = nil
}

func priority(l Link) int {
	if l.Priority == nil || *l.Priority == 0 {
		return noPriority
	}
	return *l.Priority
}

func (o *Opener) instance(ctx context.Context, s resolver.Stored) *Instance {
	v := s.Values(o.Decrypt)
	if old, ok := o.live[s.Name]; ok && old.Broken == nil && old.Stored.Kind == s.Kind && maps.Equal(old.values, v) {
		return &Instance{Stored: s, Live: old.Live, values: v}
	}
	i := &Instance{Stored: s, values: v}
	for _, k := range o.Kinds {
		if k.Name == s.Kind {
			i.Live, i.Broken = k.New(ctx, s.Name, v, o.Deps)
			if i.Broken != nil {
				i.Live = nil
				o.Log.ErrorContext(ctx, "resolver cannot be opened", "resolver", s.Name, "error", i.Broken)
			}
			return i
		}
	}
	i.Broken = errUnknownKind
	return i
}
