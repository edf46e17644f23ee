// Package tokens is the event handler that changes, makes and removes tokens.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
)

// Store is what the handler needs of the database.
type Store interface {
	Tokens(ctx context.Context, f token.Filter, with token.Parts) ([]*token.Token, error)
	DeleteToken(ctx context.Context, id int64, serial string) error
	AddFailures(ctx context.Context, id int64, by int) error
	TokenGroupExists(ctx context.Context, name string) (bool, error)
}

// Attacher says which token is used on which machine.
type Attacher interface {
	// Attach attaches a token to an application of a machine, or of any machine if
	// none is named.
	Attach(ctx context.Context, serial, application, machine string, options map[string]string) error
}

// Handler acts on the token that the request, its answer or its audit row names;
// several serials with commas are handled one by one. Policies do not apply to
// what it does: who writes definitions may do all of it.
type Handler struct {
	Store  Store
	Tokens *token.Service
	// Machines attaches tokens to applications; nil cannot.
	Machines Attacher
	Rand     io.Reader
}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "Token", Positions: []event.Position{event.Post, event.Pre}}
}

// work is one action, ready to be done to tokens.
type work func(ctx context.Context, t *token.Token) error

// Do does the action to each token. Options that make no sense are an error
// before any token is changed. Without a serial only enroll works; nothing else
// is done then, and that is no error.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	action := strings.ToLower(c.Definition.Action)
	if action == "enroll" {
		return enroll(ctx, c)
	}
	prepare, known := h.actions()[action]
	if !known {
		return nil
	}
	serials := split(c.Facts.Named())
	if len(serials) == 0 {
		c.Log.InfoContext(ctx, "nothing is done: the request is not about a token", "action", action)
		return nil
	}
	do, err := prepare(ctx, c)
	if err != nil {
		return err
	}
	var failed []error
	for _, serial := range serials {
		if err := h.one(ctx, c, serial, do); err != nil {
			failed = append(failed, fmt.Errorf("token %s: %w", serial, err))
		}
	}
	return errors.Join(failed...)
}

func (h Handler) one(ctx context.Context, c event.Call, serial string, do work) error {
	list, err := h.Store.Tokens(ctx, token.Filter{Serial: serial}, token.Whole)
	if err != nil {
		return err
	}
	if len(list) == 0 || c.Facts.Foreign(list[0]) { // before a call nobody has looked yet whose it is
		return mfaerr.NewNotFound("The requested token could not be found.")
	}
	return do(ctx, list[0])
}

func split(serials string) []string {
	list := strings.Split(serials, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// actions read the options of an action once for all its tokens.
func (h Handler) actions() map[string]func(ctx context.Context, c event.Call) (work, error) {
	always := func(do work) func(context.Context, event.Call) (work, error) {
		return func(context.Context, event.Call) (work, error) { return do, nil }
	}
	return map[string]func(ctx context.Context, c event.Call) (work, error){
		"enable":  always(func(ctx context.Context, t *token.Token) error { _, err := h.Tokens.Enable(ctx, t, true); return err }),
		"disable": always(func(ctx context.Context, t *token.Token) error { _, err := h.Tokens.Enable(ctx, t, false); return err }),
		"unassign": always(func(ctx context.Context, t *token.Token) error {
			return h.Tokens.Unassign(ctx, t)
		}),
		"delete": always(func(ctx context.Context, t *token.Token) error {
			return h.Store.DeleteToken(ctx, t.ID, t.Serial)
		}),
		"set tokenrealm":     h.setRealm,
		"set random pin":     h.setRandomPIN,
		"set description":    h.setDescription,
		"set tokeninfo":      h.setInfo,
		"delete tokeninfo":   h.deleteInfo,
		"set validity":       h.setValidity,
		"set countwindow":    h.setNumber("count window", "50", func(t *token.Token) *int { return &t.CountWindow }),
		"set failcounter":    h.setNumber("fail counter", "", func(t *token.Token) *int { return &t.FailCount }),
		"set max failcount":  h.setNumber("max failcount", "", func(t *token.Token) *int { return &t.MaxFail }),
		"change failcounter": h.changeFailures,
		"add tokengroup":     h.changeGroup(true),
		"remove tokengroup":  h.changeGroup(false),
		"attach application": h.attach,
	}
}

// stamp is the form of a moment in texts: 2026-11-21 18:41:30.914617+0100.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000-0700") }
