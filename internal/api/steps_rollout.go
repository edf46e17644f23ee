package api

import (
	"context"
	"maps"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/enrol"
	"edumfa/internal/login"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// autoassign gives a user without tokens the token of his realm whose value he
// typed, where the policy autoassignment says so. What he typed before it becomes
// the PIN, or has to be the password of the user store.
func (a *API) autoassign(ctx context.Context, r *Request, answer *Answer) error {
	if refused, isBool := answer.value().(bool); !isBool || refused || !r.namesUser() || !r.User.Exists() {
		return nil
	}
	v, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeEnrollment, "autoassignment", r.User), policy.Words)
	if err != nil || !ok {
		return err
	}
	if none, err := a.hasNoToken(ctx, r); err != nil || !none {
		return err
	}
	unassigned := false
	list, err := a.Store.Tokens(ctx, token.Filter{Realm: r.User.Realm, Assigned: &unassigned}, token.Whole)
	if err != nil {
		return err
	}
	env := a.env(ctx, r, nil, r.User)
	for _, t := range list {
		pin, next, found, err := a.belongs(ctx, r, env, t, v.Text == "userstore")
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if err := a.limitUser(ctx, r); err != nil {
			return err
		}
		if err := a.limitRealm(ctx, r); err != nil {
			return err
		}
		return a.giveToken(ctx, r, answer, t, pin, next, v.Policies)
	}
	return nil
}

// belongs reports whether what was typed is a PIN and the value of the token.
func (a *API) belongs(ctx context.Context, r *Request, env *tokentype.Env, t *token.Token, userStore bool) (pin string, next int64, found bool, err error) {
	typ, known := a.Types.Get(t.TypeKey())
	if _, forwards := typ.(tokentype.Forwarder); forwards {
		return "", 0, false, nil // nobody's password goes to servers that tokens of nobody name
	}
	if !known || typ.Info().Planned || !typ.Info().Authenticates || !t.Active || t.Locked || t.Revoked {
		return "", 0, false, nil
	}
	pin, otp, split := login.Split(env, typ, t, r.Params.TextOr("pass", ""))
	if !split || otp == "" { // types without values would be everybody's
		return "", 0, false, nil
	}
	m, err := typ.Verify(ctx, env, t, secret.New(otp))
	if err != nil || !m.OK {
		return "", 0, false, err
	}
	if userStore {
		if right, err := r.Users.CheckPassword(ctx, r.User, secret.New(pin)); err != nil || !right {
			return "", 0, false, err
		}
	}
	return pin, m.Next, true, nil
}

func (a *API) giveToken(ctx context.Context, r *Request, answer *Answer, t *token.Token, pin string, next int64, names []string) error {
	if err := a.give(ctx, r, t, pin, next); err != nil {
		return err
	}
	answer.setValue(true)
	answer.result()["authentication"] = authAccept
	answer.usedType = t.Type
	answer.Body["detail"] = map[string]any{"serial": t.Serial, "otplen": t.OTPLen, "type": t.Type, "message": "Token assigned to user via Autoassignment"}
	r.Audit.Success, r.Audit.Info, r.Audit.Serial = 1, text("Token assigned via auto assignment"), text(t.Serial)
	r.Audit.Policy(names...)
	return nil
}

// give makes the request's user the owner of a token, with a PIN and the counter
// behind the value he has shown.
func (a *API) give(ctx context.Context, r *Request, t *token.Token, pin string, next int64) error {
	if err := a.flush(ctx, r); err != nil {
		return err
	}
	stored, err := a.PINs.Make(ctx, secret.New(pin), false)
	if err != nil {
		return err
	}
	owner := ownerOf(r.User)
	return a.Tokens.Change(ctx, t.Clone(), func(n *token.Token) error {
		n.Owner, n.Count, n.FailCount = &owner, next, 0
		n.PINHash, n.PINSeed = stored, ""
		return nil
	})
}

// enrolAtLogin turns a right login of a user who has no token of the type that
// the policy enroll_via_multichallenge names into the enrolment of one: only the
// answer to its first challenge ends the login.
func (a *API) enrolAtLogin(ctx context.Context, r *Request, answer *Answer) error {
	if yes, isBool := answer.value().(bool); !isBool || !yes || answer.result()["authentication"] != authAccept || !r.User.Exists() {
		return nil
	}
	v, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeAuthentication, "enroll_via_multichallenge", r.User), policy.Words)
	if err != nil || !ok {
		return err
	}
	name := strings.ToLower(v.Text)
	typ, _ := a.Types.Get(name)
	how, can := typ.(tokentype.LoginEnroller)
	if !can {
		return nil
	}
	n, err := a.Store.CountTokens(ctx, token.Filter{Type: name, Of: &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID}})
	if err != nil || n > 0 {
		return err
	}
	r.Audit.Policy(v.Policies...)
	return a.beginEnrolment(ctx, r, answer, typ.Info(), how.EnrolAtLogin())
}

func (a *API) beginEnrolment(ctx context.Context, r *Request, answer *Answer, info tokentype.Info, how tokentype.LoginEnrolment) error {
	id, err := randtext.TransactionID(a.Rand)
	if err != nil {
		return err
	}
	// the login is used up before a token comes to be
	if err := a.flush(ctx, r); err != nil {
		return err
	}
	t, detail, err := a.enrolWith(ctx, r, info.Name, how.Params)
	if err != nil {
		return err
	}
	now := r.Now.UTC()
	row := challenge.Challenge{TransactionID: id, Serial: t.Serial, Timestamp: now, Expiration: now.Add(r.Snap.Settings.ChallengeValidity(info.Name))}
	asked := map[string]any{"transaction_id": id, "image": nil, "client_mode": tokentype.Interactive, "serial": t.Serial, "type": info.Name, "message": how.Message}
	d := answer.detail()
	if d == nil {
		d = map[string]any{}
		answer.Body["detail"] = d
	}
	if how.Shown {
		url, _ := detail["googleurl"].(map[string]any)
		asked["image"] = url["img"]
		d["messages"] = []any{how.Message}
	} else {
		row.Session = challenge.SessionEnrollment
	}
	if shown, _ := detail[how.Image].(map[string]any); how.Image != "" {
		asked["image"], asked["client_mode"] = shown["img"], info.ClientMode
	}
	r.Changes.Add(change.NewChallenge{Challenge: row})
	a.sweepChallenges(r)
	maps.Copy(d, asked)
	d["transaction_ids"], d["multi_challenge"] = []any{id}, []any{asked}
	answer.setValue(false)
	answer.result()["authentication"] = authChallenge
	answer.transactions = append(answer.transactions, id)
	r.Audit.Success, r.Audit.Asked = 0, true
	return nil
}

// enrolWith makes a token for the user by parameters of our own and the policies
// for labels.
func (a *API) enrolWith(ctx context.Context, r *Request, name string, with map[string]any) (*token.Token, map[string]any, error) {
	before := r.Params
	defer func() { r.Params = before }()
	r.Params = params.New(nil)
	for k, v := range with {
		r.Params.Set(k, v)
	}
	r.Params.Set("type", name)
	r.Params.Set("user", r.User.Login)
	r.Params.Set("realm", r.User.Realm)
	if err := a.tokenLabel(ctx, r); err != nil {
		return nil, nil, err
	}
	return a.Enrol.Init(ctx, a.env(ctx, r, nil, r.User), enrol.Request{Params: r.Params, User: r.User})
}
