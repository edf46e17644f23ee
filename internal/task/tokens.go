package task

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/token"
)

// TokenStore is what kinds that look through all tokens need of the database.
type TokenStore interface {
	// TokensAfter finds the first tokens that fit with ids above id, by id.
	TokensAfter(ctx context.Context, f token.Filter, id int64, limit int, with token.Parts) ([]*token.Token, error)
	DeleteToken(ctx context.Context, id int64, serial string) error
	Token(ctx context.Context, serial string, with token.Parts) (*token.Token, error)
}

// TokenService changes tokens.
type TokenService interface {
	Enable(ctx context.Context, t *token.Token, on bool) (changed bool, err error)
	Unassign(ctx context.Context, t *token.Token) error
	SetInfo(ctx context.Context, t *token.Token, info map[string]*string) error
}

// Note writes to the audit log what a task did with a token, or why it could not.
type Note func(ctx context.Context, module, action string, t *token.Token, failed error) error

// tokenPage is how many tokens are read at once.
const tokenPage = 500

// EachToken calls f for every token that fits, page by page.
func EachToken(ctx context.Context, s TokenStore, filter token.Filter, with token.Parts, f func(page []*token.Token) error) error {
	last := int64(0)
	for {
		page, err := s.TokensAfter(ctx, filter, last, tokenPage, with)
		if err != nil || len(page) == 0 {
			return err
		}
		last = page[len(page)-1].ID
		if err := f(page); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// Names of the options about what is done with tokens that are found.
const (
	OptionAction = "action"
	OptionMark   = "mark"
)

// Actions on tokens.
const (
	ActionReport   = "report"
	ActionMark     = "mark"
	ActionDisable  = "disable"
	ActionUnassign = "unassign"
	ActionDelete   = "delete"
)

func tokenActions() []string {
	return []string{ActionReport, ActionMark, ActionDisable, ActionUnassign, ActionDelete}
}

// TokenOptions describe what is done with the tokens that a task finds.
func TokenOptions() []Option {
	return []Option{
		{Name: OptionAction, Type: "str", Description: "What is done with the tokens: " + strings.Join(tokenActions(), ", ") + ". Without it they are reported."},
		{Name: OptionMark, Type: "str", Description: "For the action mark: a token information key=value that is set."},
		DryRun(),
	}
}

// TokenAction is what is done with tokens that are found.
type TokenAction struct {
	module     string
	name       string
	key, value string
	dry        bool
	store      TokenStore
	service    TokenService
	note       Note
}

// NewTokenAction reads the options of a task of the module.
func NewTokenAction(module string, o Values, s TokenStore, service TokenService, note Note) (TokenAction, error) {
	a := TokenAction{module: module, name: o.Text(OptionAction), dry: o.On(OptionDryRun), store: s, service: service, note: note}
	if a.name == "" {
		a.name = ActionReport
	}
	if !slices.Contains(tokenActions(), a.name) {
		return a, fmt.Errorf("the action %q is not known", a.name)
	}
	if a.name == ActionMark {
		var ok bool
		if a.key, a.value, ok = strings.Cut(o.Text(OptionMark), "="); !ok || a.key == "" {
			return a, fmt.Errorf("the action mark needs the option %s: key=value", OptionMark)
		}
	}
	return a, nil
}

// Done says in a line what was done with n tokens of a sort.
func (a TokenAction) Done(n int, sort string) string {
	words := map[string]string{ActionReport: "found", ActionMark: "marked", ActionDisable: "disabled", ActionUnassign: "unassigned", ActionDelete: "deleted"}[a.name]
	if a.dry {
		words = "would be " + words
	}
	return fmt.Sprintf("%d %s tokens %s", n, sort, words)
}

// Do does it with a token, if the token still is as still wants it.
func (a TokenAction) Do(ctx context.Context, serial string, still func(*token.Token) bool) (done bool, err error) {
	t, err := a.store.Token(ctx, serial, token.Whole)
	if err != nil {
		return false, err
	}
	if !still(t) {
		return false, nil
	}
	if a.dry || a.name == ActionReport {
		return true, nil
	}
	before := t.Clone() // whose it was
	err = a.act(ctx, t)
	if a.note != nil {
		err = errors.Join(err, a.note(context.WithoutCancel(ctx), a.module, a.name, before, err))
	}
	return true, err
}

func (a TokenAction) act(ctx context.Context, t *token.Token) (err error) {
	switch a.name {
	case ActionMark:
		err = a.service.SetInfo(ctx, t, map[string]*string{a.key: &a.value})
	case ActionDisable:
		_, err = a.service.Enable(ctx, t, false)
	case ActionUnassign:
		err = a.service.Unassign(ctx, t)
	case ActionDelete:
		err = a.store.DeleteToken(ctx, t.ID, t.Serial)
	}
	return err
}
