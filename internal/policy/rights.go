package policy

import (
	"context"
	"slices"

	"edumfa/internal/mfaerr"
)

// Rights returns the rights of a caller at login, sorted: each action of the
// fitting policies that is true or has a text, texts once more as action=text.
// Without an active policy in the scope they are all, the names of every defined
// action. The query's action must be empty and its scope admin or user; the
// conditions checked follow from the scope.
func (s *Set) Rights(ctx context.Context, q Query, all []string) ([]string, error) {
	if q.Scope != ScopeAdmin && q.Scope != ScopeUser {
		return nil, mfaerr.NewPolicy("Unknown scope: %s", q.Scope)
	}
	q.Conditions = loginConditions(q.Scope)
	list, err := s.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	if !s.HasActive(q.Scope) {
		return sortedSet(all), nil
	}
	var out []string
	for _, p := range list {
		for _, a := range p.Actions {
			if a.Bare || a.Value != "" {
				out = append(out, a.Name)
			}
			if !a.Bare && a.Value != "" {
				out = append(out, a.Name+"="+a.Value)
			}
		}
	}
	return sortedSet(out), nil
}

// loginConditions is what can be checked before there is a token or a request
// to compare with.
func loginConditions(scope string) ConditionMode {
	if scope == ScopeAdmin {
		return CheckNone
	}
	return CheckUserInfo
}

// Menus returns the main menus that the rights open, sorted. menusOf gives the
// menus of an action.
func Menus(rights []string, menusOf func(action string) []string) []string {
	var out []string
	for _, r := range rights {
		out = append(out, menusOf(r)...)
	}
	return sortedSet(out)
}

// EnrollTypes returns those of the token types that the caller may enrol, in
// their order: all without an active policy in the scope, else those whose
// right enroll<TYPE> fits. types are the types the role can enrol in the UI.
func (s *Set) EnrollTypes(ctx context.Context, q Query, types []string) ([]string, error) {
	if !s.HasActive(q.Scope) {
		return types, nil
	}
	q.Conditions = loginConditions(q.Scope)
	out := []string{}
	for _, t := range types {
		q.Action = EnrollAction(t)
		ok, _, err := s.Any(ctx, q)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, t)
		}
	}
	return out, nil
}

func sortedSet(list []string) []string {
	out := append([]string{}, list...)
	slices.Sort(out)
	return slices.Compact(out)
}
