package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

func (a *API) checkSerial(ctx context.Context, r *Request, pass secret.String) (bool, login.Reply, error) {
	t, err := a.requestToken(ctx, r)
	if err != nil {
		return false, login.Reply{}, err
	}
	if typed := r.Params.TextOr("user", ""); typed != "" && !ownedBy(t, r.User) {
		if !r.User.Exists() {
			return false, login.Reply{}, user.ErrMissing()
		}
		return false, login.Reply{}, mfaerr.NewParameter("Given serial does not belong to given user!")
	}
	if t == nil {
		return false, login.Reply{}, mfaerr.NewNotFound("The requested token could not be found.")
	}
	env := a.env(ctx, r, t, r.User)
	if r.Params.Bool("otponly") {
		return a.Logins.OTPOnly(ctx, env, t, pass)
	}
	return a.attempt(ctx, r, env, []*token.Token{t}, pass)
}

func ownedBy(t *token.Token, u user.User) bool {
	return t != nil && t.Owner != nil && u.Exists() && t.Owner.UserID == u.ID && t.Owner.Resolver == u.Resolver && t.Owner.RealmID == u.RealmID
}

// checkUser decides a login of the request's user: by what is remembered of his
// last ones, else by the rules for users without tokens, else by his tokens.
func (a *API) checkUser(ctx context.Context, r *Request, pass secret.String) (bool, login.Reply, error) {
	cache, err := a.authCache(ctx, r)
	if err != nil {
		return false, login.Reply{}, err
	}
	if yes, reply, err := a.remembered(ctx, r, cache, pass); yes || err != nil {
		return yes, reply, err
	}
	yes, reply, err := a.decideUser(ctx, r, pass)
	if err == nil && yes {
		err = a.remember(ctx, r, cache, pass)
	}
	return yes, reply, err
}

func (a *API) decideUser(ctx context.Context, r *Request, pass secret.String) (bool, login.Reply, error) {
	if !r.User.Exists() {
		if yes, reply, done, err := a.unknownUser(ctx, r); done || err != nil {
			return yes, reply, err
		}
		return false, login.Reply{}, mfaerr.NewUser("User %s does not exist.", r.User)
	}
	list, err := a.tokensOf(ctx, r.User, r.Params.TextOr("type", ""))
	if err != nil {
		return false, login.Reply{}, err
	}
	if len(list) > 0 {
		yes, reply, err := a.attempt(ctx, r, a.env(ctx, r, nil, r.User), list, pass)
		return a.withinLimits(ctx, r, yes, reply, err)
	}
	if none, err := a.hasNoToken(ctx, r); err != nil || !none {
		return a.withinLimits(ctx, r, false, login.Reply{Message: login.MsgNoTokens}, err)
	}
	if yes, reply, err := a.passOnNoToken(ctx, r); err != nil || yes {
		return yes, reply, err
	}
	yes, reply, err := a.passthru(ctx, r, pass)
	return a.withinLimits(ctx, r, yes, reply, err)
}

// hasNoToken reports whether the user has no token of any type.
func (a *API) hasNoToken(ctx context.Context, r *Request) (bool, error) {
	n, err := a.Store.CountTokens(ctx, token.Filter{Of: &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID}})
	return n == 0, err
}

// tokensOf loads the tokens of a user with what a login needs of them.
func (a *API) tokensOf(ctx context.Context, u user.User, tokenType string) ([]*token.Token, error) {
	return a.Store.Tokens(ctx, token.Filter{Of: &token.Owner{UserID: u.ID, Resolver: u.Resolver, RealmID: u.RealmID}, Type: tokenType}, token.WithInfo)
}

// attempt lets the login core decide.
func (a *API) attempt(ctx context.Context, r *Request, env *tokentype.Env, tokens []*token.Token, pass secret.String) (bool, login.Reply, error) {
	var t *token.Token
	if len(tokens) == 1 {
		t = tokens[0]
	}
	rules, err := a.loginRules(ctx, r, t, tokens)
	if err != nil {
		return false, login.Reply{}, err
	}
	in := &login.Attempt{Tokens: tokens, Pass: pass, TransactionID: r.TransactionID(), Rules: rules, Checked: r.pins}
	if in.TransactionID != "" {
		if in.Open, err = a.Store.Challenges(ctx, in.TransactionID); err != nil {
			return false, login.Reply{}, err
		}
	}
	if asked, row := pinChallenge(tokens, in.Open, r); asked != nil {
		return a.changePIN(ctx, r, env, asked, row, pass)
	}
	in.UserPassword = func(ctx context.Context, password secret.String) (bool, error) {
		return r.Users.CheckPassword(ctx, r.User, password)
	}
	yes, reply, err := a.Logins.Check(ctx, env, in)
	if in.TransactionID != "" || len(reply.Prompts) > 0 {
		a.sweepChallenges(r)
	}
	if err != nil {
		return yes, reply, err
	}
	if !yes {
		err := a.askNextValue(ctx, r, env, tokens, &reply)
		return false, reply, err
	}
	if yes, reply, err = a.notTooLongAgo(ctx, r, tokens, reply); err != nil || !yes {
		return yes, reply, err
	}
	asked, err := a.askNewPIN(ctx, r, env, tokens, &reply)
	return err == nil && !asked, reply, err
}

// sweepLimit is how many expired challenges one request removes at most.
const sweepLimit = 1000

// sweepChallenges removes what has expired when the request is done, unless an
// administrator wants to look at it.
func (a *API) sweepChallenges(r *Request) {
	if r.Snap.Settings.Bool("DisableAutoChallengeJanitor", false) || !a.expiries.Due(r.Now) {
		return
	}
	r.after = append(r.after, func(ctx context.Context) error {
		_, err := a.Store.DeleteExpiredChallenges(ctx, r.Now, sweepLimit)
		return err
	})
}

// loginRules asks the policies how a login is taken.
func (a *API) loginRules(ctx context.Context, r *Request, t *token.Token, tokens []*token.Token) (login.Rules, error) {
	var out login.Rules
	q := func(action string) policy.Query {
		return a.tokenQuery(r, policy.ScopeAuthentication, action, t, r.User)
	}
	mode, ok, err := a.policyValue(ctx, r, q("otppin"), policy.Words)
	if err != nil {
		return out, err
	}
	if ok {
		switch mode {
		case "userstore":
			out.PINMode = login.UserStore
		case "none":
			out.PINMode = login.NoPIN
		}
	}
	if a.askedByPolicy(tokens) {
		if out.ChallengeTypes, err = a.policyValues(ctx, r, q("challenge_response"), policy.Words); err != nil {
			return out, err
		}
	}
	if out.ResetAll, err = a.holds(ctx, r, q("reset_all_user_tokens")); err != nil {
		return out, err
	}
	out.FailOnChallenge, err = a.holds(ctx, r, q("increase_failcounter_on_challenge"))
	return out, err
}

// askedByPolicy reports whether one of the tokens is asked by its PIN only if a
// policy says so.
func (a *API) askedByPolicy(tokens []*token.Token) bool {
	return slices.ContainsFunc(tokens, func(t *token.Token) bool {
		typ, known := a.Types.Get(t.TypeKey())
		return known && typ.Info().Challenges && !typ.Info().NativeChallenge
	})
}

// env is what token types are given in this request.
func (a *API) env(ctx context.Context, r *Request, t *token.Token, u user.User) *tokentype.Env {
	env := &tokentype.Env{
		Now: r.Now, Local: a.Local, Rand: a.Rand, Keys: a.Keys, Settings: r.Snap.Settings, Params: r.Params, Mailer: a.Mailer, Texter: a.Texter, Servers: a.Servers, Pusher: a.Pusher, MayWait: strings.HasPrefix(r.Route.Path, "/validate/"), Answers: r.answers,
		Rules: rules{a: a, r: r, ctx: ctx, t: t, u: u}, OwnerLogin: u.Login, OwnerRealm: u.Realm,
		Owner:   func(ctx context.Context, _ *token.Token) (resolver.Attributes, error) { return r.Users.Info(ctx, u) },
		Flush:   func(ctx context.Context) error { return a.flush(ctx, r) },
		After:   func(f func(context.Context) error) { r.after = append(r.after, f) },
		Changes: &r.Changes,
		Origin:  r.HTTP.Header.Get("Origin"),
		CA:      r.Snap.CAs.Connector,
		Tokens: func(ctx context.Context, f token.Filter) ([]*token.Token, error) {
			return a.Store.Tokens(ctx, f, token.WithInfo)
		},
		Challenges: func(ctx context.Context, serial, transactionID string) ([]challenge.Challenge, error) {
			return a.challengesOf(ctx, serial, transactionID)
		},
	}
	if r.Admin() || r.SelfService() {
		env.Caller = callerRules{a, r, ctx}
	}
	env.Help = func(ctx context.Context, tokens []*token.Token, pass secret.String) (tokentype.Helper, bool, error) {
		return a.Logins.Help(ctx, env, tokens, pass)
	}
	return env
}
