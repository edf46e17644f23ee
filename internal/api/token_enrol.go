package api

import (
	"context"
	"slices"

	"edumfa/internal/enrol"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// askVerification is what the user is asked for at the end of an enrolment.
const askVerification = "Please enter a valid OTP value of the new token."

// futureOwner is whose policies an enrolment follows: those of the user that it
// names, or in its second step of the owner whom the first step gave the token.
func (a *API) futureOwner(ctx context.Context, r *Request, named user.User) (user.User, error) {
	if !named.Empty() {
		return named, nil
	}
	t, err := a.requestToken(ctx, r)
	if err != nil || t == nil || t.State != token.StateClientWait || !ownedBy(t, r.User) {
		return named, err
	}
	return r.User, nil
}

// tokenInit enrols a token.
func (a *API) tokenInit(ctx context.Context, r *Request) (*Answer, error) {
	if verifying(r) {
		t, err := a.requestToken(ctx, r)
		if err != nil {
			return nil, err
		}
		if t != nil {
			return a.tokenVerify(ctx, r, t)
		}
	}
	u, realms := r.User, []string(nil)
	if r.Params.TextOr("user", "") == "" {
		u = user.User{}
		if name := r.Params.TextOr("realm", ""); name != "" {
			realms = append(realms, name)
		}
	}
	verify, err := a.wantsVerification(ctx, r)
	if err != nil {
		return nil, err
	}
	owner, err := a.futureOwner(ctx, r, u)
	if err != nil {
		return nil, err
	}
	env := a.env(ctx, r, nil, owner)
	t, detail, err := a.Enrol.Init(ctx, env, enrol.Request{Params: r.Params, User: u, Realms: realms, Verify: verify})
	if err != nil {
		return nil, err
	}
	r.Flushed = true // the token is stored: this request is not begun anew
	if t.State == token.StateVerify && verify {
		if detail["verify"], err = a.askVerification(ctx, env, t); err != nil {
			return nil, err
		}
		detail["rollout_state"] = t.State
	}
	a.noteEnrolled(r, t, u)
	return okDetail(true, detail), nil
}

func (a *API) noteEnrolled(r *Request, t *token.Token, u user.User) {
	r.Audit.Success = 1
	r.Audit.Serial, r.Audit.TokenType = text(t.Serial), text(t.Type)
	if !u.Empty() { // a token enrolled once more may have an owner
		r.Audit.ForUser(u)
	}
	r.forgetToken()
}

func (a *API) askVerification(ctx context.Context, env *tokentype.Env, t *token.Token) (map[string]any, error) {
	typ, _ := a.Types.Get(t.TypeKey())
	if v, own := typ.(tokentype.EnrolmentVerifier); own {
		return v.AskVerification(ctx, env, t)
	}
	return map[string]any{"message": askVerification}, nil
}

// tokenVerify ends an enrolment by a value of the new token. A token that waits
// for none is left as it is.
func (a *API) tokenVerify(ctx context.Context, r *Request, t *token.Token) (*Answer, error) {
	if r.namesUser() && !r.User.Exists() {
		return nil, user.ErrMissing()
	}
	if r.namesUser() && t.Owner != nil && !ownedBy(t, r.User) {
		return nil, mfaerr.NewTokenAdmin("This token is already assigned to another user.")
	}
	if t.Locked {
		return nil, token.ErrLocked()
	}
	if t.State == token.StateVerify {
		if err := a.verified(ctx, r, t); err != nil {
			return nil, err
		}
		t.State = token.StateEnrolled
	}
	a.noteEnrolled(r, t, r.User)
	return okDetail(true, map[string]any{"serial": t.Serial, "rollout_state": t.State}), nil
}

func (a *API) verified(ctx context.Context, r *Request, t *token.Token) error {
	typ, known := a.Types.Get(t.TypeKey())
	if !known {
		return mfaerr.NewTokenAdmin("The token type %s is not known.", t.Type)
	}
	env, value := a.env(ctx, r, t, r.User), secret.New(r.Params.TextOr("verify", ""))
	check := typ.Verify
	if v, own := typ.(tokentype.EnrolmentVerifier); own {
		check = v.CheckVerification
	}
	m, err := check(ctx, env, t, value)
	if err != nil {
		return err
	}
	if !m.OK {
		return mfaerr.NewParameter("Verification of the new token failed.")
	}
	err = a.Tokens.Change(ctx, t.Clone(), func(n *token.Token) error {
		n.State, n.Count = token.StateEnrolled, m.Next
		return nil
	})
	r.Changes.Add(slices.Clone(m.Changes)...)
	return err
}
