package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"edumfa/internal/admin"
	"edumfa/internal/policy"
	"edumfa/internal/resolver"
)

// adminStore knows the local administrators.
type adminStore interface {
	Admins(ctx context.Context) ([]admin.Account, error)
}

// systemDocumentation writes down how the server is set up, as
// reStructuredText. Secrets are left out.
func (a *API) systemDocumentation(ctx context.Context, r *Request) (*Answer, error) {
	var b strings.Builder
	heading := func(title, line string) { fmt.Fprintf(&b, "\n%s\n%s\n\n", title, strings.Repeat(line, len(title))) }
	heading("Configuration of "+r.Node, "=")
	fmt.Fprintf(&b, "Written on %s.\n", r.Now.In(a.Local).Format("2006-01-02 15:04"))

	heading("System configuration", "-")
	entries := r.Snap.Settings.All()
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(&b, "* %s: %v\n", k, shownSetting(entries[k]))
	}

	heading("Resolvers", "-")
	for _, name := range r.Snap.Realms.ResolverNames() {
		if i, known := r.Snap.Realms.Instance(name); known {
			documentResolver(&b, i.Stored)
		}
	}

	heading("Realms", "-")
	for _, name := range r.Snap.Realms.Names() {
		fmt.Fprintf(&b, "* %s: %s", name, strings.Join(r.Snap.Realms.Order(name), ", "))
		if name == strings.ToLower(r.Snap.Realms.Default()) {
			b.WriteString(" (default)")
		}
		b.WriteString("\n")
	}

	heading("Policies", "-")
	for _, p := range r.Snap.Policies.All() {
		documentPolicy(&b, p)
	}

	heading("Administrators", "-")
	admins, err := a.Store.Admins(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range admins {
		fmt.Fprintf(&b, "* %s <%s>\n", x.Username, x.Email)
	}
	r.Audit.Success = 1
	return file("text/plain", "documentation.rst", strings.TrimLeft(b.String(), "\n")), nil
}

func documentResolver(b *strings.Builder, s resolver.Stored) {
	fmt.Fprintf(b, "%s (%s)\n", s.Name, s.Kind)
	for _, o := range s.Options {
		if o.Type != "password" {
			fmt.Fprintf(b, "  * %s: %s\n", o.Key, o.Value)
		}
	}
	b.WriteString("\n")
}

func documentPolicy(b *strings.Builder, p *policy.Policy) {
	v := p.View()
	fmt.Fprintf(b, "%s\n", v.Name)
	for _, x := range []struct{ name, value string }{
		{"scope", v.Scope}, {"action", p.Row.Action}, {"active", fmt.Sprint(v.Active)}, {"priority", itoa(v.Priority)}, {"realm", p.Row.Realm},
		{"resolver", p.Row.Resolver}, {"user", p.Row.User}, {"client", p.Row.Client}, {"time", v.Time}, {"adminrealm", p.Row.AdminRealm}, {"adminuser", p.Row.AdminUser},
	} {
		if x.value != "" {
			fmt.Fprintf(b, "  * %s: %s\n", x.name, x.value)
		}
	}
	b.WriteString("\n")
}
