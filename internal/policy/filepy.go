package policy

import (
	"edumfa/internal/mfaerr"
	"edumfa/internal/pyliteral"
)

// Literal is a policy as exports write it, its keys in the order of the
// reference server.
func (v View) Literal() *pyliteral.Dict {
	conditions := make(pyliteral.List, len(v.Conditions))
	for i, c := range v.Conditions {
		conditions[i] = pyliteral.Tuple{c.Section, c.Key, c.Comparator, c.Value, c.Active}
	}
	actions := pyliteral.NewDict()
	for _, a := range v.Actions {
		if a.Bare {
			actions.Set(a.Name, true)
		} else {
			actions.Set(a.Name, a.Value)
		}
	}
	return pyliteral.NewDict(
		pyliteral.Pair{Key: "name", Value: v.Name},
		pyliteral.Pair{Key: "active", Value: v.Active},
		pyliteral.Pair{Key: "scope", Value: v.Scope},
		pyliteral.Pair{Key: "realm", Value: toLiteral(v.Realm)},
		pyliteral.Pair{Key: "adminrealm", Value: toLiteral(v.AdminRealm)},
		pyliteral.Pair{Key: "adminuser", Value: toLiteral(v.AdminUser)},
		pyliteral.Pair{Key: "resolver", Value: toLiteral(v.Resolver)},
		pyliteral.Pair{Key: "edumfanode", Value: toLiteral(v.Node)},
		pyliteral.Pair{Key: "check_all_resolvers", Value: v.CheckAllResolvers},
		pyliteral.Pair{Key: "user", Value: toLiteral(v.User)},
		pyliteral.Pair{Key: "client", Value: toLiteral(v.Client)},
		pyliteral.Pair{Key: "time", Value: v.Time},
		pyliteral.Pair{Key: "conditions", Value: conditions},
		pyliteral.Pair{Key: "priority", Value: int64(v.Priority)},
		pyliteral.Pair{Key: "action", Value: actions},
	)
}

// SpecFromLiteral reads one policy of a command line file or of an import: a
// dict with the fields of [View.Literal], of which only the name is needed.
func SpecFromLiteral(v any) (Spec, error) {
	d, ok := toLiteral(v).(*pyliteral.Dict)
	if !ok {
		return Spec{}, mfaerr.NewParameter("A policy in a file must be a dictionary")
	}
	name, _ := d.Get("name")
	text, ok := name.(string)
	if !ok || text == "" {
		return Spec{}, mfaerr.NewParameter("A policy in the file has no name")
	}
	s, err := readSpec(func(key string) any { v, _ := d.Get(key); return v })
	s.Name = text
	return s, err
}

// ParsePython reads policies written as a Python literal: a list of them, or a
// dictionary that has such a list under "policy".
func ParsePython(src string) ([]Spec, error) {
	v, err := pyliteral.Parse(src)
	if err != nil {
		return nil, mfaerr.NewParameter("The file is no Python literal").WithCause(err)
	}
	if d, ok := v.(*pyliteral.Dict); ok {
		v, _ = d.Get("policy")
	}
	list, ok := sequence(v)
	if !ok {
		return nil, mfaerr.NewParameter("The file has no list of policies")
	}
	out := make([]Spec, len(list))
	for i, e := range list {
		if out[i], err = SpecFromLiteral(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}
