// Package unused is the task that finds tokens which nobody has used for long.
package unused

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"edumfa/internal/task"
	"edumfa/internal/token"
)

const (
	optionAge   = "age"
	optionNever = "never_used"
	optionType  = "type"
	optionRealm = "realm"
)

// Kind is the kind.
type Kind struct {
	Store   task.TokenStore
	Service task.TokenService
	Note    task.Note
	Now     func() time.Time
	Local   *time.Location
	Log     *slog.Logger
}

// Module is the name of the kind.
func (Kind) Module() string { return "UnusedTokens" }

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	return append([]task.Option{
		{Name: optionAge, Type: "str", Required: true, Description: "Days since the last use."},
		{Name: optionNever, Type: "bool", Description: "Also tokens that were never used and were made as many days ago."},
		{Name: optionType, Type: "str", Description: "Only tokens of this type."},
		{Name: optionRealm, Type: "str", Description: "Only tokens in this realm."},
	}, task.TokenOptions()...)
}

// Run looks through all tokens.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	action, err := task.NewTokenAction(k.Module(), o, k.Store, k.Service, k.Note)
	if err != nil {
		return "", err
	}
	age, err := o.Days(optionAge, 0)
	if err != nil {
		return "", err
	}
	if age == 0 {
		return "", fmt.Errorf("the option %s is needed: a number of days", optionAge)
	}
	before, never := k.Now().Add(-age), o.On(optionNever)
	old := func(t *token.Token) bool { return k.unused(t, before, never) }
	done := 0
	var problems []error
	err = task.EachToken(ctx, k.Store, token.Filter{Type: o.Text(optionType), Realm: o.Text(optionRealm)}, token.WithInfo, func(page []*token.Token) error {
		for _, t := range page {
			if !old(t) {
				continue
			}
			did, err := action.Do(ctx, t.Serial, old)
			if err != nil {
				problems = append(problems, fmt.Errorf("token %s: %w", t.Serial, err))
			} else if did {
				done++
				k.Log.InfoContext(ctx, "unused token", "serial", t.Serial, "action", o.Text(task.OptionAction), "dry_run", o.On(task.OptionDryRun))
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
	return action.Done(done, "unused"), errors.Join(append(problems, err)...)
}

// unused: a token without a readable date of its last use has none, and one
// without a date of its making is young.
func (k Kind) unused(t *token.Token, before time.Time, never bool) bool {
	last := t.InfoTime(token.InfoLastAuth, k.Local)
	if t.InfoText(token.InfoLastAuth) == "" && never {
		last = t.InfoTime(token.InfoCreated, k.Local)
	}
	return !last.IsZero() && last.Before(before)
}
