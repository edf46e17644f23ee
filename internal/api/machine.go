package api

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/machine"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/user"
)

// needsOnMachine is needs for calls whose parameters user and realm are options
// of attachments and name nobody: the right is needed for the token that the
// request names.
func (a *API) needsOnMachine(action string) Step {
	return func(next Operation) Operation {
		return func(ctx context.Context, r *Request) (*Answer, error) {
			t, err := a.requestToken(ctx, r)
			if err != nil {
				return nil, err
			}
			a.noteOnMachine(ctx, r, t, action == "fetch_authentication_items")
			if t != nil {
				err = a.reach(ctx, r, action, t)
			} else {
				q := a.callerQuery(r, action)
				q.User = nil
				err = a.allowed(ctx, r, q, action)
			}
			if err != nil {
				return nil, err
			}
			return next(ctx, r)
		}
	}
}

// noteOnMachine writes to the audit whom the parameters name, or whose the token
// is. For servers that fetch keys nobody is looked up: they wait for them.
func (a *API) noteOnMachine(ctx context.Context, r *Request, t *token.Token, fetching bool) {
	r.Audit.Serial = optional(r, "serial")
	r.Audit.User, r.Audit.Realm, r.Audit.Resolver = optional(r, "user"), optional(r, "realm"), optional(r, "resolver")
	if t != nil {
		r.Audit.TokenType = text(t.Type)
	}
	var u user.User
	var err error
	switch typed := r.Params.TextOr("user", ""); {
	case fetching:
	case typed != "":
		realm, given := r.Params.Text("realm")
		u, err = r.Users.FromParams(ctx, typed, realm, given, r.Params.TextOr("resolver", ""))
	case t != nil && t.Owner != nil:
		u, err = r.Users.ByID(ctx, t.Owner.UserID, t.Owner.Resolver, t.Owner.RealmID)
	}
	if err == nil && !u.Empty() {
		r.Audit.ForUser(u)
	}
}

// withinRight leaves of attachments those whose tokens the caller has the right
// for.
func (a *API) withinRight(ctx context.Context, r *Request, action string, list []machine.Attachment) ([]machine.Attachment, error) {
	if all, err := a.everywhere(ctx, r, action); err != nil || all {
		return list, err
	}
	serials := []string{}
	for _, x := range list {
		if !slices.Contains(serials, x.Serial) {
			serials = append(serials, x.Serial)
		}
	}
	reachable := map[string]bool{}
	for part := range slices.Chunk(serials, 500) {
		tokens, err := a.Store.Tokens(ctx, token.Filter{Serials: part}, token.Whole)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			err := a.reach(ctx, r, action, t)
			if err != nil && !mfaerr.Is(err, mfaerr.Policy) {
				return nil, err
			}
			reachable[t.Serial] = err == nil
		}
	}
	return slices.DeleteFunc(list, func(x machine.Attachment) bool { return !reachable[x.Serial] }), nil
}

// everywhere reports whether the caller has a right for all users: by a policy
// that names no realm, resolver, user or condition, or because there is none.
func (a *API) everywhere(ctx context.Context, r *Request, action string) (bool, error) {
	if !r.Snap.Policies.HasActive(policy.ScopeAdmin) {
		return true, nil
	}
	q := a.callerQuery(r, action)
	q.User = nil
	list, err := r.Snap.Policies.Match(ctx, q)
	return slices.ContainsFunc(list, func(p *policy.Policy) bool {
		row := p.Row
		return row.Realm == "" && row.Resolver == "" && row.User == "" && len(row.Conditions) == 0
	}), err
}

// machineList lists machines; a parameter ip that is no address is passed over.
func (a *API) machineList(ctx context.Context, r *Request) (*Answer, error) {
	p := r.Params
	q := machine.Filter{ID: p.TextOr("id", ""), Hostname: p.TextOr("hostname", ""), Any: p.TextOr("any", "")}
	if ip, err := netip.ParseAddr(p.TextOr("ip", "")); err == nil {
		q.IP = ip.String()
	}
	part := p.TextOr("resolver", "")
	list, err := a.Machines.Find(ctx, q, func(name string) bool { return strings.Contains(name, part) })
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, m := range list {
		row := map[string]any{"id": m.ID, "hostname": any(texts(m.Hostnames)), "ip": nil, "resolver_name": m.Resolver}
		if m.One {
			row["hostname"] = nil
			if len(m.Hostnames) > 0 {
				row["hostname"] = m.Hostnames[0]
			}
		}
		if m.IP != "" {
			row["ip"] = m.IP
		}
		out = append(out, row)
	}
	r.Audit.Success = 1
	r.Audit.Info = text("hostname: " + shownParam(r, "hostname") + ", ip: " + shownParam(r, "ip"))
	return ok(out), nil
}

// shownParam is a parameter as the audit shows it.
func shownParam(r *Request, name string) string {
	v, given := r.Params.Text(name)
	return textOrNone(v, given)
}

// place is the machine that a request names, by its host name or by id and
// store; nil for none.
func (a *API) place(ctx context.Context, r *Request) (*machine.Place, error) {
	p := machine.Place{Resolver: r.Params.TextOr("resolver", ""), MachineID: r.Params.TextOr("machineid", "")}
	if hostname := r.Params.TextOr("hostname", ""); hostname != "" {
		m, err := a.Machines.ByName(ctx, hostname)
		if err != nil {
			return nil, err
		}
		return &machine.Place{Resolver: m.Resolver, MachineID: m.ID}, nil
	}
	switch {
	case p == machine.Place{}:
		return nil, nil
	case p.MachineID == machine.AnyMachine && (p.Resolver == machine.NoResolver || p.Resolver == ""):
		return &machine.Place{}, nil
	case p.Resolver == "" || p.MachineID == "":
		return nil, mfaerr.NewParameter("A machine is named by hostname, or by machineid and resolver.")
	}
	return &p, nil
}

// attachmentOptions are the parameters that are no names of the call itself.
func attachmentOptions(r *Request, names ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range r.Params.Names() {
		if slices.Contains(names, name) {
			continue
		}
		v := r.Params.TextOr(name, "")
		if len([]rune(name)) > machine.MaxKey || len([]rune(v)) > machine.MaxValue {
			return nil, mfaerr.NewParameter("The option '%.64s' or its value is longer than %d characters.", name, machine.MaxValue)
		}
		out[name] = v
	}
	return out, nil
}

// machineAttach attaches a token to a machine, or to any.
func (a *API) machineAttach(ctx context.Context, r *Request) (*Answer, error) {
	x := machine.Attachment{}
	var err error
	if x.Serial, err = r.Params.Required("serial"); err != nil {
		return nil, err
	}
	if x.Application, err = r.Params.Required("application"); err != nil {
		return nil, err
	}
	if v, given := r.Params.Text("resolver"); given && v == "" {
		r.Params.Delete("machineid") // the form of the interface for any machine
	}
	at, err := a.place(ctx, r)
	if err != nil {
		return nil, err
	}
	if at != nil {
		x.Resolver, x.MachineID = at.Resolver, at.MachineID
	}
	if x.Options, err = attachmentOptions(r, "hostname", "machineid", "resolver", "serial", "application"); err != nil {
		return nil, err
	}
	if app, known := a.application(x.Application); known {
		if err := app.Check(x.Options); err != nil {
			return nil, err
		}
	}
	id, err := a.Store.AttachToken(ctx, x)
	if err != nil {
		return nil, a.missing(err, "There is no such token or machine resolver.")
	}
	a.noteAttachment(r, x.Serial, x.Application)
	return ok(id), nil
}

func (a *API) noteAttachment(r *Request, serial, application string) {
	r.Audit.Success = 1
	r.Audit.Info = text("serial: " + serial + ", application: " + application)
}

// machineDetach ends what an application does with a token on a machine, or on
// all of them. Without anything to end it answers null.
func (a *API) machineDetach(ctx context.Context, r *Request) (*Answer, error) {
	serial, application := r.Params.TextOr("serial", ""), r.Params.TextOr("application", "")
	if t, err := a.requestToken(ctx, r); err != nil || t == nil {
		if err == nil {
			err = errNoToken()
		}
		return nil, err
	}
	f := machine.Attachments{Serial: serial, Application: application}
	if at := (machine.Place{Resolver: r.Params.TextOr("resolver", ""), MachineID: r.Params.TextOr("machineid", "")}); at.MachineID != machine.AnyMachine {
		f.At = &at
	}
	list, err := a.Store.Attachments(ctx, f)
	if err != nil {
		return nil, err
	}
	n, err := a.Store.DetachTokens(ctx, attachmentIDs(list)...)
	if err != nil {
		return nil, err
	}
	a.noteAttachment(r, serial, application)
	if n == 0 {
		return ok(nil), nil
	}
	return ok(n), nil
}

func attachmentIDs(list []machine.Attachment) []int64 {
	ids := make([]int64, len(list))
	for i, x := range list {
		ids[i] = x.ID
	}
	return ids
}

// machineDetachOne ends one attachment of a token.
func (a *API) machineDetachOne(ctx context.Context, r *Request) (*Answer, error) {
	serial, application := r.Params.TextOr("serial", ""), r.Params.TextOr("application", "")
	id, err := strconv.ParseInt(r.Params.TextOr("mtid", ""), 10, 64)
	if err != nil {
		return nil, mfaerr.NewParameter("The parameter 'mtid' must be a number.")
	}
	list, err := a.Store.Attachments(ctx, machine.Attachments{ID: id, Serial: serial, Application: application})
	if err != nil {
		return nil, err
	}
	n := int64(0)
	if id != 0 {
		if n, err = a.Store.DetachTokens(ctx, attachmentIDs(list)...); err != nil {
			return nil, err
		}
	}
	a.noteAttachment(r, serial, application)
	return ok(n), nil
}

// machineOptions sets options of attachments; an empty value removes one.
func (a *API) machineOptions(ctx context.Context, r *Request) (*Answer, error) {
	options, err := attachmentOptions(r, "hostname", "machineid", "resolver", "serial", "application", "client", "g", "mtid")
	if err != nil {
		return nil, err
	}
	var remove []string
	for _, name := range r.Params.Names() {
		if v, has := options[name]; has && v == "" {
			remove = append(remove, name)
			delete(options, name)
		}
	}
	list, err := a.namedAttachments(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if app, known := a.application(x.Application); known {
			for name, v := range options {
				x.Options[name] = v
			}
			for _, name := range remove {
				delete(x.Options, name)
			}
			if err := app.Check(x.Options); err != nil {
				return nil, err
			}
		}
	}
	if err := a.Store.SetAttachmentOptions(ctx, attachmentIDs(list), options, remove); err != nil {
		return nil, a.missing(err, "The attachment does not exist.")
	}
	a.noteAttachment(r, shownParam(r, "serial"), shownParam(r, "application"))
	return ok(map[string]any{"added": len(options), "deleted": len(remove)}), nil
}

// namedAttachments are those of the parameter mtid, or those of serial,
// application and machine; all within the caller's right.
func (a *API) namedAttachments(ctx context.Context, r *Request) ([]machine.Attachment, error) {
	f := machine.Attachments{Serial: r.Params.TextOr("serial", ""), Application: r.Params.TextOr("application", "")}
	if text := r.Params.TextOr("mtid", ""); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, mfaerr.NewParameter("The parameter 'mtid' must be a number.")
		}
		list, err := a.Store.Attachments(ctx, machine.Attachments{ID: id, Serial: f.Serial})
		if err != nil {
			return nil, err
		}
		if len(list) == 0 || id == 0 {
			return nil, mfaerr.NewNotFound("The attachment does not exist.")
		}
		t, err := a.Store.Tokens(ctx, token.Filter{Serials: []string{list[0].Serial}}, token.Whole)
		if err != nil || len(t) != 1 {
			return nil, cmp.Or(err, errNoToken())
		}
		return list, a.reach(ctx, r, "manage_machine_tokens", t[0])
	}
	for _, name := range []string{"serial", "application"} {
		if _, err := r.Params.RequiredNonEmpty(name); err != nil {
			return nil, err
		}
	}
	if t, err := a.requestToken(ctx, r); err != nil || t == nil {
		return nil, cmp.Or(err, errNoToken())
	}
	var err error
	if f.At, err = a.place(ctx, r); err != nil {
		return nil, err
	}
	if f.At == nil {
		return nil, mfaerr.NewParameter("A machine is named by hostname, or by machineid and resolver.")
	}
	return a.Store.Attachments(ctx, f)
}
