package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// warned is the member detail of an answer about policies that were stored
// although something about them is strange.
func warned(warnings []string) map[string]any {
	if len(warnings) == 0 {
		return nil
	}
	return map[string]any{"warnings": texts(warnings)}
}

// policyWarnings says what of a policy will not do what was perhaps meant.
func (a *API) policyWarnings(ctx context.Context, r *Request, row policy.Row) ([]string, error) {
	p := policy.Parse(row)
	out := p.Problems()
	if !slices.Contains(policy.Scopes(), row.Scope) {
		out = append(out, "scope: there is no scope "+strconv.Quote(row.Scope))
	} else {
		known, err := a.dynamic(ctx, r)
		if err != nil {
			return nil, err
		}
		catalog := a.PolicyDefinitions(known)
		for _, x := range p.Actions {
			if problem := actionProblem(catalog, row.Scope, x); problem != "" {
				out = append(out, "action: "+problem)
			}
		}
	}
	v := p.View()
	for _, name := range v.Realm {
		if _, known := r.Snap.Realms.Realm(strings.ToLower(name)); !known && plainName(name) {
			out = append(out, "realm: there is no realm "+strconv.Quote(name))
		}
	}
	for _, name := range v.AdminRealm {
		if plainName(name) && !slices.Contains(a.Config.SuperuserRealms(), strings.ToLower(name)) {
			out = append(out, "adminrealm: "+strconv.Quote(name)+" is no realm of administrators")
		}
	}
	for _, name := range v.Resolver {
		if plainName(name) && !slices.Contains(r.Snap.Realms.ResolverNames(), name) {
			out = append(out, "resolver: there is no resolver "+strconv.Quote(name))
		}
	}
	keeps, err := a.keepsWriter(ctx, r, row)
	if err == nil && !keeps {
		out = append(out, "after this no administrator may write policies; edumfa-manage policy still can")
	}
	return out, err
}

// plainName reports whether an entry of a list is a name, no pattern and no
// exclusion.
func plainName(s string) bool {
	return s != "" && !strings.ContainsAny(s, `*!^$[](){}+?|\`) && !strings.HasPrefix(s, "-")
}

func actionProblem(catalog *action.Catalog, scope string, x policy.Action) string {
	if !plainName(x.Name) {
		return ""
	}
	d, known := catalog.Find(scope, x.Name)
	name := strconv.Quote(x.Name)
	switch {
	case !known:
		return "the scope " + scope + " has no action " + name
	case d.Type == action.Bool:
		if v := strings.ToLower(x.Value); !x.Bare && !slices.Contains([]string{"true", "1", "yes", "on"}, v) {
			return name + " takes no value, and holds whatever the value is"
		}
	case x.Bare && x.Name != "passthru":
		return name + " needs a value"
	case d.Type == action.Int && !x.Bare:
		if _, err := strconv.Atoi(strings.TrimSpace(x.Value)); err != nil {
			return name + " needs a whole number"
		}
	}
	return ""
}

// keepWriter refuses changes of policies behind which no administrator could
// write policies any more, although one can now, unless the request says force.
// Times, addresses and nodes are left out: what is so now may be otherwise later.
// The command line always can.
func (a *API) keepWriter(ctx context.Context, r *Request, changed ...policy.Row) error {
	if r.Params.Bool("force") {
		return nil
	}
	keeps, err := a.keepsWriter(ctx, r, changed...)
	if err != nil || keeps {
		return err
	}
	return mfaerr.NewPolicy("This would leave no administrator who may write policies. Grant the action policywrite to somebody first, or send force=1.")
}

// keepsWriter reports whether somebody may still write policies after a change,
// or nobody could before it.
func (a *API) keepsWriter(ctx context.Context, r *Request, changed ...policy.Row) (bool, error) {
	rows, concerns := []policy.Row{}, false
	names := map[string]bool{}
	for _, row := range changed {
		names[row.Name] = true
		concerns = concerns || row.Scope == policy.ScopeAdmin
	}
	for _, p := range r.Snap.Policies.All() {
		if !names[p.Row.Name] {
			rows = append(rows, p.Row)
		} else {
			concerns = concerns || p.Row.Scope == policy.ScopeAdmin
		}
	}
	if !concerns {
		return true, nil
	}
	rows = append(rows, changed...)
	keeps, err := a.hasWriter(ctx, r, timeless(r, rows))
	if err != nil || keeps {
		return keeps, err
	}
	rows = rows[:0]
	for _, p := range r.Snap.Policies.All() {
		rows = append(rows, p.Row)
	}
	could, err := a.hasWriter(ctx, r, timeless(r, rows))
	return !could, err
}

// timeless are policies that hold whenever and from wherever they are asked.
func timeless(r *Request, rows []policy.Row) *policy.Set {
	for i := range rows {
		rows[i].Time, rows[i].Client, rows[i].Node = "", "", ""
	}
	return policy.NewSet(rows, func() time.Time { return r.Now })
}

// hasWriter reports whether some administrator has the right to write policies:
// the caller, a local one, one that a policy names in a realm of administrators,
// or any other of such a realm.
func (a *API) hasWriter(ctx context.Context, r *Request, set *policy.Set) (bool, error) {
	if !set.HasActive(policy.ScopeAdmin) {
		return true, nil
	}
	may := func(name, realm string) bool {
		q := policy.Query{Scope: policy.ScopeAdmin, Action: "policywrite", AdminUser: &name, AdminRealm: &realm, Conditions: policy.CheckNone}
		yes, _, err := set.Allowed(ctx, q)
		return err == nil && yes // a policy that cannot be read grants nothing
	}
	if may(r.Caller.Username, r.Caller.Realm) {
		return true, nil
	}
	locals, err := a.Store.Admins(ctx)
	if err != nil {
		return false, err
	}
	for _, account := range locals {
		if may(account.Username, "") {
			return true, nil
		}
	}
	for _, realm := range a.Config.SuperuserRealms() {
		if _, there := r.Snap.Realms.Realm(realm); !there {
			continue
		}
		if may("", realm) {
			return true, nil
		}
		for _, p := range set.All() {
			for _, name := range policy.SplitList(p.Row.AdminUser) {
				u, err := r.Users.Find(ctx, name, realm, "")
				if err == nil && u.Exists() && may(name, realm) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// policyExplain says of every policy whether it applies to what is asked, or the
// first thing for which it does not.
func (a *API) policyExplain(ctx context.Context, r *Request) (*Answer, error) {
	q, need, err := a.policyQuestion(r)
	if err != nil {
		return nil, err
	}
	p := lowerParams(r)
	q.Header, q.Environment = nil, nil
	if u, err := r.Users.Find(ctx, need["user"], need["realm"], p.TextOr("resolver", "")); err == nil && u.Exists() {
		q.Login, q.Realm, q.Resolver = nil, nil, nil
		q.User = a.policyUser(r, u)
	}
	if name, given := p.Text("adminuser"); given {
		q.AdminUser = &name
	}
	if name, given := p.Text("adminrealm"); given {
		q.AdminRealm = &name
	}
	if node, given := p.Text("edumfanode"); given {
		q.Node = node
	}
	if at, given := p.Text("time"); given {
		if q.Time, err = time.ParseInLocation("2006-01-02T15:04", at, a.Local); err != nil {
			return nil, mfaerr.NewParameter("The time must be like 2026-01-31T14:30.")
		}
	}
	verdicts, err := r.Snap.Policies.Explain(ctx, q)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Detail = text("action = " + need["action"] + ", realm = " + need["realm"] + ", scope = " + need["scope"])
	list := make([]any, len(verdicts))
	for i, v := range verdicts {
		list[i] = verdictView(v)
	}
	return ok(list), nil
}

func verdictView(v policy.Verdict) map[string]any {
	out := map[string]any{"name": v.Policy.Name(), "scope": v.Policy.Row.Scope, "priority": v.Policy.Row.Priority,
		"applies": v.Reason == policy.Fits && v.Err == nil, "reason": v.Text()}
	return out
}
