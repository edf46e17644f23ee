// Package u2f is the token type of security keys that were registered by the
// JavaScript interface of U2F. A token's key text is the hex of the key handle,
// tokeninfo has the point of the public key and the id of the application it
// belongs to.
//
// Browsers have given that interface up. They use such keys by WebAuthn with the
// extension appid, and the answers of both are taken here.
package u2f

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/securitykey"
	"edumfa/internal/settings"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Name of the type, and of its client mode.
const Name = "u2f"

const (
	infoAppID       = "appId"
	infoVerifyCert  = "u2f.verify_cert"
	settingAppID    = "u2f.appId"
	settingRP       = "u2f.webauthn_rp_id"
	defaultPrompt   = "Please confirm with your U2F token ({0})"
	facetsType      = "application/fido.trusted-apps+json"
	scopeEnrol      = policy.ScopeEnrollment
	scopeAuth       = policy.ScopeAuthentication
	scopeAuthz      = policy.ScopeAuthorization
	actionFilter    = "u2f_req"
	actionFacets    = "u2f_facets"
	actionText      = "u2f_challenge_text"
	actionUnchecked = "u2f_no_verify_certificate"
)

// Type is the token type.
type Type struct{}

var (
	_ tokentype.Type      = Type{}
	_ tokentype.Prompter  = Type{}
	_ tokentype.Responder = Type{}
	_ tokentype.Endpoint  = Type{}
)

// Info describes the type.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: Name, Prefix: "U2F", Title: "U2F Token", Description: "U2F: a security key.", ClientMode: Name,
		Authenticates: true, Challenges: true, NativeChallenge: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Verify finds nothing right: a key answers challenges only.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

// Endpoint lists the origins that may use keys of the application (FIDO AppID and
// Facet Specification, section 3.1.3).
func (Type) Endpoint(_ context.Context, e *tokentype.Env) (string, map[string]any, error) {
	if _, set := e.Settings.Entry(settingAppID); !set {
		return "", nil, mfaerr.NewParameter("u2f is not configured")
	}
	facets, err := e.Rules.Words(scopeAuth, actionFacets)
	if err != nil {
		return "", nil, err
	}
	ids := make([]any, 0, len(facets)+1)
	for _, f := range facets {
		ids = append(ids, "https://"+f)
	}
	ids = append(ids, appID(e.Settings))
	return facetsType, map[string]any{"trustedFacets": []any{map[string]any{"version": map[string]any{"major": 1, "minor": 0}, "ids": ids}}}, nil
}

// appID is the id of the application, "" when it is not configured.
func appID(s settings.Settings) string { return strings.Trim(s.Text(settingAppID, ""), "/") }

// origins says which pages may use a key of the application: those on its host or
// below it, and the facets that policies name.
func origins(e *tokentype.Env, app string) (func(origin string) bool, error) {
	facets, err := e.Rules.Words(scopeAuth, actionFacets)
	if err != nil {
		return nil, err
	}
	rp := relyingParty(app)
	return func(origin string) bool {
		host, isHTTPS := strings.CutPrefix(strings.TrimSuffix(origin, "/"), "https://")
		return strings.TrimSuffix(origin, "/") == app || rp.Accepts(origin) || isHTTPS && slices.Contains(facets, host)
	}, nil
}

// host is that of an application id that is a URL.
func host(app string) string {
	u, err := url.Parse(app)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// allowed holds what is known of a key's maker against policies.
func allowed(e *tokentype.Env, scope, issuer, serial, subject string) (bool, error) {
	filters, err := e.Rules.Words(scope, actionFilter)
	if err != nil {
		return false, err
	}
	return securitykey.Allowed(filters, issuer, serial, subject)
}
