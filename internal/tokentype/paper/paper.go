// Package paper is the printed list of one-time passwords that are used in their
// order.
package paper

import (
	"context"

	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// countOf names the parameter and the policy action of the list's length.
const countOf = "papertoken_count"

// Type is the token type paper.
type Type struct{}

var (
	_ tokentype.Type       = Type{}
	_ tokentype.Resyncer   = Type{}
	_ tokentype.Finder     = Type{}
	_ tokentype.Prescriber = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "paper", Prefix: "PPR", Title: "Paper Token", Description: "Paper: printed one time passwords.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, Verifiable: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Prescribed is the length of the list.
func (Type) Prescribed() []string { return []string{countOf} }

// Enroll sets the key and shows the values. They are not stored: the key gives
// them again.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	n, err := oath.CountOf(p, countOf)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	out, err := oath.EnrollList(e, t, p)
	if err != nil {
		return out, err
	}
	list, err := oath.List(t, out, n)
	if err != nil {
		return out, err
	}
	return out, oath.DescribeList(ctx, e, t, p, &out, list)
}

// Verify looks for the value from the stored counter on.
func (Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	return oath.VerifyEvent(e, t, value)
}

// Resync finds two values in a row within the sync window.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	return oath.ResyncEvent(e, t, otp1, otp2)
}

// Find looks for the value among the next window counters.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String, window int) (tokentype.Match, error) {
	return oath.FindEvent(e, t, value, window)
}
