package api

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// systemTest tries the settings of a token type.
func (a *API) systemTest(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("tokentype", "")
	t, known := a.Types.Get(name)
	if !known {
		return nil, mfaerr.NewNotFound("There is no token type %q.", name)
	}
	tester, can := t.(tokentype.Tester)
	if !can {
		return okDetail(false, map[string]any{"message": "Tokens of this type have nothing to test."}), nil
	}
	works, message, err := tester.Test(ctx, a.env(ctx, r, nil, user.User{}), r.Params)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.TokenType = text(name)
	return okDetail(works, map[string]any{"message": message}), nil
}
