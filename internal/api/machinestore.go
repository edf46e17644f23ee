package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/field"
	"edumfa/internal/machine"
	"edumfa/internal/mfaerr"
)

// machineStore keeps machine stores and what is attached to their machines.
type machineStore interface {
	machine.Definitions
	SaveMachineStore(ctx context.Context, d machine.Definition) (id int64, err error)
	DeleteMachineStore(ctx context.Context, name string) (id int64, err error)
	AttachToken(ctx context.Context, a machine.Attachment) (id int64, err error)
	Attachments(ctx context.Context, f machine.Attachments) ([]machine.Attachment, error)
	DetachTokens(ctx context.Context, ids ...int64) (n int64, err error)
	SetAttachmentOptions(ctx context.Context, ids []int64, set map[string]string, remove []string) error
}

// machineStores lists machine stores without their secrets.
func (a *API) machineStores(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.MachineStores(ctx)
	if err != nil {
		return nil, err
	}
	name, one := r.Params.Text("resolver")
	kind := r.Params.TextOr("type", "")
	out := map[string]any{}
	for _, d := range list {
		if one && !strings.EqualFold(d.Name, name) || !one && kind != "" && d.Kind != kind {
			continue
		}
		data := map[string]any{}
		for _, o := range d.Options {
			data[o.Key] = o.Value
			if o.Type == "password" {
				data[o.Key] = field.Censored
			}
		}
		out[d.Name] = map[string]any{"resolvername": d.Name, "type": d.Kind, "data": data}
	}
	r.Audit.Success = 1
	if one {
		r.Audit.Info, r.Audit.Resolver = text(name), text(name)
	}
	return ok(out), nil
}

// machineStoreSet makes a machine store or changes the options that are sent.
func (a *API) machineStoreSet(ctx context.Context, r *Request) (*Answer, error) {
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	name := r.Params.TextOr("resolver", "")
	if err := nameOf(name); err != nil {
		return nil, err
	}
	kind, err := a.Machines.Kind(kindName)
	if err != nil {
		return nil, err
	}
	old, err := a.machineDefinition(ctx, name)
	if err != nil {
		return nil, err
	}
	if old.ID != 0 {
		if old.Kind != kindName {
			return nil, mfaerr.NewConfig("There is a machine resolver '%s' of another type.", old.Name)
		}
		name = old.Name
	}
	d := machine.Definition{Name: name, Kind: kindName, Options: []machine.Option{{Key: "resolver", Value: name}}}
	for _, p := range r.Params.Names() {
		if slices.Contains([]string{"type", "resolver", "name"}, p) || strings.HasPrefix(p, "type.") || strings.HasPrefix(p, "desc.") {
			continue
		}
		o := machine.Option{Key: p, Value: r.Params.TextOr(p, ""), Type: r.Params.TextOr("type."+p, machineOptionType(kind, old, p)), Description: r.Params.TextOr("desc."+p, "")}
		if o.Type == "password" {
			if o.Value == field.Censored {
				continue
			}
			if o.Value, err = a.Keys.SealPassword(o.Value); err != nil {
				return nil, err
			}
		}
		d.Options = append(d.Options, o)
	}
	id, err := a.Store.SaveMachineStore(ctx, d)
	if err != nil {
		return nil, err
	}
	r.Audit.Resolver = text(name) // and no success: the row is as in the field
	return ok(id), nil
}

func machineOptionType(k machine.Kind, old machine.Definition, key string) string {
	for _, f := range k.Fields {
		if f.Name == key {
			return f.Type
		}
	}
	for _, o := range old.Options {
		if o.Key == key {
			return o.Type
		}
	}
	return ""
}

// machineDefinition finds a machine store by its name, without regard to letter
// case; an empty one where there is none.
func (a *API) machineDefinition(ctx context.Context, name string) (machine.Definition, error) {
	list, err := a.Store.MachineStores(ctx)
	if err != nil {
		return machine.Definition{}, err
	}
	for _, same := range []func(x string) bool{func(x string) bool { return x == name }, func(x string) bool { return strings.EqualFold(x, name) }} {
		if i := slices.IndexFunc(list, func(d machine.Definition) bool { return same(d.Name) }); i >= 0 {
			return list[i], nil
		}
	}
	return machine.Definition{}, nil
}

func (a *API) machineStoreDelete(ctx context.Context, r *Request) (*Answer, error) {
	name := r.Params.TextOr("resolver", "")
	id, err := a.Store.DeleteMachineStore(ctx, name)
	if err != nil {
		return nil, a.missing(err, "The requested MachineResolver could not be found.")
	}
	r.Audit.Success, r.Audit.Info, r.Audit.Resolver = id, text(name), text(name)
	return ok(id), nil
}

// machineStoreTest tries settings before they are stored. A stored password
// counts for the servers it is stored for only.
func (a *API) machineStoreTest(ctx context.Context, r *Request) (*Answer, error) {
	kindName, err := r.Params.Required("type")
	if err != nil {
		return nil, err
	}
	kind, err := a.Machines.Kind(kindName)
	if err != nil {
		return nil, err
	}
	v := field.Values{}
	for _, name := range r.Params.Names() {
		v[name] = r.Params.TextOr(name, "")
	}
	if err := a.machineSecrets(ctx, v); err != nil {
		return nil, err
	}
	if kind.Test == nil {
		return okDetail(false, map[string]any{"description": "Not Implemented"}), nil
	}
	right, description := kind.Test(ctx, v)
	return okDetail(right, map[string]any{"description": description}), nil
}

// machineSecrets puts the stored secrets of the machine store that the request
// names in the place of the word that stands for them. They stay with the servers
// they are for.
func (a *API) machineSecrets(ctx context.Context, v field.Values) error {
	old, err := a.machineDefinition(ctx, v["resolver"])
	if err != nil || old.ID == 0 || old.Kind != v["type"] {
		return err
	}
	stored := field.Values{}
	for _, o := range old.Options {
		stored[o.Key] = o.Value
	}
	for _, o := range old.Options {
		if o.Type != "password" || v[o.Key] != field.Censored {
			continue
		}
		if v["LDAPURI"] != stored["LDAPURI"] || v["START_TLS"] != stored["START_TLS"] || v["TLS_VERIFY"] != stored["TLS_VERIFY"] {
			return mfaerr.NewParameter("The stored secrets are not used for another server: please enter them.")
		}
		if v[o.Key], err = a.Keys.OpenPassword(o.Value); err != nil {
			return err
		}
	}
	return nil
}
