package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// Bounds of what one request asks outside about tokens that wait for a decision.
const (
	settleLimit    = 5 * time.Second
	settleParallel = 8
	settleMost     = 50
)

// ownerEnv is what a type is given for a token of somebody else: the policies are
// those of its owner.
func (a *API) ownerEnv(ctx context.Context, r *Request, t *token.Token) *tokentype.Env {
	u := user.User{}
	if t.Owner != nil {
		if u.ID = t.Owner.UserID; u.ID == r.User.ID && t.Owner.Resolver == r.User.Resolver {
			return a.env(ctx, r, t, r.User)
		}
		var err error
		if u, err = r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID); err != nil {
			// a user store that does not answer hides no tokens
			a.Log.WarnContext(ctx, "the owner of a token cannot be looked up", "serial", t.Serial, "error", err)
			u = user.User{}
		}
	}
	return a.env(ctx, r, t, u)
}

// settle asks how pending tokens of the list stand, all at once and not for long,
// and stores what is new. Who cannot be asked now is asked the next time.
func (a *API) settle(ctx context.Context, r *Request, list []*token.Token) {
	var wait sync.WaitGroup
	limited, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	slots, asked := make(chan struct{}, settleParallel), 0
	next := make([]*token.Token, len(list))
	for i, t := range list {
		typ, _ := a.Types.Get(t.TypeKey())
		w, waits := typ.(tokentype.Waiter)
		if !waits || t.State != token.StatePending || asked >= settleMost {
			continue
		}
		asked++
		env := a.env(ctx, r, t, user.User{}) // no policy decides about it
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			n := t.Clone()
			changed, err := w.Settle(limited, env, n)
			if err != nil {
				a.Log.WarnContext(ctx, "a pending token cannot be asked about", "serial", t.Serial, "error", err)
			}
			if err == nil && changed {
				next[i] = n
			}
		})
	}
	wait.Wait()
	for i, n := range next {
		if n == nil {
			continue
		}
		if err := a.Store.UpdateToken(ctx, list[i], n); err != nil {
			a.Log.WarnContext(ctx, "the decision about a pending token cannot be stored", "serial", n.Serial, "error", err)
			continue
		}
		*list[i] = *n
		r.forgetToken()
	}
}

// revocationReason reads why something is revoked: a name of RFC 5280, 5.3.1 in
// any letter case, or its number.
func revocationReason(text string) (ca.Reason, error) {
	if text = strings.TrimSpace(text); text == "" {
		return ca.Unspecified, nil
	}
	names := []string{"unspecified", "keyCompromise", "CACompromise", "affiliationChanged", "superseded", "cessationOfOperation"}
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, text) })
	if n, err := strconv.Atoi(text); err == nil && 0 <= n && n < len(names) {
		i = n
	}
	if i < 0 {
		return 0, mfaerr.NewParameter("The reason must be one of %s.", strings.Join(names, ", "))
	}
	return ca.Reason(i), nil
}

// revokeOutside takes back what a token stands for outside. The token is revoked
// here at once behind it, whatever comes of the request's other tokens.
func (a *API) revokeOutside(ctx context.Context, r *Request, t *token.Token, reason ca.Reason) error {
	typ, _ := a.Types.Get(t.TypeKey())
	v, can := typ.(tokentype.Revoker)
	if !can {
		return nil
	}
	if err := v.RevokeOutside(ctx, a.ownerEnv(ctx, r, t), t.Clone(), reason); err != nil {
		return err
	}
	r.Flushed = true // the request is not begun anew
	return a.Tokens.Revoke(context.WithoutCancel(ctx), t.Clone())
}

// addInfo completes the row of a token. What is handed out once is forgotten
// before it is: a list of one token, named by its serial, is a download.
func (a *API) addInfo(ctx context.Context, r *Request, v tokentype.InfoAdder, t *token.Token, info map[string]any, hidden []string) error {
	env := sync.OnceValue(func() *tokentype.Env { return a.ownerEnv(ctx, r, t) })
	v.AddInfo(env, t, info, func(name string) bool { return slices.Contains(hidden, name) })
	if r.Params.TextOr("serial", "") != t.Serial {
		return nil
	}
	forget, err := v.Forget(env, t, info)
	if err != nil || len(forget) == 0 {
		return err
	}
	next := t.Clone()
	for _, name := range forget {
		delete(next.Info, name)
	}
	return a.Store.UpdateToken(ctx, t, next)
}
