package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Params are the request's parameters, as handlers see and change them.
type Params interface {
	Text(name string) (string, bool)
	Raw(name string) any
	Set(name string, value any)
	Delete(name string)
	Names() []string
}

// Response is the answer of the call, for handlers that run after it.
type Response struct {
	Status int
	Body   map[string]any // never nil
}

// Call is one run of a handler.
type Call struct {
	Event      string
	Position   Position
	Definition Definition
	Params     Params
	// Response is nil before the call. Changes reach the client.
	Response *Response
	Facts    Facts
	Lang     Language
	Now      time.Time // in the zone of the server
	Log      *slog.Logger
}

// Option is an option of the definition; false if it is not set.
func (c Call) Option(name string) (string, bool) {
	v, ok := c.Definition.Options[name]
	return v, ok
}

// Flag is an option that is on or off; one that is not set is off.
func (c Call) Flag(name string) bool { return truth(c.Definition.Options[name]) }

// Handler is one module. It is safe for concurrent use; it ends within ctx.
type Handler interface {
	Info() Info
	// Do runs the action; unknown actions do nothing. An error is logged and marks
	// the audit row as failed, but does not break the request, unless it comes from
	// [Abort] or the definition says so.
	Do(ctx context.Context, c Call) error
}

// AbortOption is the option of every definition that makes a failed handler
// fail the request.
const AbortOption = "abort_on_error"

type abort struct{ cause error }

func (a abort) Error() string { return a.cause.Error() }
func (a abort) Unwrap() error { return a.cause }

// Abort makes an error that fails the request; clients see the cause.
func Abort(cause error) error { return abort{cause} }

// Fired is a handler that ran, for the audit.
type Fired struct {
	Event      string
	Position   Position
	Definition Definition
	Err        error // nil is success
}

// Action is the text of the audit column action.
func (f Fired) Action() string {
	when := "POST-EVENT"
	if f.Position == Pre {
		when = "PRE-EVENT"
	}
	return fmt.Sprintf("%s %s>>%s:%s", when, f.Event, f.Definition.Module, f.Definition.Action)
}

// Run is what the engine is given for one event of one request.
type Run struct {
	Event    string
	Position Position
	Params   Params
	Response *Response // nil before the call
	// Facts makes the facts of the request as it is now.
	Facts func() Facts
	// Audit writes the row of a handler that ran; an error fails the request.
	Audit func(ctx context.Context, f Fired) error
}

// Engine runs handlers. It is safe for concurrent use.
type Engine struct {
	Handlers []Handler
	Lang     Language
	// Now is in the zone of the server.
	Now func() time.Time
	Log *slog.Logger
}

// Fire runs the definitions of an event in their order. Handlers that are
// unknown, stand at a position that they do not have, or whose conditions cannot
// be decided are logged and left out: a definition with a mistake must not keep
// users from logging in. The error fails the request.
func (e *Engine) Fire(ctx context.Context, s *Snapshot, r Run) error {
	for _, d := range s.For(r.Event, r.Position) {
		log := e.Log.With("event", r.Event, "handler", d.Name, "module", d.Module)
		h := e.handler(d.Module)
		if h == nil || !slices.Contains(h.Info().Positions, r.Position) {
			log.WarnContext(ctx, "event handler left out: no such module at this position", "position", string(r.Position))
			continue
		}
		c := Call{
			Event: r.Event, Position: r.Position, Definition: d, Params: r.Params, Response: r.Response,
			Facts: r.Facts(), Lang: e.Lang, Now: e.Now(), Log: log,
		}
		met, err := e.met(ctx, c)
		if err != nil {
			log.WarnContext(ctx, "event handler left out: its conditions cannot be decided", "error", err)
		}
		if !met {
			continue
		}
		err = do(ctx, h, c)
		if auditErr := r.Audit(ctx, Fired{Event: r.Event, Position: r.Position, Definition: d, Err: err}); auditErr != nil {
			return fmt.Errorf("audit of an event handler: %w", auditErr)
		}
		if err == nil {
			continue
		}
		log.ErrorContext(ctx, "event handler failed", "error", err)
		if a, ok := errors.AsType[abort](err); ok {
			return a.cause
		}
		if c.Flag(AbortOption) {
			return err
		}
	}
	return nil
}

func (e *Engine) handler(module string) Handler {
	for _, h := range e.Handlers {
		if h.Info().Name == module {
			return h
		}
	}
	return nil
}

func (e *Engine) met(ctx context.Context, c Call) (bool, error) {
	p := &probe{Facts: c.Facts, lang: c.Lang, now: c.Now}
	if c.Response != nil {
		p.answer = c.Response.Body
	}
	return p.met(ctx, c.Definition.Conditions)
}

// do turns a panic into an error: one broken handler is no reason to lose an
// answer that is already there.
func do(ctx context.Context, h Handler, c Call) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("event handler panicked: %v", v)
		}
	}()
	return h.Do(ctx, c)
}
