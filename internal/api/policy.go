package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"edumfa/internal/api/params"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
)

// policyStore keeps policies.
type policyStore interface {
	SavePolicy(ctx context.Context, p policy.Row) (int64, error)
	EnablePolicy(ctx context.Context, name string, on bool) (int64, error)
	DeletePolicy(ctx context.Context, name string) (int64, error)
}

// policySet creates or changes a policy.
func (a *API) policySet(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("name", "")
	all := map[string]any{}
	for _, n := range r.Params.Names() {
		all[n] = r.Params.Raw(n)
	}
	spec, err := policy.ParseRequest(name, all)
	if err != nil {
		return nil, err
	}
	r.Audit.Detail, r.Audit.Info = text(name), text(paramsText(r))
	row, err := a.appliedPolicy(r, spec)
	if err != nil {
		return nil, err
	}
	if err := a.keepWriter(ctx, r, row); err != nil {
		return nil, err
	}
	warnings, err := a.policyWarnings(ctx, r, row)
	if err != nil {
		return nil, err
	}
	id, err := a.Store.SavePolicy(ctx, row)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return okDetail(map[string]any{"setPolicy " + name: id}, warned(warnings)), nil
}

// appliedPolicy is what a specification makes of the policy with its name.
func (a *API) appliedPolicy(r *Request, spec policy.Spec) (policy.Row, error) {
	var old *policy.Row
	if p := r.Snap.Policies.ByName(spec.Name); p != nil {
		row := p.Row
		old = &row
	}
	return spec.Apply(old)
}

// paramsText are the parameters as the audit shows them, those of the path last.
func paramsText(r *Request) string {
	d := pyliteral.NewDict()
	inPath := pathNames(r.Route.Path)
	for _, n := range r.Params.Names() {
		if !slices.Contains(inPath, n) {
			d.Set(n, pyOf(r.Params.Raw(n)))
		}
	}
	for _, n := range inPath {
		d.Set(n, pyOf(r.Params.Raw(n)))
	}
	return pyliteral.Str(d)
}

// policySwitch enables or disables a policy.
func (a *API) policySwitch(on bool) Operation {
	return func(ctx context.Context, r *Request) (*Answer, error) {
		name := r.Params.TextOr("name", "")
		if p := r.Snap.Policies.ByName(name); p != nil {
			row := p.Row
			row.Active = on
			if err := a.keepWriter(ctx, r, row); err != nil {
				return nil, err
			}
		}
		id, err := a.Store.EnablePolicy(ctx, name, on)
		if err != nil {
			return nil, a.missing(err, "The policy with name '%s' does not exist", r.Params.TextOr("name", ""))
		}
		r.Audit.Success = 1
		return ok(id), nil
	}
}

// policyDelete removes a policy.
func (a *API) policyDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("name", "")
	if p := r.Snap.Policies.ByName(name); p != nil {
		row := p.Row
		row.Active = false // as far as rights go, the same
		if err := a.keepWriter(ctx, r, row); err != nil {
			return nil, err
		}
	}
	id, err := a.Store.DeletePolicy(ctx, name)
	if err != nil {
		return nil, a.missing(err, "The requested Policy could not be found.")
	}
	r.Audit.Success, r.Audit.Info = id, text(name)
	return ok(id), nil
}

// policyList shows the policies that fit the filters.
func (a *API) policyList(_ context.Context, r *Request) (*Answer, error) {
	lower := lowerParams(r)
	realmName, byRealm := lower.Text("realm")
	scope, byScope := lower.Text("scope")
	name, byName := lower.Text("name")
	activity := policy.AnyActivity
	if lower.Raw("active") != nil {
		activity = policy.InactiveOnly
		if lower.Bool("active") {
			activity = policy.ActiveOnly
		}
	}
	r.Audit.Info = text("name = " + textOrNone(name, byName) + ", realm = " + textOrNone(realmName, byRealm) + ", scope = " + textOrNone(scope, byScope))
	var named, open []*policy.Policy
	for _, p := range r.Snap.Policies.All() {
		row := p.Row
		if byName && row.Name != name || byScope && row.Scope != scope || activity != policy.AnyActivity && row.Active != (activity == policy.ActiveOnly) {
			continue
		}
		if !byRealm {
			named = append(named, p)
			continue
		}
		found, any, err := p.InRealm(realmName)
		switch {
		case err != nil:
			return nil, err
		case any:
			open = append(open, p)
		case found:
			named = append(named, p)
		}
	}
	r.Audit.Success = 1
	list := append(named, open...)
	slices.SortStableFunc(list, func(x, y *policy.Policy) int { return cmp.Compare(x.Row.Priority, y.Row.Priority) })
	return ok(policyViews(list)), nil
}

func policyViews(list []*policy.Policy) []any {
	out := make([]any, len(list))
	for i, p := range list {
		out[i] = p.View().JSON()
	}
	return out
}

func textOrNone(s string, given bool) string {
	if !given {
		return "None"
	}
	return s
}

// lowerParams are the parameters under the lower case of their names.
func lowerParams(r *Request) *params.Params {
	out := params.New(nil)
	for _, n := range r.Params.Names() {
		out.Set(strings.ToLower(n), r.Params.Raw(n))
	}
	return out
}

// policyExport writes all policies into a file.
func (a *API) policyExport(_ context.Context, r *Request) (*Answer, error) {
	r.Audit.Success, r.Audit.Info = 1, text("name = None, realm = None, scope = None")
	return file("text/plain", r.Params.TextOr("export", ""), policy.FormatINI(r.Snap.Policies.All())), nil
}

// policyImport reads policies from an uploaded file: all of them or, when one
// makes no sense, none.
func (a *API) policyImport(ctx context.Context, r *Request) (*Answer, error) {
	f, ok2 := r.Params.File("file")
	content := string(f.Data)
	if !ok2 {
		var err error
		if content, err = r.Params.Required("file"); err != nil {
			return nil, err
		}
	}
	if content == "" {
		return nil, mfaerr.NewParameter("Error loading policy. File empty!")
	}
	specs, err := policy.ParseINI(content)
	if err != nil {
		return nil, err
	}
	rows := make([]policy.Row, len(specs))
	var warnings []string
	for i, s := range specs {
		if rows[i], err = a.appliedPolicy(r, s); err != nil {
			return nil, err
		}
		more, err := a.policyWarnings(ctx, r, rows[i])
		if err != nil {
			return nil, err
		}
		warnings = append(warnings, more...)
	}
	if err := a.keepWriter(ctx, r, rows...); err != nil {
		return nil, err
	}
	err = a.Store.InTx(ctx, func(ctx context.Context) error {
		for _, row := range rows {
			if _, err := a.Store.SavePolicy(ctx, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text("imported " + itoa(len(specs)) + " policies from file " + r.Params.TextOr("filename", ""))
	return okDetail(len(specs), warned(warnings)), nil
}

// policyCheck tells which policies would decide.
func (a *API) policyCheck(ctx context.Context, r *Request) (*Answer, error) {
	q, need, err := a.policyQuestion(r)
	if err != nil {
		return nil, err
	}
	list, err := r.Snap.Policies.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Detail = text("action = " + need["action"] + ", realm = " + need["realm"] + ", scope = " + need["scope"])
	if len(list) == 0 {
		return ok(map[string]any{"allowed": false, "info": "No policies found"}), nil
	}
	r.Audit.Info = text("allowed by policy " + pyText(policy.Names(list)))
	return ok(map[string]any{"allowed": true, "policy": policyViews(list)}), nil
}

// policyQuestion reads what GET /policy/check and /policy/explain ask.
func (a *API) policyQuestion(r *Request) (q policy.Query, need map[string]string, err error) {
	p := lowerParams(r)
	need = map[string]string{}
	for _, name := range []string{"user", "realm", "scope", "action"} {
		v, err := p.Required(name)
		if err != nil {
			return q, nil, err
		}
		need[name] = v
	}
	user, realmName := need["user"], need["realm"]
	q = a.query(r, need["scope"], need["action"])
	q.Login, q.Realm = &user, &realmName
	if resolver, given := p.Text("resolver"); given {
		q.Resolver = &resolver
	}
	if client, given := p.Text("client"); given {
		addr, err := parseAddr(client)
		if err != nil {
			return q, nil, mfaerr.NewParameter("The client '%s' is no IP address.", client)
		}
		q.Client = addr
	}
	return q, need, nil
}
