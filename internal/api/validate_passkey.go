package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/randtext"
	"edumfa/internal/session"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// passkeyStore keeps which challenges without a user were answered.
type passkeyStore interface {
	NonceUsed(ctx context.Context, nonce string) (bool, error)
	DeleteExpiredNonces(ctx context.Context, now time.Time, limit int) (int64, error)
}

// passkeyType is the token type that answers for its user; its name in requests
// is written in lower case only.
const passkeyType = "webauthn"

// nameless reports whether the request is about whoever answers: it names the
// type, but neither user nor token.
func nameless(r *Request) bool {
	p := r.Params
	return p.TextOr("type", "") == passkeyType && strings.TrimSpace(p.TextOr("user", "")) == "" && p.TextOr("serial", "") == "" &&
		(r.Route.Path == "/validate/check" || r.Route.Path == "/validate/triggerchallenge")
}

// ownTransports forgets which transports the client wishes: policies and event
// handlers say that.
func (a *API) ownTransports(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		r.Params.Delete("webauthn_allowed_transports")
		return next(ctx, r)
	}
}

// challengesOf finds the challenges of a token, of one transaction or of all.
func (a *API) challengesOf(ctx context.Context, serial, transactionID string) ([]challenge.Challenge, error) {
	var list []challenge.Challenge
	var err error
	if transactionID != "" {
		list, err = a.Store.Challenges(ctx, transactionID)
	} else {
		list, _, err = a.Store.ChallengePage(ctx, challenge.Filter{Serial: serial}, challenge.Order{By: "id", Desc: true}, 0, 100)
		slices.Reverse(list) // the latest ones, in their order
	}
	own := list[:0]
	for _, c := range list {
		if serial == "" || c.Serial == serial {
			own = append(own, c)
		}
	}
	return own, err
}

// passkeyAllowed reports whether logins without a user name are allowed in the
// realm of the request; without one, in any.
func (a *API) passkeyAllowed(ctx context.Context, r *Request, action string) (bool, error) {
	q := a.query(r, policy.ScopeAuthentication, action)
	if name := r.Params.TextOr("realm", ""); name != "" {
		q.Realm = &name
	}
	return a.holds(ctx, r, q)
}

// passkeyTrigger makes a challenge for nobody. It is not stored but signed.
func (a *API) passkeyTrigger(ctx context.Context, r *Request) (*Answer, error) {
	allowed, err := a.passkeyAllowed(ctx, r, "webauthn_usernameless_authn")
	if err != nil {
		return nil, err
	}
	typ, known := a.namelessType()
	if !allowed || !known {
		// without a name this would mean the tokens of everybody
		return nil, errSerialOrUser()
	}
	realmName := r.Params.TextOr("realm", "")
	ofRealm := false
	if realmName != "" {
		if ofRealm, err = a.passkeyAllowed(ctx, r, "webauthn_usernameless_realm_policy"); err != nil {
			return nil, err
		}
	}
	id, err := randtext.TransactionID(a.Rand)
	if err != nil {
		return nil, err
	}
	signed, err := a.Sessions.IssuePasskey(id, r.Now, r.Now.Add(r.Snap.Settings.ChallengeValidity("")))
	if err != nil {
		return nil, err
	}
	attributes, err := typ.NamelessPrompt(a.env(ctx, r, nil, user.User{Realm: realmName}), []byte(signed), ofRealm)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info, r.Audit.Serial = text("triggered 1 challenges"), text("")
	detail := loginDetail(login.Reply{Prompted: true, Messages: []string{""},
		Prompts: []login.Prompt{{TransactionID: id, ClientMode: passkeyType, HasAttributes: true, Attributes: attributes, HasImage: true}}})
	detail["message"] = ""
	return verdict(1, authChallenge, detail), nil
}

func (a *API) namelessType() (tokentype.Nameless, bool) {
	typ, known := a.Types.Get(passkeyType)
	by, can := typ.(tokentype.Nameless)
	return by, known && can
}

// passkeyCheck decides a login by a passkey that says itself whose it is.
func (a *API) passkeyCheck(ctx context.Context, r *Request) (*Answer, error) {
	typ, known := a.namelessType()
	if !known || r.Params.TextOr("userhandle", r.Params.TextOr("userHandle", "")) == "" {
		if _, err := r.Params.Required("pass"); err != nil {
			return nil, err
		}
		return nil, mfaerr.NewUser("User %s does not exist.", user.User{})
	}
	yes, reply, u, err := a.passkey(ctx, r, typ)
	if err != nil {
		return nil, err
	}
	a.noteAttempt(r, yes, reply)
	if u.Exists() {
		r.Audit.ForUser(u)
	}
	answer := loginVerdict(yes, authentication(yes, reply), reply)
	if yes {
		answer.detail()["user"] = map[string]any{"username": u.Login, "realm": u.Realm, "resolver": u.Resolver}
	}
	return answer, nil
}

// passkey checks challenge, token and owner, in this order; the challenge is used
// up by whatever answers it.
func (a *API) passkey(ctx context.Context, r *Request, typ tokentype.Nameless) (bool, login.Reply, user.User, error) {
	no := func(message string) (bool, login.Reply, user.User, error) {
		return false, login.Reply{Message: message}, user.User{}, nil
	}
	failed := func(err error) (bool, login.Reply, user.User, error) {
		return false, login.Reply{}, user.User{}, err
	}
	nonce, serials, ok := typ.NamelessAnswer(r.Params)
	if !ok {
		return no("Invalid authentication request.")
	}
	c, err := a.Sessions.CheckPasskey(string(nonce), r.Now)
	switch {
	case errors.Is(err, session.ErrPasskeyExpired):
		return no("Passkey challenge expired.")
	case errors.Is(err, session.ErrPasskeyOther):
		return no("Invalid passkey challenge.")
	case err != nil:
		return no("")
	}
	used, err := a.Store.NonceUsed(ctx, c.Nonce)
	if err != nil {
		return failed(err)
	}
	if used {
		return no("Passkey challenge already used.")
	}
	r.Changes.Add(change.UseNonce{Nonce: c.Nonce, Expires: c.Expires})
	a.sweepNonces(r)
	t, err := a.passkeyToken(ctx, serials)
	if err != nil {
		return failed(err)
	}
	reply := login.Reply{Serial: t.Serial, Type: t.Type}
	if t.State == token.StateClientWait {
		reply.Message = "Passkey is in clientwait state."
		return false, reply, user.User{}, nil
	}
	u, others, err := a.passkeyOwner(ctx, r, t)
	if err != nil {
		return failed(err)
	}
	if !u.Exists() {
		reply.Message = "Passkey is unassigned or assigned to orphaned user."
		return false, reply, u, nil
	}
	// from here on the request is the owner's: its policies count
	r.User = u
	if reply.Message, err = a.blockedAccount(ctx, r, u); err != nil || reply.Message != "" {
		return false, reply, u, err
	}
	allowed, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthentication, "webauthn_usernameless_authn", u))
	if err != nil {
		return failed(err)
	}
	if !allowed { // the policy was for others, or is there no more
		reply.Message = "Passkey authentication is not allowed."
		return false, reply, u, nil
	}
	rules, err := a.loginRules(ctx, r, t, []*token.Token{t})
	if err != nil {
		return failed(err)
	}
	yes, reply, err := a.Logins.Nameless(ctx, a.env(ctx, r, t, u), t, others, nonce, rules)
	return yes, reply, u, err
}

// passkeyToken is the token that an answer claims. One that is disabled, locked
// or revoked is not there.
func (a *API) passkeyToken(ctx context.Context, serials []string) (*token.Token, error) {
	for _, serial := range serials {
		list, err := a.Store.Tokens(ctx, token.Filter{Serial: serial, Type: passkeyType}, token.Whole)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 && list[0].Active && !list[0].Locked && !list[0].Revoked {
			return list[0], nil
		}
	}
	return nil, mfaerr.NewNotFound("The requested token could not be found.")
}

// passkeyOwner is the token's owner with all tokens; nobody's for a token that
// has none, or one whose owner is gone.
func (a *API) passkeyOwner(ctx context.Context, r *Request, t *token.Token) (user.User, []*token.Token, error) {
	if t.Owner == nil {
		return user.User{}, nil, nil
	}
	u, err := r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
	if err != nil || u.Login == "" {
		return user.User{}, nil, err
	}
	list, err := a.tokensOf(ctx, u, "")
	return u, list, err
}

// blockedAccount says why the owner's account may not log in, "" when it may.
// With a password the user store would have refused; a passkey never asks it.
func (a *API) blockedAccount(ctx context.Context, r *Request, u user.User) (string, error) {
	return r.Users.Blocked(ctx, u, r.Snap.Settings.Text(user.BlockedSetting, ""), r.Now)
}

// sweepNonces forgets expired nonces when the request is done.
func (a *API) sweepNonces(r *Request) {
	if r.Snap.Settings.Bool("DisableAutoChallengeJanitor", false) {
		return
	}
	r.after = append(r.after, func(ctx context.Context) error {
		_, err := a.Store.DeleteExpiredNonces(ctx, r.Now, sweepLimit)
		return err
	})
}
