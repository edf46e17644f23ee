package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
)

// Policies is the list of policies by name, or of the one with the name. The
// order is always the same, so that two exports can be compared.
func (t *Transfer) Policies(ctx context.Context, name string) (any, error) {
	rows, err := t.Store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(x, y policy.Row) int { return strings.Compare(x.Name, y.Name) })
	list := pyliteral.List{}
	for _, r := range rows {
		if name == "" || r.Name == name {
			list = append(list, policy.Parse(r).View().Literal())
		}
	}
	return list, nil
}

// SavePolicy makes a policy or changes one. Fields that a dictionary does not
// have stay as they are, but for active (true) and check_all_resolvers (false).
func (t *Transfer) SavePolicy(ctx context.Context, d *pyliteral.Dict) (id int64, err error) {
	err = t.Store.InTx(ctx, func(ctx context.Context) error {
		rows, err := t.Store.Policies(ctx)
		if err != nil {
			return err
		}
		id, err = t.putPolicy(ctx, d, rows)
		return err
	})
	return id, err
}

func (t *Transfer) putPolicy(ctx context.Context, d *pyliteral.Dict, rows []policy.Row) (int64, error) {
	spec, err := policy.SpecFromLiteral(d)
	if err != nil {
		return 0, err
	}
	if spec.Active == nil {
		on := true
		spec.Active = &on
	}
	if spec.CheckAllResolvers == nil {
		spec.CheckAllResolvers = new(bool)
	}
	var old *policy.Row
	if i := slices.IndexFunc(rows, func(r policy.Row) bool { return r.Name == spec.Name }); i >= 0 {
		old = &rows[i]
	}
	row, err := spec.Apply(old)
	if err != nil {
		return 0, fmt.Errorf("policy %s: %w", spec.Name, err)
	}
	if row.Scope == "" {
		return 0, fmt.Errorf("policy %s has no scope", spec.Name)
	}
	return t.Store.SavePolicy(ctx, row)
}

func (t *Transfer) loadPolicies(ctx context.Context, data any, o Options, say report) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	rows, err := t.Store.Policies(ctx)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for i, d := range list {
		name, ok := d.Get("name")
		if _, isText := name.(string); !ok || !isText || name == "" {
			return fmt.Errorf("policy %d has no name", i+1)
		}
		names[name.(string)] = true
	}
	if rows, err = t.removePolicies(ctx, rows, names, o, say); err != nil {
		return err
	}
	for _, d := range list {
		name := textOf(d, "name")
		if o.Name != "" && o.Name != name {
			continue
		}
		done := "Added"
		if slices.ContainsFunc(rows, func(r policy.Row) bool { return r.Name == name }) {
			if !o.Update {
				say("Policy %s exists and -u is not specified, skipping import.", name)
				continue
			}
			done = "Updated"
		}
		id, err := t.putPolicy(ctx, d, rows)
		if err != nil {
			return err
		}
		say("%s policy %s with result %d", done, name, id)
		if rows, err = t.Store.Policies(ctx); err != nil {
			return err
		}
	}
	return nil
}

// removePolicies deletes what an import is to delete and returns what is left.
func (t *Transfer) removePolicies(ctx context.Context, rows []policy.Row, keep map[string]bool, o Options, say report) ([]policy.Row, error) {
	var left []policy.Row
	for _, r := range rows {
		if !o.Cleanup && (!o.Purge || keep[r.Name]) {
			left = append(left, r)
			continue
		}
		if _, err := t.Store.DeletePolicy(ctx, r.Name); err != nil {
			return nil, err
		}
		say("Deleted policy %s", r.Name)
	}
	return left, nil
}

// ErrNoDict is a file whose content is no dictionary.
var ErrNoDict = errors.New("the file is no dictionary")

// ParseDict reads a file with one dictionary.
func ParseDict(src string) (*pyliteral.Dict, error) {
	v, err := ParseLiteral(src)
	if err != nil {
		return nil, fmt.Errorf("the file is neither a Python literal nor JSON: %w", err)
	}
	d, ok := v.(*pyliteral.Dict)
	if !ok {
		return nil, ErrNoDict
	}
	return d, nil
}
