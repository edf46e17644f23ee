package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"edumfa/internal/mfaerr"
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
	// Plain answers, such as files, are no JSON: their body is empty, and changes
	// do not reach the client.
	Plain bool
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
	Actor    Actor
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
func (c Call) Flag(name string) bool { return True(c.Definition.Options[name]) }

// Handler is one module. It is safe for concurrent use; it ends within ctx.
type Handler interface {
	// Info has the handler's name and positions as the catalog has them; its
	// actions may be left to the catalog.
	Info() Info
	// Do runs the action; unknown actions do nothing. An error is logged and marks
	// the audit row as failed, but does not break the request, unless it comes from
	// [Abort] or the definition says so.
	Do(ctx context.Context, c Call) error
}

// Options that every definition may have beside those of its action.
const (
	// AbortOption makes a failed handler fail the request.
	AbortOption = "abort_on_error"
	// TimeoutOption is how many seconds the handler may take, up to [MaxTimeout].
	TimeoutOption = "timeout"
)

// Limits of the time that a handler may take. The client waits for it, and the
// server for the client two minutes at most.
const (
	DefaultTimeout = 30 * time.Second
	MaxTimeout     = 100 * time.Second
)

type abort struct{ cause error }

func (a abort) Error() string { return a.cause.Error() }
func (a abort) Unwrap() error { return a.cause }

// Abort makes an error that fails the request; clients see the cause.
func Abort(cause error) error { return abort{cause} }

// Lister is the ability of a handler whose actions depend on the installation.
type Lister interface {
	// Actions stand in place of those of the catalog.
	Actions() ([]string, error)
}

// Lister finds the handler of a module that lists its actions itself.
func (e *Engine) Lister(module string) (Lister, bool) {
	for _, h := range e.Handlers {
		if h.Info().Name == module {
			l, can := h.(Lister)
			return l, can
		}
	}
	return nil, false
}

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
	Actor    Actor
	// Facts makes the facts of the request as it is now.
	Facts func() Facts
	// Audit writes the row of a handler that ran; an error fails the request.
	Audit func(ctx context.Context, f Fired) error
}

// Outcome is how a handler ended, for the metrics.
type Outcome string

// The outcomes.
const (
	Done      Outcome = "done"
	Failed    Outcome = "failed"
	TimedOut  Outcome = "timeout"
	Undecided Outcome = "undecided" // its conditions cannot be decided
	Unknown   Outcome = "unknown"   // no such module at this position
)

// Engine runs handlers. It is safe for concurrent use.
type Engine struct {
	Handlers []Handler
	Lang     Language
	// Now is in the zone of the server.
	Now func() time.Time
	Log *slog.Logger
	// Ended is told how each handler ended; nil tells nobody. module is empty for
	// one that does not exist.
	Ended func(module string, o Outcome)

	once   sync.Once
	byName map[string]known
}

type known struct {
	Handler
	positions []Position
}

// Fire runs the definitions of an event in their order, each within its time.
// A handler that fails is logged, counted and marked in the audit, and so is one
// that is unknown, stands at a position that it does not have, or whose
// conditions cannot be decided: a definition with a mistake must not keep users
// from logging in. The error fails the request.
func (e *Engine) Fire(ctx context.Context, s *Snapshot, r Run) error {
	for _, d := range s.For(r.Event, r.Position) {
		if err := e.one(ctx, d, r); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) one(ctx context.Context, d Definition, r Run) error {
	c := Call{
		Event: r.Event, Position: r.Position, Definition: d, Params: r.Params, Response: r.Response,
		Facts: r.Facts(), Actor: r.Actor, Lang: e.Lang, Now: e.Now(), Log: e.Log.With("event", r.Event, "handler", d.Name, "module", d.Module),
	}
	limited := ctx
	if r.Position == Post {
		limited = context.WithoutCancel(ctx) // what was done is told, even if the client has gone
	}
	limited, cancel := context.WithTimeout(limited, c.Timeout(DefaultTimeout, MaxTimeout))
	defer cancel()
	outcome, err := e.attempt(limited, c)
	if outcome == "" {
		return nil // its conditions are not met
	}
	if err != nil && outcome == Failed && limited.Err() != nil && ctx.Err() == nil {
		outcome = TimedOut
	}
	if auditErr := r.Audit(ctx, Fired{Event: r.Event, Position: r.Position, Definition: d, Err: err}); auditErr != nil {
		return fmt.Errorf("audit of an event handler: %w", auditErr)
	}
	if e.Ended != nil {
		module := d.Module
		if outcome == Unknown {
			module = "" // anybody may have written anything there
		}
		e.Ended(module, outcome)
	}
	if err == nil {
		return nil
	}
	c.Log.ErrorContext(ctx, "event handler failed", "outcome", string(outcome), "error", err)
	if a, ok := errors.AsType[abort](err); ok {
		return a.cause
	}
	if c.Flag(AbortOption) {
		return public(err)
	}
	return nil
}

// public is what a client is told of a failed handler that must not fail.
func public(err error) error {
	if _, is := errors.AsType[*mfaerr.Error](err); is {
		return err
	}
	return mfaerr.NewRequest(mfaerr.CodeServer, "An event handler failed.").WithCause(err)
}

var errUnknown = errors.New("there is no such module at this position")

// attempt runs a handler if its conditions are met; the outcome is empty if they
// are not.
func (e *Engine) attempt(ctx context.Context, c Call) (Outcome, error) {
	h := e.handler(c.Definition.Module, c.Position)
	if h == nil {
		return Unknown, fmt.Errorf("%w: %q at %s", errUnknown, c.Definition.Module, c.Position)
	}
	met, err := e.met(ctx, c)
	if err != nil {
		return Undecided, fmt.Errorf("its conditions cannot be decided: %w", err)
	}
	if !met {
		return "", nil
	}
	if err := do(ctx, h, c); err != nil {
		return Failed, err
	}
	return Done, nil
}

// Timeout is the time that the definition gives its handler, otherwise what is
// usual; most is the limit.
func (c Call) Timeout(usual, most time.Duration) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(c.Definition.Options[TimeoutOption]))
	if err != nil || n <= 0 {
		return usual
	}
	return time.Duration(min(n, int(most/time.Second))) * time.Second
}

// handler finds the handler of a module; nil for none at the position.
func (e *Engine) handler(module string, at Position) Handler {
	e.once.Do(func() {
		e.byName = make(map[string]known, len(e.Handlers))
		for _, h := range e.Handlers {
			i := h.Info()
			e.byName[i.Name] = known{h, i.Positions}
		}
	})
	if k, is := e.byName[module]; is && slices.Contains(k.positions, at) {
		return k.Handler
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
