package api

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

// addDetail appends to the audit's details of the action.
func (t *Trail) addDetail(s string) {
	if t.Detail != nil {
		s = *t.Detail + s
	}
	t.Detail = &s
}

// tokenSetPIN sets up to three PINs of a token and answers how many.
func (a *API) tokenSetPIN(ctx context.Context, r *Request) (*Answer, error) {
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	n := 0
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		n, r.Audit.Detail = 0, nil
		next := t.Clone()
		for _, pin := range []struct {
			name string
			set  func(string) error
		}{
			{"userpin", func(v string) error { return a.Tokens.SetUserPIN(ctx, next, v) }},
			{"sopin", func(v string) error { return a.Tokens.SetSOPIN(ctx, next, v) }},
			{"otppin", func(v string) error {
				return a.Tokens.SetPIN(ctx, next, secret.New(v), r.Params.Bool("encryptpin"))
			}},
		} {
			v, given := r.Params.Text(pin.name)
			if !given {
				continue
			}
			if err := pin.set(v); err != nil {
				return err
			}
			r.Audit.addDetail(pin.name + ", ")
			n++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(n), nil
}

// tokenSetRandomPIN sets the PIN that the policies made, and tells it.
func (a *API) tokenSetRandomPIN(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("serial"); err != nil {
		return nil, err
	}
	pin := r.Params.TextOr("pin", "")
	if pin == "" {
		return nil, mfaerr.NewTokenAdmin("The policy otp_pin_set_random gives an empty PIN.")
	}
	answer, err := a.each(always(func(ctx context.Context, t *token.Token) error {
		return a.Tokens.SetPIN(ctx, t, secret.New(pin), r.Params.Bool("encryptpin"))
	}))(ctx, r)
	if err != nil {
		return nil, err
	}
	r.Audit.addDetail("otppin, ")
	answer.Body["detail"] = map[string]any{"pin": pin}
	return answer, nil
}
