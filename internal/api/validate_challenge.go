package api

import (
	"context"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// triggerChallenge makes challenges for a user's tokens, or one token, at the
// word of an administrator. It answers how many.
func (a *API) triggerChallenge(ctx context.Context, r *Request) (*Answer, error) {
	if nameless(r) {
		return a.passkeyTrigger(ctx, r)
	}
	list, err := a.triggered(ctx, r)
	if err != nil {
		return nil, err
	}
	raise, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthentication, "increase_failcounter_on_challenge", r.User))
	if err != nil {
		return nil, err
	}
	a.sweepChallenges(r)
	n, reply, err := a.Logins.Trigger(ctx, a.env(ctx, r, nil, r.User), list, raise)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text("triggered " + itoa(n) + " challenges")
	r.Audit.Serial = text(strings.Join(reply.Serials(), ","))
	if !r.User.Empty() {
		r.Audit.ForUser(r.User)
	}
	if len(list) == 0 {
		reply.Message = ""
	}
	// Not ACCEPT, as the number alone would read: a triggered challenge is no login.
	word := authChallenge
	if n == 0 {
		word = authReject
	}
	return loginVerdict(n, word, reply), nil
}

// triggered are the tokens a trigger means.
func (a *API) triggered(ctx context.Context, r *Request) ([]*token.Token, error) {
	tokenType := r.Params.TextOr("type", "")
	f := token.Filter{Type: tokenType, Serial: r.Params.TextOr("serial", "")}
	if typed := r.Params.TextOr("user", ""); typed != "" {
		if _, known := r.Snap.Realms.Realm(r.User.Realm); !known {
			return nil, mfaerr.NewNotFound("Realm '%s' does not exist.", r.User.Realm)
		}
		if !r.User.Exists() {
			return nil, user.ErrMissing()
		}
		f.Of = &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID}
	}
	if f.Serial == "" && f.Of == nil {
		return nil, errSerialOrUser()
	}
	return a.Store.Tokens(ctx, f, token.WithInfo)
}

func errSerialOrUser() error {
	return mfaerr.NewParameter("You need to specify a serial or a user.")
}

// serialOrUser refuses requests that name neither, or a pattern.
func (a *API) serialOrUser(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		typed, serial := r.Params.TextOr("user", ""), r.Params.TextOr("serial", "")
		switch {
		case nameless(r):
			// whoever answers names himself
		case strings.TrimSpace(typed) == "" && serial == "":
			return nil, errSerialOrUser()
		case strings.Contains(serial, "*"):
			return nil, mfaerr.NewParameter("Invalid serial number.")
		case strings.Contains(typed, "%"):
			return nil, mfaerr.NewParameter("Invalid user.")
		}
		return next(ctx, r)
	}
}

// pollTransaction tells whether a challenge was answered out of band.
func (a *API) pollTransaction(ctx context.Context, r *Request) (*Answer, error) {
	id, err := r.Params.Required("transaction_id")
	if err != nil {
		return nil, err
	}
	rows, err := a.Store.Challenges(ctx, id)
	if err != nil {
		return nil, err
	}
	state, yes := pollState(rows, r)
	r.Audit.Success = 1
	r.Audit.Info = text("status: " + state)
	r.Audit.Detail = text("transaction_id: " + id)
	r.Audit.Serial = text(strings.Join(serialsOf(rows), ","))
	word := authReject
	switch {
	case yes:
		word = authAccept
	case state == "declined":
		word = authDeclined
	}
	answer := verdict(yes, word, map[string]any{"challenge_status": state})
	answer.AnyOrigin = true
	return answer, nil
}

func serialsOf(rows []challenge.Challenge) []string {
	out := make([]string, 0, len(rows))
	for _, c := range rows {
		out = append(out, c.Serial)
	}
	return out
}

func pollState(rows []challenge.Challenge, r *Request) (string, bool) {
	declined := false
	for _, c := range rows {
		if !c.Open(r.Now.UTC()) {
			continue
		}
		if c.Valid {
			return "accept", true
		}
		declined = declined || c.Data == challenge.Declined
	}
	if declined {
		return "declined", false
	}
	return "pending", false
}
