package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// typeEndpoint lets a token type answer its devices.
func (a *API) typeEndpoint(ctx context.Context, r *Request) (*Answer, error) {
	name := strings.ToLower(r.Params.TextOr("ttype", ""))
	typ, known := a.Types.Get(name)
	if e, has := typ.(tokentype.TextEndpoint); has {
		return a.textEndpoint(ctx, r, name, e)
	}
	if d, has := typ.(tokentype.Device); has {
		return a.deviceEndpoint(ctx, r, name, d)
	}
	if d, has := typ.(tokentype.PlainDevice); has {
		return a.plainDevice(ctx, r, name, d)
	}
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

// desk logs tokens in for the endpoint of their type.
type desk struct {
	a *API
	r *Request
}

func (d desk) Tokens(ctx context.Context, f token.Filter) ([]*token.Token, error) {
	return d.a.Store.Tokens(ctx, f, token.Whole)
}

func (d desk) Login(ctx context.Context, t *token.Token, pass secret.String) (bool, error) {
	a, r := d.a, d.r
	if t.Owner != nil { // whose policies count, and whose password may be the PIN
		u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
		if err != nil {
			return false, err
		}
		r.User = u
	}
	yes, reply, err := a.attempt(ctx, r, a.env(ctx, r, t, r.User), []*token.Token{t}, pass)
	if err != nil {
		return false, err
	}
	a.noteAttempt(r, yes, reply)
	r.Audit.Serial = text(t.Serial)
	if r.User.Exists() {
		r.Audit.ForUser(r.User)
	}
	answer := loginVerdict(yes, authentication(yes, reply), reply)
	err = errors.Join(a.authorize(ctx, r, answer), a.authorized(ctx, r, answer))
	if mfaerr.Is(err, mfaerr.Policy) || mfaerr.Is(err, mfaerr.Request) {
		r.Audit.Success, r.Audit.Info = 0, text(err.Error())
		return false, nil
	}
	return yes && err == nil, err
}

// textEndpoint is typeEndpoint for answers that are no JSON.
func (a *API) textEndpoint(ctx context.Context, r *Request, name string, e tokentype.TextEndpoint) (*Answer, error) {
	answer, err := e.TextEndpoint(ctx, a.env(ctx, r, nil, r.User), desk{a, r})
	if err != nil {
		return nil, err
	}
	r.Audit.TokenType = text(name)
	return &Answer{Status: http.StatusOK, Body: map[string]any{}, Plain: &Plain{Type: "text/plain", Data: []byte(answer)}}, nil
}

// deviceEndpoint lets a token type talk with its devices.
func (a *API) deviceEndpoint(ctx context.Context, r *Request, name string, d tokentype.Device) (*Answer, error) {
	r.Audit.TokenType = text(name)
	if serial := r.Params.TextOr("serial", ""); serial != "" {
		r.Audit.Serial = text(serial)
	}
	value, detail, err := d.Device(ctx, a.env(ctx, r, nil, user.User{}), r.HTTP.Method, desk{a, r})
	if err != nil {
		return nil, err
	}
	if right, isBool := value.(bool); !isBool || right {
		r.Audit.Success = 1
	}
	return okDetail(value, detail), nil
}

// plainDevice is deviceEndpoint for answers of another form.
func (a *API) plainDevice(ctx context.Context, r *Request, name string, d tokentype.PlainDevice) (*Answer, error) {
	r.Audit.TokenType = text(name)
	body, words, err := d.PlainDevice(ctx, a.env(ctx, r, nil, user.User{}), desk{a, r})
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	plain := &Plain{Type: "text/plain", Data: []byte(words)}
	if body != nil {
		data, err := a.signed(body, "", false)
		if err != nil {
			return nil, err
		}
		plain = &Plain{Type: "application/json", Data: data}
	}
	return &Answer{Status: http.StatusOK, Body: map[string]any{}, Plain: plain}, nil
}

func (d desk) Change(ctx context.Context, t *token.Token, f func(*token.Token) error) error {
	return d.a.Tokens.Change(ctx, t, f)
}

func (d desk) Owned(ctx context.Context, t *token.Token) (*tokentype.Env, error) {
	var owner user.User
	if t.Owner != nil {
		var err error
		if owner, err = d.r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err != nil {
			return nil, err
		}
	}
	return d.a.env(ctx, d.r, t, owner), nil
}
