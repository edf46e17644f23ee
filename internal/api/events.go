package api

import (
	"context"
	"maps"

	"edumfa/internal/api/params"
	"edumfa/internal/enrol"
	"edumfa/internal/event"
	"edumfa/internal/user"
)

// firedBefore remembers, over all attempts to decide a request, that its
// handlers ran before the call and what they made of the parameters: a message
// is not sent twice because another request was faster.
type firedBefore struct {
	done   bool
	params *params.Params
}

// on runs the definitions of an event before and behind what follows.
func (a *API) on(name string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			if err := a.fireBefore(ctx, r, name); err != nil {
				return nil, err
			}
			answer, err := next(ctx, r)
			if err != nil {
				return nil, err
			}
			return answer, a.fireBehind(ctx, r, name, answer)
		}
	}
}

func (a *API) fireBefore(ctx context.Context, r *Request, name string) error {
	if len(r.Snap.Events.For(name, event.Pre)) == 0 {
		return nil
	}
	defer r.forgetToken() // the serial may be another now; the user stays who he was
	if r.before.done {
		r.Params = r.before.params.Clone()
		return nil
	}
	err := a.Events.Fire(ctx, r.Snap.Events, a.eventRun(r, name, event.Pre, nil))
	r.before.done, r.before.params = err == nil, r.Params.Clone()
	return err
}

// fireBehind runs handlers behind the call. They may talk to others and change
// tokens, so what the request has decided is carried out first.
func (a *API) fireBehind(ctx context.Context, r *Request, name string, answer *Answer) error {
	if len(r.Snap.Events.For(name, event.Post)) == 0 {
		return nil
	}
	if err := a.flush(ctx, r); err != nil {
		return err
	}
	defer r.forgetToken()
	a.stamp(answer)
	response := &event.Response{Status: answer.Status, Body: answer.Body, Plain: answer.Plain != nil}
	if response.Body == nil {
		response.Body = map[string]any{}
	}
	if err := a.Events.Fire(ctx, r.Snap.Events, a.eventRun(r, name, event.Post, response)); err != nil {
		return err
	}
	if !response.Plain {
		answer.Plain, answer.stamped = nil, true
		answer.Status, answer.Body = response.Status, response.Body
	}
	return nil
}

func (a *API) eventRun(r *Request, name string, at event.Position, response *event.Response) event.Run {
	return event.Run{Event: name, Position: at, Params: r.Params, Response: response,
		Facts: func() event.Facts { return &facts{a: a, r: r, response: response} },
		Actor: actor{a, r},
		Audit: func(ctx context.Context, f event.Fired) error { return a.auditFired(ctx, r, f) },
	}
}

// actor does what handlers ask for.
type actor struct {
	a *API
	r *Request
}

func (x actor) Commit(ctx context.Context) error { return x.a.flush(ctx, x.r) }

func (x actor) Enroll(ctx context.Context, e event.Enrolment) (string, error) {
	var owner user.User
	if e.ForOwner {
		var err error
		if owner, err = (&facts{a: x.a, r: x.r}).user(ctx); err != nil {
			return "", err
		}
		if !owner.Exists() {
			owner = user.User{}
		}
	}
	p := params.New(maps.Clone(e.Params))
	env := x.a.env(ctx, x.r, nil, owner)
	env.Params = p
	var realms []string
	if name := p.TextOr("realm", ""); name != "" {
		realms = append(realms, name)
	}
	t, _, err := x.a.Enrol.Init(ctx, env, enrol.Request{Params: p, User: owner, Realms: realms})
	if err != nil {
		return "", err
	}
	x.r.forgetToken()
	return t.Serial, nil
}
