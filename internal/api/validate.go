package api

import (
	"context"
	"net/http"
	"strings"

	"edumfa/internal/login"
	"edumfa/internal/secret"
	"edumfa/internal/user"
)

// validateCheck answers whether what a user typed is right.
func (a *API) validateCheck(ctx context.Context, r *Request) (*Answer, error) {
	if nameless(r) {
		return a.passkeyCheck(ctx, r)
	}
	yes, reply, err := a.check(ctx, r)
	if err != nil {
		return nil, err
	}
	return loginVerdict(yes, authentication(yes, reply), reply), nil
}

// authentication is the word for an attempt.
func authentication(yes bool, reply login.Reply) string {
	switch {
	case yes:
		return authAccept
	case len(reply.Prompts) > 0:
		return authChallenge
	}
	return authReject
}

// radiusStatus turns the answer into the status alone, for RADIUS servers.
func (a *API) radiusStatus(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		answer.Status = http.StatusBadRequest
		if answer.accepted() {
			answer.Status = http.StatusNoContent
		}
		answer.Plain = &Plain{Type: "text/plain"}
		return answer, nil
	}
}

// validateSAML answers with the user's attributes.
func (a *API) validateSAML(ctx context.Context, r *Request) (*Answer, error) {
	yes, reply, err := a.check(ctx, r)
	if err != nil {
		return nil, err
	}
	if yes && !r.User.Exists() && r.Params.TextOr("serial", "") == "" {
		return nil, user.ErrMissing() // a service provider cannot use a login of nobody
	}
	attributes := map[string]any{}
	c := r.Snap.Settings
	if c.Bool("ReturnSamlAttributes", true) && (yes || c.Bool("ReturnSamlAttributesOnFail", false)) && r.Params.TextOr("serial", "") == "" {
		if attributes, err = a.samlAttributes(ctx, r); err != nil {
			return nil, err
		}
	}
	value := any(map[string]any{"auth": yes, "attributes": attributes})
	if r.Params.TextOr("serial", "") != "" {
		value = yes
	}
	return loginVerdict(value, authentication(yes, reply), reply), nil
}

// samlAttributes are the user's, but never a password or its hash.
func (a *API) samlAttributes(ctx context.Context, r *Request) (map[string]any, error) {
	info, err := r.Users.Info(ctx, r.User)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"username": nil, "email": nil, "surname": nil, "givenname": nil, "mobile": nil, "phone": nil}
	for k, v := range info {
		if !passwordAttribute(k) {
			out[k] = v
		}
	}
	out["realm"], out["resolver"] = r.User.Realm, r.User.Resolver
	return out, nil
}

func passwordAttribute(name string) bool {
	switch strings.ToLower(name) {
	case "password", "cryptpass", "userpassword", "password_hash":
		return true
	}
	return false
}

// check decides one login.
func (a *API) check(ctx context.Context, r *Request) (bool, login.Reply, error) {
	pass, err := r.Params.Required("pass")
	if err != nil {
		return false, login.Reply{}, err
	}
	serial := r.Params.TextOr("serial", "")
	var yes bool
	var reply login.Reply
	switch {
	case serial != "":
		yes, reply, err = a.checkSerial(ctx, r, secret.New(pass))
	default:
		yes, reply, err = a.checkUser(ctx, r, secret.New(pass))
	}
	if err != nil {
		return false, reply, err
	}
	a.noteAttempt(r, yes, reply)
	return yes, reply, nil
}

// outcome is the word for an attempt in the metrics.
func outcome(yes bool, reply login.Reply) string {
	switch authentication(yes, reply) {
	case authAccept:
		return "accepted"
	case authChallenge:
		return "challenge"
	}
	return "rejected"
}

// noteAttempt writes the outcome to the audit.
func (a *API) noteAttempt(r *Request, yes bool, reply login.Reply) {
	a.Metrics.Login(outcome(yes, reply))
	if !yes && reply.Reason != "" {
		a.Log.Info("proof refused", "serial", reply.Serial, "reason", reply.Reason)
	}
	if yes {
		r.Audit.Success = 1
	}
	r.Audit.Asked = !yes && len(reply.Prompts) > 0
	if r.namesUser() {
		r.Audit.ForUser(r.User)
	} else { // whose the serial is was not said
		r.Audit.User, r.Audit.Realm, r.Audit.Resolver = nil, nil, nil
	}
	r.Audit.Info = text(reply.Message)
	r.Audit.Serial = nil
	if s := reply.Serials(); len(s) > 0 {
		r.Audit.Serial = text(strings.Join(s, ","))
	}
	r.Audit.TokenType = nil
	if reply.Type != "" {
		r.Audit.TokenType = text(reply.Type)
	}
}
