package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/change"
	"edumfa/internal/login"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/useragent"
)

// apiKey refuses calls without an API key of role validate where the policy
// api_key_required holds.
func (a *API) apiKey(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		required, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "api_key_required", r.User))
		if err != nil {
			return nil, err
		}
		if required {
			if _, err := a.Sessions.CheckAPIKey(r.HTTP.Header.Get("Authorization"), r.Now); err != nil {
				return nil, err
			}
		}
		return next(ctx, r)
	}
}

// validated is what happens to every answer of the validate family behind its
// events: authorization, and what the answer may tell.
func (a *API) validated(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		a.seenClient(r)
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		if err := a.autoassign(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.authorize(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.addUser(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.dropDetail(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.enrolAtLogin(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.preferMode(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.frameTexts(ctx, r, answer); err != nil {
			return nil, err
		}
		return answer, a.authorized(ctx, r, answer)
	}
}

// clientMode adds the preferred way to answer a challenge.
func (a *API) clientMode(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		if err := a.preferMode(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.frameTexts(ctx, r, answer); err != nil {
			return nil, err
		}
		return answer, a.authorized(ctx, r, answer)
	}
}

// frameTexts puts the header and the footer of policies around the texts of the
// challenges: as items if the header ends with the beginning of an HTML list. A
// footer alone does nothing.
func (a *API) frameTexts(ctx context.Context, r *Request, answer *Answer) error {
	if list, _ := answer.detail()["multi_challenge"].([]any); len(list) == 0 {
		return nil
	}
	header, ok, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeAuthentication, "challenge_text_header", r.User), policy.Whole)
	if err != nil || !ok {
		return err
	}
	footer, _, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeAuthentication, "challenge_text_footer", r.User), policy.Whole)
	if err != nil {
		return err
	}
	var messages []string
	list, _ := answer.detail()["messages"].([]any)
	for _, m := range list {
		if s, isText := m.(string); isText {
			messages = append(messages, s)
		}
	}
	slices.Sort(messages)
	messages = slices.Compact(messages)
	text := header
	if end := strings.ToLower(header); strings.HasSuffix(end, "<ol>") || strings.HasSuffix(end, "<ul>") {
		for _, m := range messages {
			text += "<li>" + m + "</li>\n"
		}
	} else {
		text += "\n" + strings.Join(messages, ", ") + "\n"
	}
	answer.detail()["message"] = text + footer
	return nil
}

// seenClient keeps which application asks. The row is written at most once a
// minute for each, for nobody reads it to the second.
func (a *API) seenClient(r *Request) {
	if r.Snap.Settings.Bool("DisableClientTracking", false) || !r.Client.IsValid() {
		return
	}
	c := change.SeenClient{IP: r.Client.String(), Type: useragent.ClientType(r.HTTP.UserAgent()), Node: r.Node, At: r.Now}
	if a.Clients.Due(c.IP+"\x00"+c.Type+"\x00"+c.Node, r.Now) {
		r.Changes.Add(c)
	}
}

// authorize refuses tokens that policies of the scope authorization do not want.
func (a *API) authorize(ctx context.Context, r *Request, answer *Answer) error {
	if err := a.authorizeSerial(ctx, r, answer); err != nil {
		return err
	}
	if answer.accepted() {
		if err := a.authorizeType(ctx, r, answer.usedType); err != nil {
			return err
		}
	}
	return a.authorizeInfo(ctx, r, answer)
}

// authorizeType refuses a type that the policy tokentype leaves out. It counts
// for answers to challenges as for values.
func (a *API) authorizeType(ctx context.Context, r *Request, tokenType string) error {
	if tokenType == "" {
		return nil
	}
	types, err := a.policyValues(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "tokentype", r.User), policy.Words)
	if err != nil {
		return err
	}
	if len(types) > 0 && !slices.Contains(types, tokenType) {
		return mfaerr.NewPolicy("Tokentype not allowed for authentication!")
	}
	return nil
}

// addUser tells user and resolver where policies ask for it.
func (a *API) addUser(ctx context.Context, r *Request, answer *Answer) error {
	if !answer.accepted() {
		return nil
	}
	return a.describeUser(ctx, r, answer)
}

func (a *API) describeUser(ctx context.Context, r *Request, answer *Answer) error {
	if !r.User.Exists() {
		return nil
	}
	withUser, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "add_user_in_response", r.User))
	if err != nil {
		return err
	}
	withResolver, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "add_resolver_in_response", r.User))
	if err != nil || !withUser && !withResolver {
		return err
	}
	d := answer.detail()
	if d == nil {
		d = map[string]any{}
		answer.Body["detail"] = d
	}
	if _, told := d["user"]; withUser && !told {
		info, err := r.Users.Info(ctx, r.User)
		if err != nil {
			return err
		}
		shown := map[string]any{"password": ""}
		for k, v := range info {
			if !passwordAttribute(k) {
				shown[k] = v
			}
		}
		d["user"] = shown
	}
	if withResolver {
		d["user-resolver"], d["user-realm"] = r.User.Resolver, r.User.Realm
	}
	return nil
}

// dropDetail leaves details out where policies say so.
func (a *API) dropDetail(ctx context.Context, r *Request, answer *Answer) error {
	action := "no_detail_on_success"
	if !answer.accepted() {
		action = "no_detail_on_fail"
	}
	drop, err := a.holds(ctx, r, a.userQuery(r, policy.ScopeAuthorization, action, r.User))
	if err == nil && drop {
		delete(answer.Body, "detail")
	}
	return err
}

// preferMode names the way a login page should offer first.
func (a *API) preferMode(ctx context.Context, r *Request, answer *Answer) error {
	list, _ := answer.detail()["multi_challenge"].([]any)
	if len(list) == 0 {
		return nil
	}
	modes := []string{"interactive", "webauthn", "poll", "u2f"}
	wish, ok, err := r.Snap.Policies.Value(ctx, a.userQuery(r, policy.ScopeAuthentication, "preferred_client_mode", r.User), policy.Whole)
	if err != nil {
		return err
	}
	if ok {
		r.Audit.Policy(wish.Policies...)
		modes = strings.Fields(wish.Text)
	}
	have := map[string]bool{}
	for _, x := range list {
		c, _ := x.(map[string]any)
		mode, _ := c["client_mode"].(string)
		have[mode] = true
	}
	answer.detail()["preferred_client_mode"] = "interactive"
	for _, m := range modes {
		if have[m] {
			answer.detail()["preferred_client_mode"] = m
			break
		}
	}
	return nil
}

// authorized refuses everybody whom the policy denies access, right or wrong. No
// challenge of the answer stays behind.
func (a *API) authorized(ctx context.Context, r *Request, answer *Answer) error {
	v, ok, err := a.policyValue(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "authorized", r.User), policy.Whole)
	if err != nil || !ok || v != "deny_access" {
		return err
	}
	for _, id := range answer.transactions {
		r.Changes.Add(change.EndTransaction{TransactionID: id})
	}
	return mfaerr.NewRequest(mfaerr.CodeValidate, "User is not authorized to authenticate under these conditions.")
}

// unknownUser lets a policy accept users that no store knows.
func (a *API) unknownUser(ctx context.Context, r *Request) (yes bool, reply login.Reply, done bool, err error) {
	on, names, err := r.Snap.Policies.Any(ctx, a.userQuery(r, policy.ScopeAuthentication, "passOnNoUser", r.User))
	if err != nil || !on {
		return false, reply, false, err
	}
	r.Audit.Policy(names...)
	return true, login.Reply{Message: "user does not exist, accepted due to '" + policy.JoinList(names) + "'"}, true, nil
}
