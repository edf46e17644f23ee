// Package orphaned is the task that finds tokens whose owner is not in his user
// store any more.
//
// A user store that cannot be asked, or answers oddly, must not cost anybody his
// token. So nothing is done with the tokens of a store when one question to it
// failed, when it is not configured, when it knows none of the owners, or when
// more owners are missing than the option max_share allows.
package orphaned

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"edumfa/internal/resolver"
	"edumfa/internal/task"
	"edumfa/internal/token"
)

const (
	optionShare    = "max_share"
	optionResolver = "resolver"
	// defaultShare is in percent.
	defaultShare = 20
)

// Kind is the kind.
type Kind struct {
	Store   task.TokenStore
	Service task.TokenService
	Note    task.Note
	// Resolver finds a live user store; an error for one that there is not or that
	// cannot be opened.
	Resolver func(ctx context.Context, name string) (resolver.Resolver, error)
	Log      *slog.Logger
}

// Module is the name of the kind.
func (Kind) Module() string { return "OrphanedTokens" }

// Options are the options of the kind.
func (Kind) Options() []task.Option {
	return append([]task.Option{
		{Name: optionResolver, Type: "str", Description: "Only tokens of users of this resolver."},
		{Name: optionShare, Type: "str", Description: fmt.Sprintf("Percent of the owners in a resolver that may be missing (%d). If there are more, the resolver is taken to be wrong and nothing is done.", defaultShare)},
	}, task.TokenOptions()...)
}

// found is what a user store knows of the owners.
type found struct {
	live    resolver.Resolver
	err     error // the store cannot be trusted
	present int
	missing []owned
}

// owned is a token of a user who is missing.
type owned struct{ serial, userID string }

// Run looks through all tokens that have owners.
func (k Kind) Run(ctx context.Context, o task.Values) (string, error) {
	action, err := task.NewTokenAction(k.Module(), o, k.Store, k.Service, k.Note)
	if err != nil {
		return "", err
	}
	share, err := o.Int(optionShare, defaultShare)
	if err != nil {
		return "", err
	}
	yes := true
	stores := map[string]*found{}
	filter := token.Filter{Assigned: &yes, Resolver: o.Text(optionResolver)}
	if err := task.EachToken(ctx, k.Store, filter, token.WithOwner, func(page []*token.Token) error {
		return k.look(ctx, page, stores)
	}); err != nil {
		return "", err
	}
	done := 0
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(stores)) {
		f := stores[name]
		if err := f.doubt(share); err != nil {
			k.Log.WarnContext(ctx, "tokens of a user store are left alone", "resolver", name, "missing", len(f.missing), "error", err)
			problems = append(problems, fmt.Errorf("resolver %s: %w", name, err))
			continue
		}
		for _, m := range f.missing {
			did, err := action.Do(ctx, m.serial, func(now *token.Token) bool {
				return now.Owner != nil && now.Owner.Resolver == name && now.Owner.UserID == m.userID
			})
			if err != nil {
				problems = append(problems, fmt.Errorf("token %s: %w", m.serial, err))
			} else if did {
				done++
				k.Log.InfoContext(ctx, "token without owner", "serial", m.serial, "resolver", name, "action", o.Text(task.OptionAction), "dry_run", o.On(task.OptionDryRun))
			}
			if ctx.Err() != nil {
				return action.Done(done, "orphaned"), ctx.Err()
			}
		}
	}
	return action.Done(done, "orphaned"), errors.Join(problems...)
}

// doubt says why what a user store answered is not believed.
func (f *found) doubt(share int) error {
	all := f.present + len(f.missing)
	switch {
	case f.err != nil:
		return f.err
	case len(f.missing) == 0:
		return nil
	case f.present == 0 && share < 100:
		return errors.New("it knows none of the owners of tokens")
	case 100*len(f.missing) > share*all:
		return fmt.Errorf("it does not know %d of %d owners, more than %d percent", len(f.missing), all, share)
	}
	return nil
}

// look asks the stores for the owners of a page of tokens.
func (k Kind) look(ctx context.Context, page []*token.Token, stores map[string]*found) error {
	byStore := map[string][]owned{}
	for _, t := range page {
		if t.Owner != nil && t.Owner.UserID != "" {
			byStore[t.Owner.Resolver] = append(byStore[t.Owner.Resolver], owned{t.Serial, t.Owner.UserID})
		}
	}
	for name, list := range byStore {
		f := stores[name]
		if f == nil {
			f = &found{}
			f.live, f.err = k.Resolver(ctx, name)
			stores[name] = f
		}
		if f.err == nil {
			f.err = f.ask(ctx, list)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// ask asks a store for the owners of tokens.
func (f *found) ask(ctx context.Context, list []owned) error {
	slices.SortFunc(list, func(a, b owned) int {
		return cmp.Or(strings.Compare(a.userID, b.userID), strings.Compare(a.serial, b.serial))
	})
	if many, can := f.live.(resolver.BatchByID); can {
		ids := make([]string, len(list))
		for i, m := range list {
			ids[i] = m.userID
		}
		users, err := many.ManyByID(ctx, slices.Compact(ids))
		if err != nil {
			return err
		}
		for _, m := range list {
			_, there := users[m.userID]
			f.note(m, there)
		}
		return nil
	}
	last, there := "", false
	for _, m := range list {
		if m.userID != last {
			_, err := f.live.ByID(ctx, m.userID)
			if err != nil && !errors.Is(err, resolver.ErrNoUser) {
				return err
			}
			last, there = m.userID, err == nil
		}
		f.note(m, there)
	}
	return nil
}

func (f *found) note(m owned, there bool) {
	if there {
		f.present++
		return
	}
	f.missing = append(f.missing, m)
}
