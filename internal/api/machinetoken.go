package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"edumfa/internal/machine"
)

// machineTokens lists attachments: of one token with the names of its machines,
// else of a machine, or all that fit.
func (a *API) machineTokens(ctx context.Context, r *Request) (*Answer, error) {
	filter := optionFilter(r, "hostname", "machineid", "resolver", "serial", "application", "client", "g", "sortby", "sortdir", "page", "pagesize")
	serial := r.Params.TextOr("serial", "")
	named := serial != "" && !strings.Contains(serial, "*")
	if named {
		if t, err := a.requestToken(ctx, r); err != nil || t == nil {
			return nil, cmp.Or(err, errNoToken())
		}
	}
	var rows []attached
	var err error
	if named && len(filter) == 0 && r.Params.TextOr("hostname", "")+r.Params.TextOr("machineid", "")+r.Params.TextOr("resolver", "") == "" {
		rows, err = a.machinesOfToken(ctx, serial)
	} else {
		rows, err = a.tokensOfMachine(ctx, r, serial, filter)
	}
	if err != nil {
		return nil, err
	}
	sortAttached(rows, r.Params.TextOr("sortby", "serial"), r.Params.TextOr("sortdir", "asc") == "desc")
	out := make([]any, len(rows))
	for i, row := range rows {
		out[i] = row.view
	}
	r.Audit.Success = 1
	r.Audit.Info = text("serial: " + shownParam(r, "serial") + ", hostname: " + shownParam(r, "hostname"))
	return ok(out), nil
}

// attached is an attachment as a list shows it.
type attached struct {
	machine.Attachment
	view map[string]any
}

func attachedRow(x machine.Attachment) attached {
	options := map[string]any{}
	for k, v := range x.Options {
		options[k] = v
	}
	return attached{x, map[string]any{"serial": x.Serial, "application": x.Application, "id": x.ID, "options": options}}
}

func sortAttached(rows []attached, by string, desc bool) {
	key := func(x attached) string {
		if by == "serial" {
			return x.Serial
		}
		return x.Options[by]
	}
	slices.SortStableFunc(rows, func(x, y attached) int {
		if desc {
			return cmp.Compare(key(y), key(x))
		}
		return cmp.Compare(key(x), key(y))
	})
}

// machinesOfToken are the attachments of a token with their machines as they are
// known now.
func (a *API) machinesOfToken(ctx context.Context, serial string) ([]attached, error) {
	list, err := a.Store.Attachments(ctx, machine.Attachments{Serial: serial})
	if err != nil {
		return nil, err
	}
	var rows []attached
	for _, x := range list {
		row := attachedRow(x)
		row.view["machine_id"], row.view["resolver"], row.view["hostname"] = x.MachineID, x.Resolver, "unknown"
		if x.Resolver == "" || x.MachineID == "" {
			row.view["machine_id"], row.view["resolver"], row.view["hostname"] = cmp.Or(x.MachineID, machine.AnyMachine), machine.NoResolver, machine.AnyHost
		} else if m, found, err := a.Machines.At(ctx, machine.Place{Resolver: x.Resolver, MachineID: x.MachineID}); err != nil {
			return nil, err
		} else if found && len(m.Hostnames) > 0 {
			row.view["hostname"] = m.Hostnames[0]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// tokensOfMachine are the attachments to the machine that the request names, or
// to all of them.
func (a *API) tokensOfMachine(ctx context.Context, r *Request, serial string, filter map[string]string) ([]attached, error) {
	if r.Params.TextOr("machineid", "") == machine.AnyMachine {
		for _, name := range []string{"hostname", "machineid", "resolver"} {
			r.Params.Delete(name)
		}
	}
	list, at, err := a.findAttachments(ctx, r, machine.Attachments{Application: r.Params.TextOr("application", "")}, filter)
	if err != nil {
		return nil, err
	}
	if list, err = a.withinRight(ctx, r, "manage_machine_tokens", list); err != nil {
		return nil, err
	}
	var rows []attached
	for _, x := range list {
		if serial != "" && !startsLike(x.Serial, serial) {
			continue
		}
		row := attachedRow(x)
		row.view["type"], row.view["machine_id"], row.view["resolver"] = x.TokenType, nil, nil
		if at != nil {
			row.view["machine_id"], row.view["resolver"] = at.MachineID, at.Resolver
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// findAttachments finds those on the machine that the request names and whose
// options fit. The option service_id stands for all machines of a service.
func (a *API) findAttachments(ctx context.Context, r *Request, f machine.Attachments, filter map[string]string) ([]machine.Attachment, *machine.Place, error) {
	if filter["service_id"] == "" {
		at, err := a.place(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		f.At = at
	}
	list, err := a.Store.Attachments(ctx, f)
	return slices.DeleteFunc(list, func(x machine.Attachment) bool { return !optionsFit(x.Options, filter) }), f.At, err
}

// optionFilter are the parameters that ask for options: all that are no names of
// the call itself.
func optionFilter(r *Request, names ...string) map[string]string {
	out := map[string]string{}
	for _, name := range r.Params.Names() {
		if !slices.Contains(names, name) {
			out[name] = r.Params.TextOr(name, "")
		}
	}
	return out
}

// optionsFit compares options; an option that is not set is empty.
func optionsFit(options, filter map[string]string) bool {
	for name, want := range filter {
		have := options[name]
		if strings.Contains(want, "*") && !startsLike(have, want) || !strings.Contains(want, "*") && have != want {
			return false
		}
	}
	return true
}

// startsLike reports whether a text begins as a pattern says, in which * stands
// for any text; letter case does not count. A pattern without a star is the
// whole text.
func startsLike(s, pattern string) bool {
	if !strings.Contains(pattern, "*") {
		return s == pattern
	}
	s, pattern = strings.ToLower(s), strings.ToLower(pattern)
	for i, part := range strings.Split(pattern, "*") {
		at := strings.Index(s, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return true
}
