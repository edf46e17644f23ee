// Package webauthn is the token type of security keys and passkeys (Web
// Authentication Level 3). A token holds one credential: its key text is the
// hex of the credential id, its counter the signature counter, tokeninfo has the
// public key and what the authenticator said of itself. The user handle in the
// credential is the token's serial.
package webauthn

import (
	"context"

	"edumfa/internal/fido"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/securitykey"
	"edumfa/internal/settings"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Name of the type, and of its client mode.
const Name = "webauthn"

// Keys of tokeninfo beside those of every security key.
const (
	infoRPID         = "relying_party_id"
	infoRPName       = "relying_party_name"
	infoOrigin       = "origin"
	infoLevel        = "attestation_level"
	infoAAGUID       = "aaguid"
	infoResident     = "resident_key"
	infoEligible     = "backup-eligible"
	infoBackedUp     = "backed-up"
	infoCredential   = "credential_id_hash" // hex of SHA-256: the id itself is encrypted
	infoModel        = "authenticator_name" // of the metadata service
	infoAppID        = "appId"              // of keys that were registered by U2F
	settingAnchors   = "webauthn.trust_anchor_dir"
	settingOrigins   = "webauthn.origins"
	settingCross     = "webauthn.allow_cross_origin"
	settingMetadata  = "webauthn.metadata_file"
	defaultPrompt    = "Please confirm with your WebAuthn token ({0})"
	defaultEnrolText = "Please confirm with your WebAuthn token"
)

// Type is the token type. Files reads the files that settings name; nil reads
// none.
type Type struct {
	Files *Files
}

var (
	_ tokentype.Type      = Type{}
	_ tokentype.Prompter  = Type{}
	_ tokentype.Responder = Type{}
	_ tokentype.Nameless  = Type{}
)

// Info describes the type.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: Name, Prefix: "WAN", Title: "WebAuthn Token", Description: "WebAuthn: a security key or passkey.", ClientMode: Name,
		Authenticates: true, Challenges: true, NativeChallenge: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Verify finds nothing right: a key answers challenges only.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

// relyingParty is for whom a token's credential was made, with the exceptions of
// the settings.
func relyingParty(s settings.Settings, id string) fido.RelyingParty {
	return fido.RelyingParty{ID: id, Origins: securitykey.List(s.Text(settingOrigins, "")), AllowCrossOrigin: s.Bool(settingCross, false)}
}

// Scopes, for short.
const (
	scopeEnrol = policy.ScopeEnrollment
	scopeAuth  = policy.ScopeAuthentication
	scopeAuthz = policy.ScopeAuthorization
)
