// Package application is the contract of what machines use tokens for: logging
// in over SSH, offline, opening an encrypted disk. An application makes of a
// token what the machine needs. Kinds live in folders below and are listed in
// app/builtin.go.
package application

import (
	"context"

	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Application is one use of tokens.
type Application interface {
	// Name is what attachments call it.
	Name() string
	// Options describe the options of an attachment.
	Options() []Option
	// Check refuses options that cannot work; names that it does not know are
	// nobody's. The error is 905.
	Check(options map[string]string) error
	// Item is what a machine needs of the token; nil for a token that the
	// application has no use for. What it uses up goes into Env.Changes.
	Item(ctx context.Context, c Call) (map[string]any, error)
}

// Option describes an option.
type Option struct {
	Name, Type string // str or int
	Help       string
	Values     []any // what may be chosen
	// ServiceIDs: the names of services may be chosen.
	ServiceIDs bool
}

// Call is a question for one attached token.
type Call struct {
	Env   *tokentype.Env
	Token *token.Token
	Type  tokentype.Type
	// Options are those of the attachment.
	Options map[string]string
	// Challenge is what the machine sent to be answered, or the password that was
	// typed there; Given tells an empty one from none.
	Challenge string
	Given     bool
}

// Refiller applications hand out more of what a machine has used up.
type Refiller interface {
	// Refill answers for the password that was used last, with the token that the
	// machine was given for this. Errors: 905 where there is nothing to refill, 401
	// for a wrong password.
	Refill(ctx context.Context, c Call, refillToken string) (map[string]any, error)
}
