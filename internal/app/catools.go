package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/pyliteral"
	"edumfa/internal/transfer"
)

// CreateCA sets up a connector of a kind in a conversation, and stores it. issuer
// names the local CA that is to sign a new one; "" is none.
func (a *App) CreateCA(ctx context.Context, kindName, name, issuer string, d ca.Dialogue) (id int64, err error) {
	if !transfer.GoodName(name) {
		return 0, fmt.Errorf("a CA connector cannot be called %q: letters, digits, _ - . are allowed", name)
	}
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return 0, err
	}
	if _, taken := snap.CAs.Find(name); taken {
		return 0, fmt.Errorf("a CA connector with the name '%s' already exists", name)
	}
	kind, known := a.api.CAs.Kind(kindName)
	if !known {
		return 0, fmt.Errorf("there is no CA connector of the type %q", kindName)
	}
	creator, can := kind.(ca.Creator)
	if !can {
		return 0, fmt.Errorf("connectors of the type %q are made in the user interface", kindName)
	}
	c := ca.Creation{Name: name, Dialogue: d, Deps: a.api.CAs.Deps}
	if issuer != "" {
		if c.Issuer, _, err = snap.CAs.Connector(issuer); err != nil {
			return 0, err
		}
	}
	d.Say("Creating CA connector of type " + kindName + ".")
	values, err := creator.Create(ctx, c)
	if err != nil {
		return 0, err
	}
	types := map[string]string{}
	for _, f := range kind.Fields() {
		types[f.Name] = f.Type
	}
	def := ca.Definition{Name: name, Kind: kindName}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		o := ca.Option{Key: key, Value: values[key], Type: types[key]}
		if o.Type == ca.TypePassword {
			if o.Value, err = a.api.Keys.SealPassword(o.Value); err != nil {
				return 0, err
			}
		}
		def.Options = append(def.Options, o)
	}
	return a.Store.SaveCAConnector(ctx, def)
}

// MakeCRL makes the list of revoked certificates of a connector and returns its
// file, "" when there is nothing to do.
func (a *App) MakeCRL(ctx context.Context, name string, ifDue bool) (string, error) {
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return "", err
	}
	c, _, err := snap.CAs.Connector(name)
	if err != nil {
		for e := err; e != nil; e = errors.Unwrap(e) {
			err = e // at the command line the reason can be told
		}
		return "", fmt.Errorf("CA connector %s: %s", name, strings.TrimPrefix(err.Error(), "ERR503: "))
	}
	maker, can := c.(ca.CRLMaker)
	if !can {
		return "", nil
	}
	return maker.MakeCRL(ctx, ifDue)
}

// askLimit bounds questions to authorities while configuration is exported.
const askLimit = 4 * time.Second

// caTemplates are the templates of a connector for an export; none where it
// cannot be asked.
func caTemplates(ctx context.Context, d ca.Definition, deps ca.Deps, decrypt func(string) string) any {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	o := &ca.Opener{Kinds: CAKinds(), Deps: deps, Decrypt: decrypt, Log: deps.Log}
	defer o.Close()
	picture := o.Picture([]ca.Definition{d}, func(func()) {})
	c, err := picture.All()[0].Connector()
	if t, can := c.(ca.Templater); err == nil && can {
		if found, err := t.Templates(ctx); err == nil {
			if found == nil {
				return nil
			}
			return literal(found)
		}
	}
	return pyliteral.NewDict()
}

// literal turns values of JSON into those of an export.
func literal(v any) any {
	switch x := v.(type) {
	case map[string]any:
		d := pyliteral.NewDict()
		for _, k := range slices.Sorted(maps.Keys(x)) {
			d.Set(k, literal(x[k]))
		}
		return d
	case []any:
		list := make(pyliteral.List, len(x))
		for i, e := range x {
			list[i] = literal(e)
		}
		return list
	}
	return v
}
