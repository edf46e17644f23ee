package api

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyregexp"
	"edumfa/internal/token"
)

// authorizeSerial refuses answers about tokens whose serial fits none of the
// patterns of the policy serial. The policy is for everybody.
func (a *API) authorizeSerial(ctx context.Context, r *Request, answer *Answer) error {
	serial := answer.detailText("serial")
	if serial == "" {
		return nil
	}
	values, err := r.Snap.Policies.Values(ctx, a.query(r, policy.ScopeAuthorization, "serial"), policy.Words)
	if err != nil || len(values) == 0 {
		return err
	}
	r.Audit.Policy(values.Policies()...)
	for _, v := range values {
		pattern, err := pyregexp.Compile(v.Text)
		if err != nil {
			return errUnusablePattern("serial", v.Policies, err)
		}
		found, err := pattern.Search(serial)
		if err != nil {
			return errUnusablePattern("serial", v.Policies, err)
		}
		if found {
			return nil
		}
	}
	const refused = "Serial is not allowed for authentication!"
	r.Audit.Detail = text(refused)
	return mfaerr.NewPolicy(refused)
}

// authorizeInfo refuses answers about tokens whose tokeninfo does not fit all
// patterns of the policy tokeninfo: key/pattern/. Values of another form say
// nothing.
func (a *API) authorizeInfo(ctx context.Context, r *Request, answer *Answer) error {
	serial := answer.detailText("serial")
	if serial == "" {
		return nil
	}
	values, err := r.Snap.Policies.Values(ctx, a.query(r, policy.ScopeAuthorization, "tokeninfo"), policy.Whole)
	if err != nil || len(values) == 0 {
		return err
	}
	r.Audit.Policy(values.Policies()...)
	list, err := a.Store.Tokens(ctx, token.Filter{Serial: serial}, token.WithInfo)
	if err != nil || len(list) != 1 {
		return err
	}
	for _, v := range values {
		parts := strings.Split(v.Text, "/")
		if len(parts) != 3 {
			a.Log.WarnContext(ctx, "policies set tokeninfo to something other than key/pattern/", "policies", v.Policies)
			continue
		}
		pattern, err := pyregexp.Compile(parts[1])
		if err != nil {
			return errUnusablePattern("tokeninfo", v.Policies, err)
		}
		have := list[0].InfoText(parts[0])
		found, err := pattern.Search(have)
		if err != nil {
			return errUnusablePattern("tokeninfo", v.Policies, err)
		}
		if !found {
			return mfaerr.NewPolicy("Tokeninfo field %s with contents %s does not match regular expression.", parts[0], have)
		}
	}
	return nil
}

// sessionGranted is what happens to the answer of a login at /auth behind its
// events: authorization, and what the answer may tell.
func (a *API) sessionGranted(next Operation) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		answer, err := next(ctx, r)
		if err != nil {
			return nil, err
		}
		if err := a.authorizeSerial(ctx, r, answer); err != nil {
			return nil, err
		}
		if err := a.authorizeInfo(ctx, r, answer); err != nil {
			return nil, err
		}
		value, _ := answer.value().(map[string]any)
		if value["token"] == nil { // a challenge: who asks is not known yet
			return answer, nil
		}
		if err := a.describeUser(ctx, r, answer); err != nil {
			return nil, err
		}
		drop, err := a.holds(ctx, r, a.query(r, policy.ScopeAuthorization, "no_detail_on_success"))
		if err == nil && drop {
			delete(answer.Body, "detail")
		}
		return answer, err
	}
}
