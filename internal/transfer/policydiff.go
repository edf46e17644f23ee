package transfer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
)

// DiffPolicies says line by line what an import of policies would change, and
// changes nothing: "+ name" is made, "- name" deleted, and "~ name field: old ->
// new" changed.
func (t *Transfer) DiffPolicies(ctx context.Context, data *pyliteral.Dict, o Options) ([]string, error) {
	o.Update = true
	part, ok := data.Get("policy")
	if !ok {
		return nil, errors.New("the file has no policies")
	}
	var before, after []policy.Row
	err := t.Store.InTx(ctx, func(ctx context.Context) (err error) {
		if before, err = t.Store.Policies(ctx); err != nil {
			return err
		}
		if err := t.loadPolicies(ctx, part, o, func(string, ...any) {}); err != nil {
			return err
		}
		if after, err = t.Store.Policies(ctx); err != nil {
			return err
		}
		return errDryRun
	})
	if !errors.Is(err, errDryRun) {
		return nil, err
	}
	return comparePolicies(before, after), nil
}

func comparePolicies(before, after []policy.Row) []string {
	old, now := byName(before), byName(after)
	names := map[string]bool{}
	for name := range old {
		names[name] = true
	}
	for name := range now {
		names[name] = true
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		x, had := old[name]
		y, has := now[name]
		switch {
		case !had:
			out = append(out, "+ "+name)
		case !has:
			out = append(out, "- "+name)
		default:
			for key, value := range y.All() {
				was, _ := x.Get(key)
				if a, b := pyliteral.Repr(was), pyliteral.Repr(value); a != b {
					out = append(out, fmt.Sprintf("~ %s %s: %s -> %s", name, key, a, b))
				}
			}
		}
	}
	return out
}

func byName(rows []policy.Row) map[string]*pyliteral.Dict {
	out := make(map[string]*pyliteral.Dict, len(rows))
	for _, r := range rows {
		out[r.Name] = policy.Parse(r).View().Literal()
	}
	return out
}
