package api

import (
	"context"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyregexp"
	"edumfa/internal/user"
)

// setRealm moves the user that a login names into the realm that the policy
// setrealm says.
func (a *API) setRealm(ctx context.Context, r *Request) error {
	if !r.namesUser() || r.User.Login == "" {
		return nil
	}
	realms, err := a.policyValues(ctx, r, a.userQuery(r, policy.ScopeAuthorization, "setrealm", r.User), policy.Words)
	if err != nil || len(realms) == 0 {
		return err
	}
	if len(realms) > 1 {
		return mfaerr.NewPolicy("I do not know, to which realm I should set the new realm. Conflicting policies exist.")
	}
	r.Params.Set("realm", realms[0])
	r.User, err = r.Users.Find(ctx, r.User.Login, realms[0], "")
	return err
}

// mangle rewrites what a login sends by the patterns of the policy mangle:
// parameter/pattern/replacement/, one for each parameter or several in turn.
func (a *API) mangle(ctx context.Context, r *Request) error {
	list, err := r.Snap.Policies.Values(ctx, a.userQuery(r, policy.ScopeAuthentication, "mangle", r.User), policy.Words)
	if err != nil {
		return err
	}
	for _, v := range list {
		parts := strings.SplitN(v.Text, "/", 4)
		if len(parts) < 4 {
			return mfaerr.NewPolicy("The policy %s sets mangle to something other than parameter/pattern/replacement/.", policy.JoinList(v.Policies))
		}
		name := parts[0]
		old := r.Params.TextOr(name, "")
		if old == "" {
			continue
		}
		pattern, err := pyregexp.Compile(parts[1])
		if err != nil {
			return errUnusablePattern("mangle", v.Policies, err)
		}
		changed, err := pattern.Sub(old, parts[2])
		if err != nil {
			return errUnusablePattern("mangle", v.Policies, err)
		}
		r.Params.Set(name, changed)
		r.Audit.Policy(v.Policies...)
		if name == "user" || name == "realm" {
			if err := a.findAgain(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func errUnusablePattern(action string, names []string, cause error) error {
	return mfaerr.NewPolicy("The policy %s sets %s to a pattern that cannot be used.", policy.JoinList(names), action).WithCause(cause)
}

// findAgain finds the user that the changed parameters name.
func (a *API) findAgain(ctx context.Context, r *Request) error {
	realmName, given := r.Params.Text("realm")
	u, err := r.Users.FromParams(ctx, r.Params.TextOr("user", ""), realmName, given, r.Params.TextOr("resolver", ""))
	switch {
	case mfaerr.Is(err, mfaerr.Request):
		u = user.User{}
	case err != nil:
		return err
	}
	r.User = u
	return nil
}
