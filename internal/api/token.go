package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/resolver"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// tokenList is a page of tokens.
func (a *API) tokenList(ctx context.Context, r *Request) (*Answer, error) {
	page, size, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	f, err := a.listFilter(ctx, r)
	if err != nil {
		return nil, err
	}
	if f.AllowedRealms, err = a.listRealms(ctx, r, "tokenlist"); err != nil {
		return nil, err
	}
	order := token.Order{By: r.Params.TextOr("sortby", "serial"), Desc: r.Params.TextOr("sortdir", "asc") == "desc"}
	list, total, err := a.Store.TokenPage(ctx, f, order, (page-1)*size, size, token.Whole)
	if err != nil {
		return nil, err
	}
	a.settle(ctx, r, list)
	rows, err := a.tokenRows(ctx, r, list)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text("realm: None")
	if f.AllowedRealms != nil {
		r.Audit.Info = text("realm: " + pyText(f.AllowedRealms))
	}
	if r.Params.TextOr("outform", "") == "csv" {
		return csvAnswer(rows, tokenColumns()), nil
	}
	return ok(paged("tokens", rows, page, size, total)), nil
}

// paged is the form of all lists with pages.
func paged(name string, rows []any, page, size, total int) map[string]any {
	v := map[string]any{name: rows, "count": total, "current": page, "prev": nil, "next": nil}
	if page > 1 {
		v["prev"] = page - 1
	}
	if page*size < total {
		v["next"] = page + 1
	}
	return v
}

// listFilter reads the conditions of a list.
func (a *API) listFilter(ctx context.Context, r *Request) (token.Filter, error) {
	p := r.Params
	f := token.Filter{
		SerialLike: p.TextOr("serial", ""), Type: p.TextOr("type", ""), Description: p.TextOr("description", ""), Realm: p.TextOr("tokenrealm", ""),
		Resolver: p.TextOr("resolver", ""), UserID: p.TextOr("userid", ""),
	}
	if key, v := p.TextOr("infokey", ""), p.TextOr("infovalue", ""); key != "" && v != "" {
		f.InfoKey, f.InfoVal = key, v
	}
	if r.SelfService() || r.namesUser() && !unknownResolver(r) {
		if !r.User.Exists() {
			if _, known := r.Snap.Realms.Realm(r.User.Realm); !known && r.User.Realm != "" {
				return f, mfaerr.NewNotFound("Realm '%s' does not exist.", r.User.Realm)
			}
			return f, user.ErrMissing()
		}
		f.Of = &token.Owner{UserID: r.User.ID, Resolver: r.User.Resolver, RealmID: r.User.RealmID}
		f.Resolver = ""
	}
	if v, given := p.Text("rollout_state"); given {
		f.State = &v
	}
	if v := p.TextOr("assigned", ""); v != "" {
		f.Assigned = wordTrue(v)
	}
	if v, given := p.Text("active"); given {
		f.Active = wordTrue(v)
	}
	return f, nil
}

// unknownResolver reports whether the request names a resolver that does not
// exist: the list of tokens of its users is empty, whoever is named beside it.
func unknownResolver(r *Request) bool {
	name := r.Params.TextOr("resolver", "")
	if name == "" || strings.Contains(name, "*") {
		return false
	}
	_, known := r.Snap.Realms.Instance(name)
	return !known
}

// wordTrue reads the filters of lists: only the word true is true.
func wordTrue(v string) *bool {
	b := strings.EqualFold(v, "true")
	return &b
}

// pageOf reads which page of how many rows is wanted.
func pageOf(r *Request) (page, size int, err error) {
	if page, err = r.Params.Int("page", 1); err != nil {
		return 0, 0, err
	}
	if size, err = r.Params.Int("pagesize", 15); err != nil {
		return 0, 0, err
	}
	if size == 0 {
		size = 20
	}
	return min(max(1, page), 1<<30), min(max(1, size), 1<<30), nil
}

// listRealms are the realms whose tokens an administrator sees by a right; nil
// is all of them.
func (a *API) listRealms(ctx context.Context, r *Request, action string) ([]string, error) {
	if !r.Admin() {
		return nil, nil
	}
	if !r.Snap.Policies.HasActive(policy.ScopeAdmin) {
		return nil, nil
	}
	q := a.query(r, policy.ScopeAdmin, action)
	q.AdminUser, q.AdminRealm = &r.Caller.Username, &r.Caller.Realm
	list, err := r.Snap.Policies.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	realms := []string{}
	byResolver := false
	for _, p := range list {
		r.Audit.Policy(p.Name())
		view := p.View()
		switch {
		case len(view.Realm) > 0 && (len(view.Realm) > 1 || view.Realm[0] != "*"):
			realms = append(realms, view.Realm...)
		case len(view.Resolver) > 0:
			byResolver = true
		default:
			return nil, nil
		}
	}
	if action == "tokenlist" && !byResolver {
		return realms, nil // as they are written: other programs take no patterns here
	}
	ruled, all, err := ruledRealms(r, list)
	if err != nil || all {
		return nil, err
	}
	return append([]string{}, ruled...), nil
}

// tokenRows describes tokens for a list; their owners are looked up together.
func (a *API) tokenRows(ctx context.Context, r *Request, list []*token.Token) ([]any, error) {
	owners := a.owners(ctx, r, list)
	hidden, err := a.policyValues(ctx, r, a.hideQuery(r), policy.Words)
	if err != nil {
		return nil, err
	}
	rows := make([]any, 0, len(list))
	for _, t := range list {
		row := tokenRow(t, owners, hidden)
		typ, _ := a.Types.Get(t.TypeKey())
		info := row["info"].(map[string]any)
		if v, has := typ.(tokentype.InfoViewer); has {
			v.ViewInfo(info)
		}
		if v, has := typ.(tokentype.InfoAdder); has {
			if err := a.addInfo(ctx, r, v, t, info, hidden); err != nil {
				return nil, err
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (a *API) hideQuery(r *Request) policy.Query { return a.callerQuery(r, "hide_tokeninfo") }

type ownerKey struct{ resolver, id string }

type ownerView struct {
	login    string
	editable bool
	broken   bool
}

// owners resolves the owners of a page, one question for each resolver.
func (a *API) owners(ctx context.Context, r *Request, list []*token.Token) map[ownerKey]ownerView {
	ids := map[string][]string{}
	out := map[ownerKey]ownerView{}
	for _, t := range list {
		if t.Owner == nil {
			continue
		}
		k := ownerKey{t.Owner.Resolver, t.Owner.UserID}
		if _, seen := out[k]; !seen {
			out[k] = ownerView{broken: true}
			ids[k.resolver] = append(ids[k.resolver], k.id)
		}
	}
	for name, wanted := range ids {
		i, ok := r.Snap.Realms.Instance(name)
		if !ok || i.Live == nil {
			continue
		}
		w, can := i.Live.(resolver.Writer)
		editable := can && w.Editable()
		found, err := resolver.Many(ctx, i.Live, wanted)
		if err != nil {
			a.Log.WarnContext(ctx, "owners of tokens cannot be looked up", "resolver", name, "error", err)
			continue
		}
		for _, id := range wanted {
			out[ownerKey{name, id}] = ownerView{login: found[id].Login, editable: editable}
		}
	}
	return out
}

// tokenColumns are the members of a token's row in the order of the CSV.
func tokenColumns() []string {
	return []string{"id", "description", "serial", "tokentype", "info", "resolver", "user_id", "otplen", "maxfail", "active", "revoked", "locked",
		"failcount", "count", "count_window", "sync_window", "rollout_state", "realms", "tokengroup", "username", "user_realm", "user_editable"}
}

// tokenRow is a token as lists show it.
func tokenRow(t *token.Token, owners map[ownerKey]ownerView, hidden []string) map[string]any {
	info := map[string]any{}
	for k, v := range t.Info {
		if slices.Contains(hidden, k) {
			continue
		}
		info[k] = v.Value
		if v.Type != "" && !slices.Contains(hidden, k+".type") {
			info[k+".type"] = v.Type
		}
	}
	row := map[string]any{
		"id": t.ID, "serial": t.Serial, "tokentype": t.Type, "description": t.Description, "active": t.Active, "revoked": t.Revoked,
		"locked": t.Locked, "failcount": t.FailCount, "maxfail": t.MaxFail, "count": t.Count, "count_window": t.CountWindow,
		"sync_window": t.SyncWindow, "otplen": t.OTPLen, "rollout_state": t.State, "info": info,
		"realms": texts(t.Realms), "tokengroup": texts(t.Groups),
		"username": "", "user_realm": "", "user_id": "", "resolver": "",
	}
	if t.Owner == nil {
		return row
	}
	row["user_id"], row["resolver"], row["user_realm"] = t.Owner.UserID, t.Owner.Resolver, t.Owner.Realm
	o := owners[ownerKey{t.Owner.Resolver, t.Owner.UserID}]
	row["username"], row["user_editable"] = o.login, o.editable
	if o.broken {
		row["username"] = "**resolver error**"
	}
	return row
}
