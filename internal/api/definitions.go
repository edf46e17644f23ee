package api

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
	"edumfa/internal/tokentype"
)

// nameStore lists the names of what is configured, for choices in forms.
type nameStore interface {
	// ServerNames are the names of a table of definitions, in the order in which
	// they were made: smtpserver, radiusserver, edumfaserver, caconnector,
	// smsgateway, tokengroup, admin.
	ServerNames(ctx context.Context, table string) ([]string, error)
	// GatewayNames are the SMS gateways of a provider module.
	GatewayNames(ctx context.Context, module string) ([]string, error)
}

// firebaseModule is the provider of push gateways.
const firebaseModule = "edumfa.lib.smsprovider.FirebaseProvider.FirebaseProvider"

// missing turns the store's "not found" into an answer of 404.
func (a *API) missing(err error, format string, args ...any) error {
	if isNotFound(a, err) {
		return mfaerr.NewNotFound(format, args...)
	}
	return err
}

// policyDefs describes the actions of policies with the values that can be
// chosen now.
func (a *API) policyDefs(ctx context.Context, r *Request) (*Answer, error) {
	scope, one := r.Params.Text("scope")
	r.Audit.Success = 1
	if one {
		r.Audit.Info = text(scope)
	}
	switch scope {
	case "conditions":
		return ok(map[string]any{"sections": described(policy.SectionHelp()), "comparators": described(policy.ComparatorHelp())}), nil
	case "edumfanodes":
		return ok(texts(a.Config.Nodes())), nil
	}
	d, err := a.dynamic(ctx, r)
	if err != nil {
		return nil, err
	}
	catalog := a.PolicyDefinitions(d)
	if one {
		if found, known := catalog.JSON(scope); known {
			return ok(found), nil
		}
		return ok(nil), nil
	}
	all := map[string]any{}
	for _, s := range catalog.Scopes() {
		all[s], _ = catalog.JSON(s)
	}
	return ok(all), nil
}

func described(help map[string]string) map[string]any {
	out := make(map[string]any, len(help))
	for name, text := range help {
		out[name] = map[string]any{"description": text}
	}
	return out
}

// dynamic collects the names that definitions offer.
func (a *API) dynamic(ctx context.Context, r *Request) (action.Dynamic, error) {
	d := action.Dynamic{Realms: r.Snap.Realms.Names(), Resolvers: r.Snap.Realms.ResolverNames()}
	var err error
	for _, x := range []struct {
		table string
		into  *[]string
	}{{"smtpserver", &d.SMTPServers}, {"radiusserver", &d.RADIUSServers}, {"caconnector", &d.CAConnectors}} {
		if *x.into, err = a.Store.ServerNames(ctx, x.table); err != nil {
			return d, err
		}
	}
	if d.FirebaseGateways, err = a.Store.GatewayNames(ctx, firebaseModule); err != nil {
		return d, err
	}
	for _, t := range a.Types.All() {
		i := t.Info()
		d.TokenTypes = append(d.TokenTypes, i.Name)
		if i.Authenticates && i.Challenges {
			d.ChallengeTypes = append(d.ChallengeTypes, i.Name)
		}
		if enrolledAtLogin(t) {
			d.MultichallengeTypes = append(d.MultichallengeTypes, strings.ToUpper(i.Name))
		}
	}
	slices.Sort(d.TokenTypes)
	slices.Sort(d.ChallengeTypes)
	slices.Sort(d.MultichallengeTypes)
	return d, nil
}

// enrolledAtLogin are the types that a login can enrol.
func enrolledAtLogin(t tokentype.Type) bool {
	return slices.Contains([]string{"hotp", "totp", "daypassword", "email", "sms", "push", "edupush"}, t.Info().Name)
}
