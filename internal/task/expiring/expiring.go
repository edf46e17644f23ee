// Package expiring are the tasks about tokens that others decide about: those
// that end soon, and those that wait for a decision.
package expiring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"edumfa/internal/task"
	"edumfa/internal/token"
)

const (
	optionDays   = "days"
	optionRealm  = "realm"
	optionAction = "action"
)

// What is done with tokens that end soon.
const (
	actionReport = "report"
	actionEvent  = "event"
	actionRenew  = "renew"
)

const (
	usualDays = 30
	usualType = "certificate"
	// graceDays is for how long something is done with what is over already.
	graceDays = 30
)

// Kind finds tokens that end soon.
type Kind struct {
	Store task.TokenStore
	// ExpiresAt is when a token ends.
	ExpiresAt func(t *token.Token) (time.Time, bool)
	// Tell runs the events of a token; Renew makes it anew.
	Tell, Renew func(ctx context.Context, serial string) error
	Now         func() time.Time
	Log         *slog.Logger
}

// Module is the name of the kind.
func (Kind) Module() string { return "ExpiringCertificates" }

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	return []task.Option{
		{Name: optionDays, Type: "str", Description: fmt.Sprintf("Certificates that end within so many days (%d).", usualDays)},
		{Name: optionAction, Type: "str", Description: "report (usual), event: run the handlers of the event certificate_expires, or renew: ask the connector once more with the same request."},
		{Name: optionRealm, Type: "str", Description: "Only tokens in this realm."},
		task.DryRun(),
	}
}

// Run looks through all certificate tokens. What fails for one of them does not
// keep it from the others.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	days, err := o.Days(optionDays, usualDays)
	if err != nil {
		return "", err
	}
	do := map[string]func(context.Context, string) error{"": nil, actionReport: nil, actionEvent: k.Tell, actionRenew: k.Renew}
	act, known := do[o.Text(optionAction)]
	if !known {
		return "", fmt.Errorf("the action %q is not known", o.Text(optionAction))
	}
	now := k.Now()
	var serials []string
	err = task.EachToken(ctx, k.Store, token.Filter{Type: usualType, Realm: o.Text(optionRealm)}, token.WithInfo, func(page []*token.Token) error {
		for _, t := range page {
			if at, ends := k.ExpiresAt(t); ends && at.Before(now.Add(days)) && at.After(now.AddDate(0, 0, -graceDays)) {
				serials = append(serials, t.Serial)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	var problems []error
	done := 0
	for _, serial := range serials {
		if act != nil && !o.On(task.OptionDryRun) {
			if err := act(ctx, serial); err != nil {
				k.Log.WarnContext(ctx, "nothing could be done about a certificate that ends", "serial", serial, "action", o.Text(optionAction), "error", err)
				problems = append(problems, fmt.Errorf("token %s: %w", serial, err))
				continue
			}
		}
		done++
		k.Log.InfoContext(ctx, "a certificate ends", "serial", serial, "action", o.Text(optionAction), "dry_run", o.On(task.OptionDryRun))
		if ctx.Err() != nil {
			break
		}
	}
	word := map[string]string{actionEvent: "told", actionRenew: "renewed"}[o.Text(optionAction)]
	if word == "" {
		word = "found"
	}
	return task.Did(o, int64(done), "certificates that end", word), errors.Join(append(problems, ctx.Err())...)
}

// Pending asks about the tokens that wait for a decision.
type Pending struct {
	Store task.TokenStore
	// Settle returns how many wait no more.
	Settle func(ctx context.Context, list []*token.Token) (int, error)
}

// Module is the name of the kind.
func (Pending) Module() string { return "PendingCertificates" }

// Options are the options of the kind.
func (Pending) Options() []task.Option {
	return []task.Option{{Name: optionRealm, Type: "str", Description: "Only tokens in this realm."}}
}

// Run asks about all of them.
func (k Pending) Run(ctx context.Context, o task.Values) (string, error) {
	state := token.StatePending
	var list []*token.Token
	err := task.EachToken(ctx, k.Store, token.Filter{Type: usualType, Realm: o.Text(optionRealm), State: &state}, token.Whole, func(page []*token.Token) error {
		list = append(list, page...)
		return nil
	})
	if err != nil {
		return "", err
	}
	settled, err := k.Settle(ctx, slices.Clone(list))
	return fmt.Sprintf("%d of %d pending certificates decided", settled, len(list)), err
}
