package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
)

// attempts is how often a request is decided anew because another request used
// meanwhile what it had seen. Each time one of the others has succeeded.
const attempts = 10

// decide runs the route's steps and stores what they changed together with the
// audit row. When another request was faster with a value this one wanted to
// use, everything is decided anew: the second of two equal requests is answered
// as if it had come after the first.
func (a *API) decide(ctx context.Context, req *http.Request, rt *Route, started time.Time) (*Request, *Answer, error) {
	var r *Request
	first, err := a.arrive(ctx, req, rt, started)
	if err != nil {
		return first, nil, err
	}
	for i := range attempts {
		r = first.again()
		var answer *Answer
		answer, err = a.run(ctx, r)
		if errors.Is(err, a.Conflict) {
			if !r.Flushed && i+1 < attempts {
				continue
			}
			r.Changes.Reset()
			answer, err = nil, errCrowded(err)
		}
		stored := a.finish(ctx, r, answer, err)
		switch {
		case stored == nil:
			a.runAfter(ctx, r, err)
			return r, answer, err
		case errors.Is(stored, a.Conflict) && !r.Flushed:
			err = stored
		default:
			return r, nil, stored
		}
	}
	return r, nil, errCrowded(err)
}

// errCrowded says that others were faster every time.
func errCrowded(cause error) error {
	return &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "Too many requests for the same thing at once.", RetryAfter: time.Second, Cause: cause}
}

// runAfter does what was put off until a success is stored. Whether it works
// changes nothing for the client.
func (a *API) runAfter(ctx context.Context, r *Request, failed error) {
	if failed != nil {
		return
	}
	for _, f := range r.after {
		if err := f(context.WithoutCancel(ctx)); err != nil {
			a.Log.WarnContext(ctx, "what follows a login could not be done", "path", r.Route.Path, "error", err)
		}
	}
}

// run runs the steps, and turns a panic into an error: no panic reaches a client.
func (a *API) run(ctx context.Context, r *Request) (answer *Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, fmt.Errorf("panic in %s: %v\n%s", r.Route.Path, p, debug.Stack())
		}
	}()
	if err := a.authenticate(ctx, r); err != nil {
		r.unknown = !strings.HasPrefix(r.Route.Path, "/auth") && !strings.HasPrefix(r.Route.Path, "/validate/")
		return nil, err
	}
	if err := a.identify(ctx, r); err != nil {
		return nil, err
	}
	op := r.Route.Do
	for i := len(r.Route.Steps) - 1; i >= 0; i-- {
		op = r.Route.Steps[i](op)
	}
	return op(ctx, r)
}

// again is a copy to decide with: steps may change the parameters.
func (r *Request) again() *Request {
	c := *r
	c.Params = r.Params.Clone()
	c.Changes.Reset()
	c.Audit = Trail{}
	c.token, c.tokenLoaded, c.after = nil, false, nil
	return &c
}

// flush carries out the changes so far.
func (a *API) flush(ctx context.Context, r *Request) error {
	if r.Changes.Empty() {
		return nil
	}
	if err := a.carryOut(ctx, r, nil); err != nil {
		return err
	}
	r.Changes.Reset()
	r.Flushed = true
	return nil
}
