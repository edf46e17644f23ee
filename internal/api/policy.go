package api

import (
	"context"

	"edumfa/internal/policy"
)

// policySet creates or changes a policy.
func (a *API) policySet(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("name", "")
	all := map[string]any{}
	for _, n := range r.Params.Names() {
		all[n] = r.Params.Raw(n)
	}
	spec, err := policy.ParseRequest(name, all)
	if err != nil {
		return nil, err
	}
	var old *policy.Row
	if p := r.Snap.Policies.ByName(name); p != nil {
		row := p.Row
		old = &row
	}
	row, err := spec.Apply(old)
	if err != nil {
		return nil, err
	}
	id, err := a.Store.SavePolicy(ctx, row)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Detail = 1, text(name)
	return ok(map[string]any{"setPolicy " + name: id}), nil
}
