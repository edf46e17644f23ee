package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"edumfa/internal/api/params"
	"edumfa/internal/login"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// What periodic tasks have done with tokens, as requests of the server to itself:
// policies, events and the audit see them so.

// eventExpires is the event of a token that ends soon.
const eventExpires = "certificate_expires"

var errNoAbility = errors.New("the type of the token cannot do that")

// chore is a request that nobody sent, about one token.
func (a *API) chore(ctx context.Context, action, serial string) (*Request, *token.Token, error) {
	req, err := http.NewRequestWithContext(ctx, "TASK", "/"+action, nil)
	if err != nil {
		return nil, nil, err
	}
	r := &Request{HTTP: req, Route: &Route{Path: action}, Now: a.Now(), Node: a.Config.NodeFor(""), Params: params.New(map[string]any{"serial": serial}),
		pins: login.PINMemory{}, before: &firedBefore{}, Client: netip.IPv6Loopback()}
	if r.Snap, err = a.Snapshots.Current(ctx); err != nil {
		return nil, nil, err
	}
	r.Users = &user.Finder{Realms: r.Snap.Realms, Settings: r.Snap.Settings, Attributes: a.Store, Cache: a.UserCache, Failed: a.Metrics.UserStoreFailed}
	if err := a.noteUser(ctx, r); err != nil {
		return nil, nil, err
	}
	t, err := a.requestToken(ctx, r)
	if err == nil && t == nil {
		err = errNoToken()
	}
	return r, t, err
}

// TellExpiry runs the events of a token that ends soon.
func (a *API) TellExpiry(ctx context.Context, serial string) error {
	r, t, err := a.chore(ctx, eventExpires, serial)
	if err != nil {
		return err
	}
	answer := okDetail(true, map[string]any{"serial": t.Serial})
	if err := a.fireBefore(ctx, r, eventExpires); err != nil {
		return err
	}
	if err := a.fireBehind(ctx, r, eventExpires, answer); err != nil {
		return err
	}
	return a.flush(ctx, r)
}

// choreLimit bounds what outside may take for one token.
const choreLimit = time.Minute

// Renew makes a token anew that ends soon. The audit has a row of it.
func (a *API) Renew(ctx context.Context, serial string) error {
	r, t, err := a.chore(ctx, "renew", serial)
	if err != nil {
		return err
	}
	err = a.renew(ctx, r, t)
	if err == nil {
		r.Audit.Success = 1
	}
	return errors.Join(err, a.finish(ctx, r, nil, err))
}

func (a *API) renew(ctx context.Context, r *Request, t *token.Token) error {
	typ, _ := a.Types.Get(t.TypeKey())
	x, can := typ.(tokentype.Expirer)
	if !can {
		return errNoAbility
	}
	limited, cancel := context.WithTimeout(ctx, choreLimit)
	defer cancel()
	next := t.Clone()
	undo, err := x.Renew(limited, a.ownerEnv(ctx, r, t), next)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := a.Store.UpdateToken(ctx, t, next); err != nil {
		limited, cancel := context.WithTimeout(ctx, choreLimit)
		defer cancel()
		return errors.Join(err, undo(limited))
	}
	return nil
}

// Settle asks how tokens that wait for somebody outside stand, and returns how
// many wait no more.
func (a *API) Settle(ctx context.Context, list []*token.Token) (int, error) {
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, "TASK", "/settle", nil)
	if err != nil {
		return 0, err
	}
	r := &Request{HTTP: req, Route: &Route{Path: "settle"}, Now: a.Now(), Snap: snap, Params: params.New(nil)}
	n := 0
	for len(list) > 0 && ctx.Err() == nil {
		page := list[:min(len(list), settleMost)]
		list = list[len(page):]
		a.settle(ctx, r, page)
		for _, t := range page {
			if t.State != token.StatePending {
				n++
			}
		}
	}
	return n, ctx.Err()
}
