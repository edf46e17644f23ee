// Package transfer moves configuration in and out of an installation: policies,
// events, resolvers, realms, settings and servers as Python literals, JSON or
// YAML. An import is one transaction: all of a file or nothing of it.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/event"
	"edumfa/internal/machine"
	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
	"edumfa/internal/radius"
	"edumfa/internal/realm"
	"edumfa/internal/remoteserver"
	"edumfa/internal/resolver"
	"edumfa/internal/settings"
	"edumfa/internal/smsprovider"
	"edumfa/internal/smtpserver"
)

// Store is what the package needs of the database.
type Store interface {
	InTx(ctx context.Context, f func(ctx context.Context) error) error

	Policies(ctx context.Context) ([]policy.Row, error)
	SavePolicy(ctx context.Context, p policy.Row) (id int64, err error)
	DeletePolicy(ctx context.Context, name string) (id int64, err error)

	Events(ctx context.Context) ([]event.Row, error)
	SaveEvent(ctx context.Context, e event.Row) (id int64, err error)
	DeleteEvent(ctx context.Context, id int64) error

	Resolvers(ctx context.Context) ([]resolver.Stored, error)
	SetResolver(ctx context.Context, s resolver.Stored) (id int64, err error)
	// DropResolver deletes a resolver and takes it out of its realms.
	DropResolver(ctx context.Context, name string) (id int64, err error)

	Realms(ctx context.Context) ([]realm.Row, error)
	SetRealm(ctx context.Context, name string, links []realm.Link) (added, failed []string, err error)
	SetDefaultRealm(ctx context.Context, name string) (id int64, err error)

	Settings(ctx context.Context) ([]settings.Entry, error)
	SetSetting(ctx context.Context, e settings.Entry) (inserted bool, err error)

	taskStore
	SMTPServers(ctx context.Context) ([]smtpserver.Server, error)
	SaveSMTPServer(ctx context.Context, s smtpserver.Server) (id int64, err error)
	RADIUSServers(ctx context.Context) ([]radius.Definition, error)
	SaveRADIUSServer(ctx context.Context, d radius.Definition) (id int64, err error)
	RemoteServers(ctx context.Context) ([]remoteserver.Server, error)
	SaveRemoteServer(ctx context.Context, s remoteserver.Server) (id int64, err error)
	CAConnectors(ctx context.Context) ([]ca.Definition, error)
	SaveCAConnector(ctx context.Context, d ca.Definition) (id int64, err error)
	SMSGateways(ctx context.Context) ([]smsprovider.Gateway, error)
	SaveSMSGateway(ctx context.Context, g smsprovider.Gateway) (id int64, err error)
	MachineStores(ctx context.Context) ([]machine.Definition, error)
	SaveMachineStore(ctx context.Context, d machine.Definition) (id int64, err error)
}

// Transfer is safe for use by one goroutine at a time.
type Transfer struct {
	Store Store
	// Kinds are the kinds of resolvers, which know what is secret.
	Kinds []resolver.Kind
	// MachineKinds are the kinds of machine stores.
	MachineKinds []machine.Kind
	// CAKinds are the kinds of CA connectors.
	CAKinds []ca.Kind
	// CATemplates tells the templates of a connector for an export; nil tells none.
	CATemplates func(ctx context.Context, d ca.Definition) any
	// Seal encrypts a secret for the database, Open decrypts one.
	Seal func(clear string) (string, error)
	Open func(stored string) (string, error)
}

// Options of an import.
type Options struct {
	// Name is the only object to import; "" is all.
	Name string
	// Update changes objects that are there already; otherwise they are left
	// alone.
	Update bool
	// Cleanup deletes all objects of the kind before. Resolvers are not deleted.
	Cleanup bool
	// Purge deletes objects that are not in the file.
	Purge bool
	// DryRun says what would be done and does nothing.
	DryRun bool
}

// errDryRun ends the transaction of an import that is not meant.
var errDryRun = errors.New("nothing is to be stored")

// kind is one sort of configuration.
type kind struct {
	name   string
	export func(t *Transfer, ctx context.Context, name string) (any, error)
	load   func(t *Transfer, ctx context.Context, data any, o Options, say report) error
}

// kinds lists them in the order of an import: what others refer to comes first.
func kinds() []kind {
	return []kind{
		{"resolver", (*Transfer).allResolvers, (*Transfer).loadResolvers},
		{"config", (*Transfer).Settings, (*Transfer).loadSettings},
		{"radiusserver", (*Transfer).RADIUSServers, (*Transfer).loadRADIUSServers},
		{"realm", (*Transfer).Realms, (*Transfer).loadRealms},
		{"smtpserver", (*Transfer).SMTPServers, (*Transfer).loadSMTPServers},
		{"policy", (*Transfer).Policies, (*Transfer).loadPolicies},
		{"machineresolver", (*Transfer).MachineStores, (*Transfer).loadMachineStores},
		{"caconnector", (*Transfer).CAConnectors, (*Transfer).loadCAConnectors},
		{"smsgateway", (*Transfer).SMSGateways, (*Transfer).loadSMSGateways},
		{"event", (*Transfer).Events, (*Transfer).loadEvents},
		{"edumfaserver", (*Transfer).RemoteServers, (*Transfer).loadRemoteServers},
		{"periodictask", (*Transfer).PeriodicTasks, (*Transfer).loadTasks},
	}
}

// Kinds names the sorts of configuration that can be exported and imported.
func Kinds() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.name)
	}
	return out
}

// Export gathers the kinds, each under its name, secrets in clear. A name other
// than "" leaves only the objects of that name.
func (t *Transfer) Export(ctx context.Context, names []string, object string) (*pyliteral.Dict, error) {
	out := pyliteral.NewDict()
	for _, k := range kinds() {
		if !slices.Contains(names, k.name) {
			continue
		}
		v, err := k.export(t, ctx, object)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		out.Set(k.name, v)
	}
	return out, nil
}

// Import stores those of the named kinds that are in the data, in one
// transaction, and says line by line what it did.
func (t *Transfer) Import(ctx context.Context, data *pyliteral.Dict, names []string, o Options) ([]string, error) {
	var lines []string
	err := t.Store.InTx(ctx, func(ctx context.Context) error {
		lines = nil // a transaction can run again
		say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
		for _, k := range kinds() {
			part, ok := data.Get(k.name)
			if !ok || !slices.Contains(names, k.name) {
				continue
			}
			if k.load == nil {
				if length(part) == 0 {
					continue
				}
				return fmt.Errorf("%s cannot be imported yet", k.name)
			}
			if err := k.load(t, ctx, part, o, say); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
		if o.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	return lines, nil
}

// report takes one line about what was done.
type report func(format string, args ...any)

func length(v any) int {
	if d, ok := v.(*pyliteral.Dict); ok {
		return d.Len()
	}
	list, _ := sequence(v)
	return len(list)
}

func sequence(v any) ([]any, bool) {
	switch x := v.(type) {
	case pyliteral.List:
		return x, true
	case pyliteral.Tuple:
		return x, true
	}
	return nil, false
}

// objects reads a list of dictionaries, or a dictionary of them by name.
func objects(v any) ([]*pyliteral.Dict, error) {
	list, ok := sequence(v)
	if d, isDict := v.(*pyliteral.Dict); isDict {
		ok = true
		for _, e := range d.All() {
			list = append(list, e)
		}
	}
	if !ok {
		return nil, errors.New("a list is expected")
	}
	out := make([]*pyliteral.Dict, len(list))
	for i, e := range list {
		if out[i], ok = e.(*pyliteral.Dict); !ok {
			return nil, fmt.Errorf("entry %d is no dictionary", i+1)
		}
	}
	return out, nil
}

// textOf is a value as a text; nothing is "".
func textOf(d *pyliteral.Dict, key string) string {
	v, _ := d.Get(key)
	return asText(v)
}

func asText(v any) string {
	if v == nil {
		return ""
	}
	return pyliteral.Str(v)
}

// truth reads True, 1, "true" and "1" as true; nothing is def.
func truth(v any, def bool) bool {
	if v == nil {
		return def
	}
	s := strings.ToLower(asText(v))
	return s == "true" || s == "1"
}

// name is what resolvers and realms may be called.
var namePattern = regexp.MustCompile(`\A[A-Za-z0-9_.-]+\z`)

// RealmName is the name under which a realm is kept: lower case, blanks as
// dashes.
func RealmName(name string) (string, error) {
	name = strings.ReplaceAll(strings.TrimSpace(strings.ToLower(name)), " ", "-")
	if !namePattern.MatchString(name) {
		return "", fmt.Errorf("a realm cannot be called %q: letters, digits, _ - . are allowed", name)
	}
	return name, nil
}
