package api

import (
	"context"

	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
)

// passthruUserStore is what the policy passthru means without a value, too.
const passthruUserStore = "userstore"

// passOnNoToken lets a policy accept users without tokens.
func (a *API) passOnNoToken(ctx context.Context, r *Request) (bool, login.Reply, error) {
	on, names, err := r.Snap.Policies.Any(ctx, a.userQuery(r, policy.ScopeAuthentication, "passOnNoToken", r.User))
	if err != nil || !on {
		return false, login.Reply{}, err
	}
	r.Audit.Policy(names...)
	return true, login.Reply{Message: "user has no token, accepted due to '" + policy.JoinList(names) + "'"}, nil
}

// passthru lets a policy accept users without tokens by the password of their
// user store.
func (a *API) passthru(ctx context.Context, r *Request, pass secret.String) (bool, login.Reply, error) {
	none := login.Reply{Message: login.MsgNoTokens}
	v, ok, err := r.Snap.Policies.ValueOr(ctx, a.userQuery(r, policy.ScopeAuthentication, "passthru", r.User), policy.Words, passthruUserStore)
	if err != nil || !ok {
		return false, none, err
	}
	if v.Text != passthruUserStore {
		return false, none, mfaerr.NewConfig("The specified RADIUSServer configuration does not exist.")
	}
	r.Audit.Policy(v.Policies...)
	right, err := r.Users.CheckPassword(ctx, r.User, pass)
	if err != nil || !right {
		return false, none, err
	}
	return true, login.Reply{Message: "against userstore due to '" + policy.JoinList(v.Policies) + "'"}, nil
}
