package policy

import (
	"slices"
	"time"
)

// Set is an immutable snapshot of all policies with an index by scope and
// action. It is safe for concurrent use; a change of the table makes a new one.
type Set struct {
	policies []*Policy
	scopes   map[string]*scopeIndex
	byName   map[string]*Policy
	now      func() time.Time
}

// scopeIndex finds the policies of a scope that may have an action. Positions
// are those of the rows, in ascending order.
type scopeIndex struct {
	all      []int
	active   bool             // at least one policy is active
	byAction map[string][]int // policies whose actions are plain names
	open     []int            // policies with patterns, "*" or exclusions
}

// NewSet compiles rows in their order. now is the clock for time windows; its
// location is the local time they mean.
func NewSet(rows []Row, now func() time.Time) *Set {
	s := &Set{scopes: map[string]*scopeIndex{}, byName: map[string]*Policy{}, now: now}
	for i, r := range rows {
		p := Parse(r)
		s.policies = append(s.policies, p)
		s.byName[r.Name] = p
		x := s.scopes[r.Scope]
		if x == nil {
			x = &scopeIndex{byAction: map[string][]int{}}
			s.scopes[r.Scope] = x
		}
		x.all = append(x.all, i)
		x.active = x.active || r.Active
		if !p.actions.simple() {
			x.open = append(x.open, i)
			continue
		}
		for _, a := range p.Actions {
			x.byAction[a.Name] = append(x.byAction[a.Name], i)
		}
	}
	return s
}

// All returns the policies in the order of the rows.
func (s *Set) All() []*Policy { return slices.Clone(s.policies) }

// ByName returns a policy by its name, nil if there is none.
func (s *Set) ByName(name string) *Policy { return s.byName[name] }

// HasActive reports whether any policy of the scope is active. As long as there
// is none, users and administrators may do everything.
func (s *Set) HasActive(scope string) bool {
	x := s.scopes[scope]
	return x != nil && x.active
}

// candidates returns the policies that the index does not rule out.
func (s *Set) candidates(q *prepared) []*Policy {
	if q.Name != "" {
		if p := s.byName[q.Name]; p != nil {
			return []*Policy{p}
		}
		return nil
	}
	if q.Scope == "" {
		return s.policies
	}
	x := s.scopes[q.Scope]
	if x == nil {
		return nil
	}
	positions := x.all
	if q.Action != "" {
		positions = mergeSorted(x.byAction[q.Action], x.open)
	}
	out := make([]*Policy, len(positions))
	for i, at := range positions {
		out[i] = s.policies[at]
	}
	return out
}

// mergeSorted joins two ascending lists without common elements.
func mergeSorted(a, b []int) []int {
	if len(b) == 0 {
		return a
	}
	out := make([]int, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
