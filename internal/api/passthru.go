package api

import (
	"context"
	"strconv"
	"strings"

	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/radius"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
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
// user store or by what a RADIUS server says.
func (a *API) passthru(ctx context.Context, r *Request, pass secret.String) (bool, login.Reply, error) {
	none := login.Reply{Message: login.MsgNoTokens}
	v, ok, err := r.Snap.Policies.ValueOr(ctx, a.userQuery(r, policy.ScopeAuthentication, "passthru", r.User), policy.Words, passthruUserStore)
	if err != nil || !ok {
		return false, none, err
	}
	if v.Text != passthruUserStore {
		return a.passthruRADIUS(ctx, r, pass, v)
	}
	r.Audit.Policy(v.Policies...)
	right, err := r.Users.CheckPassword(ctx, r.User, pass)
	if err != nil || !right {
		return false, none, err
	}
	return true, login.Reply{Message: "against userstore due to '" + policy.JoinList(v.Policies) + "'"}, nil
}

// passthruRADIUS asks the RADIUS server that the policy names for the login. A
// server that does not answer accepts nobody.
func (a *API) passthruRADIUS(ctx context.Context, r *Request, pass secret.String, v policy.Value) (bool, login.Reply, error) {
	none := login.Reply{Message: login.MsgNoTokens}
	r.Audit.Policy(v.Policies...)
	env := a.env(ctx, r, nil, r.User)
	answer, err := tokentype.Once(env, "passthru\x00"+v.Text+"\x00"+pass.Reveal(), func() (radius.Answer, error) {
		return a.Servers.RADIUS(ctx, v.Text, radius.Question{User: r.User.Login, Password: pass, NASIdentifier: env.NASIdentifier()})
	})
	if mfaerr.Is(err, mfaerr.Request) {
		return false, none, err
	}
	if err != nil || answer.Code != radius.Accept {
		return false, none, nil
	}
	messages := []string{"against RADIUS server " + v.Text + " due to '" + policy.JoinList(v.Policies) + "'"}
	given, err := a.passthruAssign(ctx, r, env, pass)
	if given != "" {
		messages = append([]string{"autoassigned " + given}, messages...)
	}
	return err == nil, login.Reply{Message: strings.Join(messages, ",")}, err
}

// passthruWindow is how many counters ahead the value of a token that is to be
// assigned may be, if the policy does not say.
const passthruWindow = 100

// passthruAssign gives a user whom a RADIUS server let in the token of his realm
// that nobody has and whose value was part of what he typed, where the policy
// passthru_assign says how to divide it. It returns the token's serial.
func (a *API) passthruAssign(ctx context.Context, r *Request, env *tokentype.Env, pass secret.String) (string, error) {
	v, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeAuthentication, "passthru_assign", r.User), policy.Words)
	if err != nil || !ok {
		return "", err
	}
	how, ok := parseAssignment(v.Text)
	if !ok {
		a.Log.WarnContext(ctx, "the policy passthru_assign does not say how to divide PIN and value", "value", v.Text)
		return "", nil
	}
	pin, otp, ok := tokentype.SplitPass(pass.Reveal(), how.length, how.pinFirst)
	if !ok || otp == "" {
		return "", nil
	}
	unassigned := false
	list, err := a.Store.Tokens(ctx, token.Filter{Realm: r.User.Realm, Assigned: &unassigned}, token.Whole)
	if err != nil {
		return "", err
	}
	for _, t := range list {
		typ, _ := a.Types.Get(t.TypeKey())
		finder, can := typ.(tokentype.Finder)
		if !can || !env.Usable(t) {
			continue
		}
		m, err := finder.Find(ctx, env, t, secret.New(otp), how.window)
		if err != nil {
			return "", err
		}
		if m.OK {
			r.Audit.Policy(v.Policies...)
			return t.Serial, a.give(ctx, r, t, pin, m.Next)
		}
	}
	return "", nil
}

// assignment is a value of the policy passthru_assign.
type assignment struct {
	pinFirst       bool
	length, window int // of the value; counters ahead
}

// parseAssignment reads "pin:6", "6:pin", "pin:6:100", "6:pin:100".
func parseAssignment(s string) (assignment, bool) {
	parts := strings.Split(strings.ReplaceAll(s, " ", ""), ":")
	if len(parts) != 2 && len(parts) != 3 {
		return assignment{}, false
	}
	a := assignment{pinFirst: parts[0] == "pin", window: passthruWindow}
	length := parts[0]
	if a.pinFirst {
		length = parts[1]
	} else if parts[1] != "pin" {
		return assignment{}, false
	}
	var err error
	if a.length, err = strconv.Atoi(length); err != nil || a.length < 1 {
		return assignment{}, false
	}
	if len(parts) == 3 {
		if a.window, err = strconv.Atoi(parts[2]); err != nil || a.window < 0 {
			return assignment{}, false
		}
	}
	return a, true
}
