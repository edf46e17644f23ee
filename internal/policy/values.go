package policy

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
)

// Split says how the text of an action makes values.
type Split int

const (
	// Words splits at blanks, for actions whose value is a set of words.
	Words Split = iota
	// Whole keeps the text, for actions whose value is prose.
	Whole
)

// Value is a value of an action and the policies that give it.
type Value struct {
	Text     string
	Policies []string
}

// Values are the distinct values of an action, in the order of the policies.
type Values []Value

// Texts returns the values without their policies.
func (v Values) Texts() []string {
	out := make([]string, len(v))
	for i := range v {
		out[i] = v[i].Text
	}
	return out
}

// Policies returns the names of all policies that gave a value, for the audit.
func (v Values) Policies() []string {
	var out []string
	for i := range v {
		out = append(out, v[i].Policies...)
	}
	return out
}

// Has reports whether text is one of the values.
func (v Values) Has(text string) bool {
	for i := range v {
		if v[i].Text == text {
			return true
		}
	}
	return false
}

// Names returns the names of policies.
func Names(list []*Policy) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.Row.Name
	}
	return out
}

// Any reports whether a policy fits the query, and names those that do.
func (s *Set) Any(ctx context.Context, q Query) (bool, []string, error) {
	list, err := s.Match(ctx, q)
	return len(list) > 0, Names(list), err
}

// Allowed reports whether the query's action is a right: a policy fits, or the
// scope has no active policy at all. The names are those of the fitting ones.
func (s *Set) Allowed(ctx context.Context, q Query) (bool, []string, error) {
	found, names, err := s.Any(ctx, q)
	return err == nil && (found || !s.HasActive(q.Scope)), names, err
}

// Values returns the values of the query's action in all fitting policies.
func (s *Set) Values(ctx context.Context, q Query, split Split) (Values, error) {
	list, err := s.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	return ActionValues(list, q.Action, split)
}

// Value returns the value of the query's action in the strongest fitting
// policies; ok is false without one. Errors: [mfaerr.Policy] if they disagree.
func (s *Set) Value(ctx context.Context, q Query, split Split) (v Value, ok bool, err error) {
	list, err := s.Match(ctx, q)
	if err != nil {
		return Value{}, false, err
	}
	return UniqueValue(list, q.Action, split)
}

// ValueOr is [Set.Value] for actions that may stand without a value: bare is
// what they then mean.
func (s *Set) ValueOr(ctx context.Context, q Query, split Split, bare string) (v Value, ok bool, err error) {
	list, err := s.Match(ctx, q)
	if err != nil || len(list) == 0 {
		return Value{}, false, err
	}
	list = strongest(list)
	for _, p := range list {
		if a, _ := p.Action(q.Action); !a.Bare {
			return UniqueValue(list, q.Action, split) // refuses if others are bare
		}
	}
	return Value{Text: bare, Policies: Names(list)}, true, nil
}

// ActionValues collects the values of an action. A policy that fits by a pattern
// has an empty text. Errors: [mfaerr.Policy] if a policy has the bare name
// although the action wants a value.
func ActionValues(list []*Policy, action string, split Split) (Values, error) {
	var out Values
	add := func(text, name string) {
		for i := range out {
			if out[i].Text == text {
				out[i].Policies = append(out[i].Policies, name)
				return
			}
		}
		out = append(out, Value{Text: text, Policies: []string{name}})
	}
	for _, p := range list {
		a, _ := p.Action(action)
		name := p.Row.Name
		switch {
		case a.Bare:
			return nil, mfaerr.NewPolicy("Policy %s gives the action %s no value", quote(name), quote(action))
		case strings.HasPrefix(a.Value, "'") && strings.HasSuffix(a.Value, "'"):
			add(unquote(a.Value), name)
		case split == Whole:
			add(a.Value, name)
		default:
			for _, word := range strings.Fields(a.Value) {
				add(word, name)
			}
		}
	}
	return out, nil
}

// unquote takes the apostrophes off a value, a lone one too.
func unquote(s string) string {
	if len(s) < 2 {
		return ""
	}
	return s[1 : len(s)-1]
}

// UniqueValue is [ActionValues] of the strongest policies, which must agree.
func UniqueValue(list []*Policy, action string, split Split) (v Value, ok bool, err error) {
	list = strongest(list)
	values, err := ActionValues(list, action, split)
	switch {
	case err != nil || len(values) == 0:
		return Value{}, false, err
	case len(values) > 1:
		return Value{}, false, mfaerr.NewPolicy("There are policies with conflicting actions: %s", quoteList(Names(list)))
	}
	return values[0], true, nil
}

// strongest returns the policies of the first one's priority; the list is in
// the order of [Set.Match].
func strongest(list []*Policy) []*Policy {
	for i, p := range list {
		if p.Row.Priority != list[0].Row.Priority {
			return list[:i]
		}
	}
	return list
}

// CheckAgreement refuses if the strongest policies give the action different
// texts, a bare name being one of them.
func CheckAgreement(list []*Policy, action string) error {
	list = strongest(list)
	for _, p := range list {
		a, _ := p.Action(action)
		if first, _ := list[0].Action(action); a.Value != first.Value || a.Bare != first.Bare {
			return mfaerr.NewPolicy("Contradicting %s policies.", action)
		}
	}
	return nil
}
