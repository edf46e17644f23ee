package api

import (
	"context"
	"slices"

	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
)

// notTooLongAgo refuses a right value of a token whose last login is older than
// the policy last_auth allows. A token without a login yet passes; one whose last
// login cannot be read does not.
func (a *API) notTooLongAgo(ctx context.Context, r *Request, tokens []*token.Token, reply login.Reply) (bool, login.Reply, error) {
	i := slices.IndexFunc(tokens, func(t *token.Token) bool { return t.Serial == reply.Serial })
	if i < 0 {
		return true, reply, nil
	}
	t := tokens[i]
	q := a.tokenQuery(r, policy.ScopeAuthorization, "last_auth", t, r.User)
	limit, ok, err := r.Snap.Policies.Value(ctx, q, policy.Words)
	last := t.InfoText(token.InfoLastAuth)
	if err != nil || !ok || last == "" {
		return err == nil, reply, err
	}
	period, err := timespec.ParsePeriod(limit.Text)
	if err != nil {
		return false, reply, mfaerr.NewPolicy("The policy %s sets last_auth to no period.", policy.JoinList(limit.Policies)).WithCause(err)
	}
	if at := t.InfoTime(token.InfoLastAuth, a.Local); !at.IsZero() && !at.Add(period).Before(r.Now) {
		return true, reply, nil
	}
	r.Audit.Policy(limit.Policies...)
	// the value is used up, but this was no login
	r.Changes.Add(change.SetInfo{ID: t.ID, Key: token.InfoLastAuth, Value: last})
	reply.Message = "The last successful authentication was " + last + ". It is to long ago."
	return false, reply, nil
}
