// Package event runs what administrators attach to API calls: a definition
// names events, conditions and the action of a handler, which runs before or
// after the call. The package holds definitions, decides which ones apply and
// runs their handlers; what a handler does lives in the folders below, and what
// is true of a request comes from its caller.
package event

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"edumfa/internal/field"
)

// Position is when a handler runs.
type Position string

// The two positions. Definitions may hold other texts; they never run.
const (
	Pre  Position = "pre"  // before the call, may change its parameters
	Post Position = "post" // after a call that did not fail, may change its answer
)

// Definition is one attached action.
type Definition struct {
	ID         int64
	Name       string
	Active     bool
	Ordering   int // lower ones run first
	Position   Position
	Events     []string
	Module     string // name of the handler
	Action     string
	Conditions map[string]string
	Options    map[string]string
}

// Row is a definition as the tables eventhandler, eventhandlercondition and
// eventhandleroption keep it.
type Row struct {
	ID                                     int64
	Name                                   string
	Active                                 bool
	Ordering                               int
	Position, Event, HandlerModule, Action string
	// Condition is a column that is always empty and only kept.
	Condition  string
	Conditions map[string]string // comparator is always "equal"
	Options    map[string]string // Type and Description are always empty
}

// FromRow reads a stored definition: its events are joined with commas, around
// which blanks do not count.
func FromRow(r Row) Definition {
	return Definition{
		ID: r.ID, Name: r.Name, Active: r.Active, Ordering: r.Ordering, Position: Position(r.Position),
		Events: SplitEvents(r.Event), Module: r.HandlerModule, Action: r.Action,
		Conditions: maps.Clone(r.Conditions), Options: maps.Clone(r.Options),
	}
}

// Row is the definition as it is stored.
func (d Definition) Row() Row {
	return Row{
		ID: d.ID, Name: d.Name, Active: d.Active, Ordering: d.Ordering, Position: string(d.Position),
		Event: strings.Join(d.Events, ","), HandlerModule: d.Module, Action: d.Action,
		Conditions: maps.Clone(d.Conditions), Options: maps.Clone(d.Options),
	}
}

// SplitEvents reads a list of events with commas. Empty parts are left out.
func SplitEvents(list string) []string {
	events := []string{}
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part != "" {
			events = append(events, part)
		}
	}
	return events
}

// JSON is the definition as the API shows it.
func (d Definition) JSON() map[string]any {
	return map[string]any{
		"id": d.ID, "name": d.Name, "active": d.Active, "ordering": d.Ordering, "position": string(d.Position),
		"event": slices.Concat([]string{}, d.Events), "handlermodule": d.Module, "action": d.Action,
		"condition": "", "conditions": orEmpty(d.Conditions), "options": Censored(d.Options),
	}
}

// SecretOption reports whether an option is a secret: it is kept encrypted and
// never shown.
func SecretOption(name string) bool { return name == "hmac_key" }

// Censored are options as they may be shown.
func Censored(options map[string]string) map[string]string {
	out := make(map[string]string, len(options))
	for name, v := range options {
		if SecretOption(name) && v != "" {
			v = field.Censored
		}
		out[name] = v
	}
	return out
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// Snapshot is all definitions at one time, for concurrent use.
type Snapshot struct {
	all []Definition
	run map[key][]Definition
}

type key struct {
	event    string
	position Position
}

// NewSnapshot orders definitions by their ordering and, within one, by id.
func NewSnapshot(definitions []Definition) *Snapshot {
	s := &Snapshot{all: slices.Clone(definitions), run: map[key][]Definition{}}
	slices.SortStableFunc(s.all, func(a, b Definition) int {
		return cmp.Or(cmp.Compare(a.Ordering, b.Ordering), cmp.Compare(a.ID, b.ID))
	})
	for _, d := range s.all {
		if !d.Active {
			continue
		}
		seen := map[string]bool{}
		for _, e := range d.Events {
			if !seen[e] { // named twice, it still runs once
				seen[e] = true
				k := key{e, d.Position}
				s.run[k] = append(s.run[k], d)
			}
		}
	}
	return s
}

// All are the definitions in the order in which they run.
func (s *Snapshot) All() []Definition { return slices.Clone(s.all) }

// ByID finds one definition.
func (s *Snapshot) ByID(id int64) (Definition, bool) {
	i := slices.IndexFunc(s.all, func(d Definition) bool { return d.ID == id })
	if i < 0 {
		return Definition{}, false
	}
	return s.all[i], true
}

// For are the active definitions of an event, compared exactly, at a position.
func (s *Snapshot) For(event string, position Position) []Definition {
	return s.run[key{event, position}]
}
