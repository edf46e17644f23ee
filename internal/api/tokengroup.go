package api

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
)

// tokenGroups lists the token groups, or the one that the path names.
func (a *API) tokenGroups(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.TokenGroups(ctx, r.Params.TextOr("groupname", ""))
	if err != nil {
		return nil, err
	}
	groups := map[string]any{}
	for _, g := range list {
		groups[g.Name] = map[string]any{"id": g.ID, "description": g.Description}
	}
	r.Audit.Success = 1
	return ok(groups), nil
}

// tokenGroupSave makes a token group or changes its description, and answers its
// id.
func (a *API) tokenGroupSave(ctx context.Context, r *Request) (*Answer, error) {
	name, err := r.Params.RequiredNonEmpty("groupname")
	if err != nil {
		return nil, err
	}
	g := token.Group{Name: name, Description: r.Params.TextOr("description", "")}
	if len([]rune(g.Name)) > 255 || len([]rune(g.Description)) > 2000 {
		return nil, mfaerr.NewParameter("A token group has a name of 255 characters and a description of 2000 at most.")
	}
	id, err := a.Store.SaveTokenGroup(ctx, g)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(name)
	return ok(id), nil
}

// tokenGroupDelete removes a token group that no token is in.
func (a *API) tokenGroupDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("groupname", "")
	list, err := a.Store.TokenGroups(ctx, name)
	if err != nil {
		return nil, err
	}
	if name == "" || len(list) == 0 {
		return nil, mfaerr.NewNotFound("The requested Tokengroup could not be found.")
	}
	tokens, err := a.Store.DeleteTokenGroup(ctx, list[0].ID)
	if err != nil {
		return nil, err
	}
	if tokens > 0 {
		return nil, mfaerr.NewRequest(10, "The tokengroup with name %s still has %d tokens assigned.", name, tokens)
	}
	r.Audit.Success, r.Audit.Info = 1, text(name)
	return ok(1), nil
}
