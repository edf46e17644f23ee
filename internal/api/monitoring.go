package api

import (
	"context"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/monitoring"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
)

// userCounter counts users for statistics.
type userCounter interface {
	CountUsersWithTokens(ctx context.Context, f token.Filter) (int, error)
}

// statsKeys lists the keys that there are numbers of.
func (a *API) statsKeys(ctx context.Context, r *Request) (*Answer, error) {
	keys, err := a.Stats.StatsKeys(ctx)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(texts(keys)), nil
}

// statsValues are the numbers of a key in a window of time.
func (a *API) statsValues(ctx context.Context, r *Request) (*Answer, error) {
	w, err := a.statsWindow(r)
	if err != nil {
		return nil, err
	}
	list, err := a.Stats.Stats(ctx, r.Params.TextOr("stats_key", ""), w)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, v := range list {
		out = append(out, []any{utcText(v.At), v.Number})
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// statsWindow reads start and end; without a zone they are local time.
func (a *API) statsWindow(r *Request) (w monitoring.Window, err error) {
	for name, to := range map[string]*time.Time{"start": &w.From, "end": &w.To} {
		s := r.Params.TextOr(name, "")
		if s == "" {
			continue
		}
		if *to, err = timespec.ReadStored(s, r.Now.In(a.Local)); err != nil {
			return w, mfaerr.NewParameter("The parameter '%s' is no date.", name).WithCause(err)
		}
	}
	return w, nil
}

// statsLast is the newest number of a key, null without one.
func (a *API) statsLast(ctx context.Context, r *Request) (*Answer, error) {
	v, there, err := a.Stats.LastStats(ctx, r.Params.TextOr("stats_key", ""))
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	if !there {
		return ok(nil), nil
	}
	return ok(v.Number), nil
}

// statsDelete removes numbers and answers how many.
func (a *API) statsDelete(ctx context.Context, r *Request) (*Answer, error) {
	w, err := a.statsWindow(r)
	if err != nil {
		return nil, err
	}
	n, err := a.Stats.DeleteStats(ctx, r.Params.TextOr("stats_key", ""), w)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(n), nil
}

// usersWithToken counts the users who own a token that fits.
func (a *API) usersWithToken(ctx context.Context, r *Request) (*Answer, error) {
	f := token.Filter{Type: r.Params.TextOr("type", ""), Realm: r.Params.TextOr("realm", "")}
	if s := r.Params.TextOr("active", ""); s != "" {
		on := strings.EqualFold(s, "true")
		f.Active = &on
	}
	n, err := a.Store.CountUsersWithTokens(ctx, f)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return ok(n), nil
}
