// Package machine is the contract of machine stores, which know the hosts of an
// organisation, and owns what attaches tokens to these hosts. Kinds of stores
// live in folders below and are listed in app/builtin.go.
package machine

import (
	"context"
	"slices"
	"time"

	"edumfa/internal/field"
)

// Machine is one host of a store.
type Machine struct {
	// ID is stable inside the store.
	ID        string
	Hostnames []string
	IP        string // "" where the store knows none
	Resolver  string // name of the store
	// One: the store has one name for each host, and lists show it as a text.
	One bool
}

// Named reports whether a name is the machine's.
func (m Machine) Named(hostname string) bool { return slices.Contains(m.Hostnames, hostname) }

// Filter says what machines are looked for; empty texts do not count.
type Filter struct {
	ID, Hostname string
	IP           string // an address in its usual notation, always compared whole
	// Any is a part of id, name or address.
	Any string
	// Exact: ID and Hostname are the whole, else parts.
	Exact bool
}

// Store is one configured machine store, safe for concurrent use. Every call
// ends within the store's own deadline or ctx, whichever is first.
type Store interface {
	Machines(ctx context.Context, f Filter) ([]Machine, error)
	// Close frees connections. The store is not used afterwards.
	Close() error
}

// Kind is one sort of machine store.
type Kind struct {
	Name   string // "hosts", as in the database
	Fields []field.Field
	// New opens an instance. It must not wait for anything.
	New func(name string, v field.Values) (Store, error)
	// Test tries unsaved settings and says in words what it found.
	Test func(ctx context.Context, v field.Values) (ok bool, description string)
}

// Definition is a store as it is in the database.
type Definition = field.Definition

// Option is one setting of a definition.
type Option = field.Option

// Timeout bounds a question to all stores together.
const Timeout = 20 * time.Second
