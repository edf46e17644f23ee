package api

import (
	"context"
	"errors"

	"edumfa/internal/serviceid"
)

type serviceStore interface {
	ServiceIDs(ctx context.Context, name string) ([]serviceid.ServiceID, error)
	SaveServiceID(ctx context.Context, s serviceid.ServiceID) (id int64, err error)
	DeleteServiceID(ctx context.Context, name string) (id int64, err error)
}

// serviceIDs lists the service ids, or the one that the path names.
func (a *API) serviceIDs(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.ServiceIDs(ctx, r.Params.TextOr("name", ""))
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, s := range list {
		out[s.Name] = map[string]any{"id": s.ID, "description": s.Description}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// serviceIDSave makes a service id or changes its description, and answers its
// number.
func (a *API) serviceIDSave(ctx context.Context, r *Request) (*Answer, error) {
	name, err := r.Params.RequiredNonEmpty("name")
	if err != nil {
		return nil, err
	}
	s := serviceid.ServiceID{Name: name, Description: r.Params.TextOr("description", "")}
	if err := errors.Join(fits("name", s.Name, 255), fits("description", s.Description, 2000)); err != nil {
		return nil, err
	}
	id, err := a.Store.SaveServiceID(ctx, s)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(name)
	return ok(id), nil
}

func (a *API) serviceIDDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("name", "")
	if _, err := a.Store.DeleteServiceID(ctx, name); err != nil {
		return nil, a.missing(err, "The requested Serviceid could not be found.")
	}
	r.Audit.Success, r.Audit.Info = 1, text(name)
	return ok(1), nil
}
