package api

import (
	"context"
	"net/http"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// typeEndpoint lets a token type answer its devices.
func (a *API) typeEndpoint(ctx context.Context, r *Request) (*Answer, error) {
	name := strings.ToLower(r.Params.TextOr("ttype", ""))
	typ, known := a.Types.Get(name)
	e, has := typ.(tokentype.Endpoint)
	if !known || !has {
		return nil, mfaerr.NewParameter("The token type %q has no endpoint.", name)
	}
	contentType, body, err := e.Endpoint(ctx, a.env(ctx, r, nil, user.User{}))
	if err != nil {
		return nil, err
	}
	data, err := a.signed(body, "", false)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.TokenType = 1, text(name)
	return &Answer{Status: http.StatusOK, Body: map[string]any{}, Plain: &Plain{Type: contentType, Data: data}}, nil
}
