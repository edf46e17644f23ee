package api

import (
	"context"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// tokenEnable and tokenDisable count only the tokens that were different.
func (a *API) tokenEnable(ctx context.Context, r *Request) (*Answer, error) {
	return a.each(func(ctx context.Context, t *token.Token) (bool, error) { return a.Tokens.Enable(ctx, t, true) })(ctx, r)
}

func (a *API) tokenDisable(ctx context.Context, r *Request) (*Answer, error) {
	return a.each(func(ctx context.Context, t *token.Token) (bool, error) { return a.Tokens.Enable(ctx, t, false) })(ctx, r)
}

// tokenRevoke ends tokens for good. What is known outside is taken back there
// first, token by token, so that one that cannot be taken back stays as it is.
func (a *API) tokenRevoke(ctx context.Context, r *Request) (*Answer, error) {
	reason, err := revocationReason(r.Params.TextOr("reason", ""))
	if err != nil {
		return nil, err
	}
	list, err := a.targets(ctx, r)
	if err != nil {
		return nil, err
	}
	a.settle(ctx, r, list)
	for _, t := range list {
		if err := a.revokeOutside(ctx, r, t, reason); err != nil {
			return nil, err
		}
	}
	return a.each(always(a.Tokens.Revoke))(ctx, r)
}

// tokenReset sets fail counters to 0.
func (a *API) tokenReset(ctx context.Context, r *Request) (*Answer, error) {
	return a.each(always(a.Tokens.Reset))(ctx, r)
}

// tokenUnassign takes tokens from their owner.
func (a *API) tokenUnassign(ctx context.Context, r *Request) (*Answer, error) {
	return a.each(always(a.Tokens.Unassign))(ctx, r)
}

// tokenDelete removes a token and what hangs on it.
func (a *API) tokenDelete(ctx context.Context, r *Request) (*Answer, error) {
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := a.Store.DeleteToken(ctx, t.ID, t.Serial); err != nil {
		return nil, err
	}
	r.forgetToken()
	r.Audit.Success = 1
	return ok(1), nil
}

// tokenResync brings a token's counter or clock back in step by two values that
// follow each other. Types that have neither answer null.
func (a *API) tokenResync(ctx context.Context, r *Request) (*Answer, error) {
	if _, err := r.Params.Required("serial"); err != nil {
		return nil, err
	}
	first, err := r.Params.Required("otp1")
	if err != nil {
		return nil, err
	}
	second, err := r.Params.Required("otp2")
	if err != nil {
		return nil, err
	}
	t, err := a.ownToken(ctx, r)
	if err != nil {
		return nil, err
	}
	if t.Locked {
		return nil, token.ErrLocked()
	}
	typ, _ := a.Types.Get(t.TypeKey())
	resyncer, can := typ.(tokentype.Resyncer)
	if !can {
		return ok(nil), nil
	}
	m, err := resyncer.Resync(ctx, a.env(ctx, r, t, r.User), t, secret.New(first), secret.New(second))
	if err != nil {
		return nil, err
	}
	if m.OK {
		r.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: m.Next})
		r.Changes.Add(m.Changes...)
		r.Audit.Success = 1
	}
	return ok(m.OK), nil
}

// tokenByValue finds the token with a value within the window of its counter.
// The value is used up by that.
func (a *API) tokenByValue(ctx context.Context, r *Request) (*Answer, error) {
	window, err := r.Params.Int("window", 10)
	if err != nil {
		return nil, err
	}
	if window < 0 || window > 10000 {
		return nil, mfaerr.NewParameter("The window %d is not possible.", window)
	}
	f := token.Filter{Type: r.Params.TextOr("type", ""), SerialLike: "*" + r.Params.TextOr("serial", "") + "*"}
	yes, no := true, false
	if r.Params.TextOr("unassigned", "") != "" {
		f.Assigned = &no
	}
	if r.Params.TextOr("assigned", "") != "" {
		f.Assigned = &yes
	}
	if f.AllowedRealms, err = a.listRealms(ctx, r, "getserial"); err != nil {
		return nil, err
	}
	count, err := a.Store.CountTokens(ctx, f)
	if err != nil {
		return nil, err
	}
	var serial any
	said := "None"
	if r.Params.TextOr("count", "") == "" {
		found, err := a.findByValue(ctx, r, f, window)
		if err != nil {
			return nil, err
		}
		if found != "" {
			serial, said = found, found
		}
	}
	r.Audit.Success = 1
	r.Audit.Info = text("get " + said + " by OTP. " + itoa(count) + " tokens")
	return ok(map[string]any{"serial": serial, "count": count}), nil
}

// findByValue returns the serial of the one token that has the value, "" for
// none.
func (a *API) findByValue(ctx context.Context, r *Request, f token.Filter, window int) (string, error) {
	list, err := a.Store.Tokens(ctx, f, token.WithInfo)
	if err != nil {
		return "", err
	}
	value := secret.New(r.Params.TextOr("otp", ""))
	var found *token.Token
	var match tokentype.Match
	for _, t := range list {
		typ, _ := a.Types.Get(t.TypeKey())
		finder, can := typ.(tokentype.Finder)
		if !can || t.Locked {
			continue
		}
		m, err := finder.Find(ctx, a.env(ctx, r, t, r.User), t, value, window)
		if err != nil {
			a.Log.WarnContext(ctx, "a token cannot be searched for a value", "serial", t.Serial, "error", err)
			continue
		}
		if !m.OK {
			continue
		}
		if found != nil {
			return "", mfaerr.NewRequest(1200, "multiple tokens are matching this OTP value!")
		}
		found, match = t, m
	}
	if found == nil {
		return "", nil
	}
	r.Changes.Add(change.MoveCounter{ID: found.ID, Seen: found.Count, Next: match.Next})
	r.Changes.Add(match.Changes...)
	return found.Serial, nil
}
