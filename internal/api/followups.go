package api

import (
	"context"
	"slices"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/session"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// What a challenge holds that every type may make behind a login.
const (
	challengeNewPIN    = "generic_pin_reset"
	challengeNextValue = "generic_resync"
)

// Messages that programs match on.
const (
	askNewPIN      = "Please enter a new PIN"
	askNewPINAgain = "Please enter the new PIN again"
	askNextValue   = "To resync your token, please enter the next OTP value"
)

// infoFirstValue is the counter of the first of two values that bring a token
// back in step.
const infoFirstValue = "otp1c"

// follow asks one more thing of the owner of a token.
func (a *API) follow(r *Request, env *tokentype.Env, t *token.Token, kind, data, message string) (login.Reply, error) {
	id, err := randtext.TransactionID(env.Rand)
	if err != nil {
		return login.Reply{}, err
	}
	seconds := env.Settings.Int("DefaultChallengeValidityTime", 120)
	if kind == challengeNewPIN {
		seconds = env.Settings.Int("PinResetChallengeValidityTime", seconds)
	}
	now := r.Now.UTC()
	r.Changes.Add(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: id, Serial: t.Serial, Challenge: kind, Data: data,
		Timestamp: now, Expiration: now.Add(time.Duration(seconds) * time.Second)}})
	a.sweepChallenges(r)
	return login.Reply{Message: message, Prompted: true, Brief: true, Messages: []string{message}, Prompts: []login.Prompt{{
		TransactionID: id, Serial: t.Serial, Type: t.TypeKey(), ClientMode: tokentype.Interactive, Message: message, HasAttributes: true,
	}}}, nil
}

func bySerial(tokens []*token.Token, serial string) *token.Token {
	if i := slices.IndexFunc(tokens, func(t *token.Token) bool { return t.Serial == serial }); i >= 0 {
		return tokens[i]
	}
	return nil
}

// askNextValue asks for the next value of a token that has just seen the first
// of two that bring it back in step, where the policy wants it.
func (a *API) askNextValue(ctx context.Context, r *Request, env *tokentype.Env, tokens []*token.Token, reply *login.Reply) error {
	t := bySerial(tokens, reply.Serial)
	if t == nil || reply.Prompted || !outOfStep(t, r.Changes.All()) {
		return nil
	}
	on, err := a.holds(ctx, r, a.tokenQuery(r, policy.ScopeAuthentication, "resync_via_multichallenge", t, r.User))
	if err == nil && on {
		*reply, err = a.follow(r, env, t, challengeNextValue, "", askNextValue)
	}
	return err
}

// outOfStep reports whether the token remembers a first value behind the changes.
func outOfStep(t *token.Token, changes []change.Change) bool {
	has := t.InfoText(infoFirstValue) != ""
	for _, c := range changes {
		switch c := c.(type) {
		case change.SetInfo:
			has = has || c.ID == t.ID && c.Key == infoFirstValue
		case change.DeleteInfo:
			has = has && (c.ID != t.ID || c.Key != infoFirstValue)
		}
	}
	return has
}

// askNewPIN asks for a new PIN behind a right login when the PIN is due to be
// changed and the policy wants it here.
func (a *API) askNewPIN(ctx context.Context, r *Request, env *tokentype.Env, tokens []*token.Token, reply *login.Reply) (bool, error) {
	t := bySerial(tokens, reply.Serial)
	if t == nil || !reply.PINChangeDue {
		return false, nil
	}
	on, err := a.holds(ctx, r, a.tokenQuery(r, policy.ScopeAuthentication, "change_pin_via_validate", t, r.User))
	if err != nil || !on {
		return false, err
	}
	*reply, err = a.follow(r, env, t, challengeNewPIN, "", askNewPIN)
	return true, err
}

// pinChallenge finds the open question for a new PIN that the request answers.
func pinChallenge(tokens []*token.Token, rows []challenge.Challenge, r *Request) (*token.Token, challenge.Challenge) {
	for _, row := range rows {
		if row.Challenge != challengeNewPIN || !row.Open(r.Now.UTC()) {
			continue
		}
		if t := bySerial(tokens, row.Serial); t != nil && t.Active && !t.Locked && !t.Revoked {
			return t, row
		}
	}
	return nil, challenge.Challenge{}
}

// changePIN takes a new PIN: the first time it is compared with the rules, the
// second time with the first.
func (a *API) changePIN(ctx context.Context, r *Request, env *tokentype.Env, t *token.Token, row challenge.Challenge, pin secret.String) (bool, login.Reply, error) {
	if row.Data == "" {
		if err := a.ownPINFits(ctx, r, t, pin); err != nil {
			return false, login.Reply{}, err
		}
		stored, err := a.PINs.Make(ctx, pin, false)
		if err != nil {
			return false, login.Reply{}, err
		}
		r.Changes.Add(change.UseChallenge{ID: row.ID})
		reply, err := a.follow(r, env, t, challengeNewPIN, stored, askNewPINAgain)
		return false, reply, err
	}
	reply := login.Reply{Serial: t.Serial, Message: "PINs do not match"}
	same, err := a.Logins.PINs.Check(ctx, row.Data, "", pin)
	if err != nil || !same {
		r.Changes.Add(change.AnswerReceived{ID: row.ID})
		return false, reply, err
	}
	r.Changes.Add(change.UseChallenge{ID: row.ID}, change.ReplacePIN{ID: t.ID, Old: t.PINHash, New: row.Data})
	if err := a.dateNextPIN(ctx, r, t); err != nil {
		return false, reply, err
	}
	reply.Message, reply.Used = "PIN successfully set.", t.Type
	return true, reply, nil
}

// ownPINFits compares a PIN with the rules for users, which the owner of the
// token is here.
func (a *API) ownPINFits(ctx context.Context, r *Request, t *token.Token, pin secret.String) error {
	before := r.Caller
	defer func() { r.Caller = before }()
	r.Caller = session.Caller{Username: r.User.Login, Realm: r.User.Realm, Role: session.RoleUser}
	return a.pinFits(ctx, r, t.TypeKey(), t, pin.Reveal())
}

// dateNextPIN notes when the PIN has to be changed next, if ever.
func (a *API) dateNextPIN(ctx context.Context, r *Request, t *token.Token) error {
	every, given, err := a.policyValue(ctx, r, a.tokenQuery(r, policy.ScopeEnrollment, "change_pin_every", t, r.User), policy.Words)
	if err != nil {
		return err
	}
	if !given {
		r.Changes.Add(change.DeleteInfo{ID: t.ID, Key: token.InfoNextPINChange})
		return nil
	}
	period, err := timespec.ParsePeriod(every)
	if err != nil {
		return errMalformed()
	}
	r.Changes.Add(change.SetInfo{ID: t.ID, Key: token.InfoNextPINChange, Value: timespec.FormatMinutes(r.Now.In(a.Local).Add(period))})
	return nil
}
