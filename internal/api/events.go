package api

import (
	"context"
	"edumfa/internal/event"
)

// on runs the definitions of an event before and behind what follows.
func (a *API) on(name string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			if err := a.fire(ctx, r, name, event.Pre, nil); err != nil {
				return nil, err
			}
			answer, err := next(ctx, r)
			if err != nil {
				return nil, err
			}
			return answer, a.fire(ctx, r, name, event.Post, answer)
		}
	}
}

// fire runs handlers. They may talk to others and change tokens, so what the
// request has decided is carried out first.
func (a *API) fire(ctx context.Context, r *Request, name string, at event.Position, answer *Answer) error {
	if len(r.Snap.Events.For(name, at)) == 0 {
		return nil
	}
	run := event.Run{Event: name, Position: at, Params: r.Params, Facts: func() event.Facts { return &facts{a: a, r: r, answer: answer} },
		Audit: func(ctx context.Context, f event.Fired) error { return a.auditFired(ctx, r, f) }}
	if at == event.Post {
		if err := a.flush(ctx, r); err != nil {
			return err
		}
		run.Response = &event.Response{Status: answer.Status, Body: answer.Body}
	}
	if err := a.Events.Fire(ctx, r.Snap.Events, run); err != nil {
		return err
	}
	if at == event.Pre {
		r.forgetToken() // the serial may be another now; the user stays who he was
		return nil
	}
	answer.Body = run.Response.Body
	return nil
}
