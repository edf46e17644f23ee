package webauthn

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions of the type that the field does not have; where no policy names them,
// nothing changes.
const (
	actionDeny = "webauthn_authenticator_deny_list"
	actionKind = "webauthn_credential_kind"
)

// Actions are the policy actions of the type.
func (Type) Actions() []action.Definition {
	out := fieldActions()
	for _, in := range [...]struct{ scope, group string }{{scopeEnrol, "WebAuthn"}, {scopeAuthz, "conditions"}} {
		out = append(out,
			action.Definition{Scope: in.scope, Name: actionDeny, Type: action.String, Group: in.group, Help: "AAGUIDs of authenticators that are refused, divided by blanks."},
			action.Definition{Scope: in.scope, Name: actionKind, Type: action.String, Group: in.group,
				Values: []string{kindAny, kindDevice, kindSynced},
				Help:   "Only credentials that stay on one device, or only those that are synced between several."})
	}
	return out
}

// fieldActions are those that the field has, too.
func fieldActions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeEnrollment,
		action.Definition{Name: "webauthn_avoid_double_registration", Type: action.Bool, Group: "WebAuthn", Help: "Send excludeCredentials of the user's other tokens."},
		action.Definition{Name: "webauthn_relying_party_name", Type: action.String, Group: "WebAuthn", Help: "Relying party display name; required."},
		action.Definition{Name: "webauthn_relying_party_id", Type: action.String, Group: "WebAuthn", Help: "Relying party id (domain); required."},
		action.Definition{Name: "webauthn_timeout", Type: action.Int, Group: "WebAuthn", Help: "Client timeout in seconds (60)."},
		action.Definition{Name: "webauthn_authenticator_attachment", Type: action.String, Group: "WebAuthn", Values: action.Words("platform", "cross-platform", "either"), Help: "Platform or roaming authenticators."},
		action.Definition{Name: "webauthn_authenticator_selection_list", Type: action.String, Group: "WebAuthn", Help: "Allowed AAGUIDs."},
		action.Definition{Name: "webauthn_user_verification_requirement", Type: action.String, Group: "WebAuthn", Values: action.Words("required", "preferred", "discouraged"), Help: "User verification wish."},
		action.Definition{Name: "webauthn_public_key_credential_algorithms", Type: action.String, Group: "WebAuthn", Values: action.Words("ecdsa", "rsassa-pss", "rsassa-pkcs1v1_5"), Multiple: true, Help: "Signature algorithms offered."},
		action.Definition{Name: "webauthn_authenticator_attestation_form", Type: action.String, Group: "WebAuthn", Values: action.Words("none", "indirect", "direct"), Help: "Attestation conveyance asked for."},
		action.Definition{Name: "webauthn_authenticator_attestation_level", Type: action.String, Group: "WebAuthn", Values: action.Words("none", "untrusted", "trusted"), Help: "How strictly attestation is judged."},
		action.Definition{Name: "webauthn_req", Type: action.String, Group: "WebAuthn", Help: "Attestation certificate filter for WebAuthn."},
		action.Definition{Name: "webauthn_resident_key", Type: action.String, Group: "WebAuthn", Values: action.Words("discouraged", "required", "preferred"), Help: "Resident key wish."},
		action.Definition{Name: "webauthn_challenge_text", Type: action.String, Group: "WebAuthn", Help: "Text shown with the WebAuthn request."},
		action.Definition{Name: "webauthn_tokenlabel", Type: action.String, Group: "WebAuthn", Help: "Display-name template sent to the authenticator."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "webauthn_challenge_text", Type: action.String, Group: "WebAuthn", Help: "Text shown with the WebAuthn request."},
		action.Definition{Name: "webauthn_allowed_transports", Type: action.String, Group: "WebAuthn", Help: "Transports offered (usb ble nfc internal hybrid)."},
		action.Definition{Name: "webauthn_timeout", Type: action.Int, Group: "WebAuthn", Help: "Client timeout in seconds (60)."},
		action.Definition{Name: "webauthn_user_verification_requirement", Type: action.String, Group: "WebAuthn", Values: action.Words("required", "preferred", "discouraged"), Help: "User verification wish."},
		action.Definition{Name: "webauthn_usernameless_authn", Type: action.Bool, Group: "WebAuthn", Help: "Enables passkey login without user name."},
		action.Definition{Name: "webauthn_usernameless_realm_policy", Type: action.Bool, Group: "WebAuthn", Help: "Realm-wide Relying party id, timeout and verification for passkey login."},
	), action.In(policy.ScopeAuthorization,
		action.Definition{Name: "webauthn_authenticator_selection_list", Type: action.String, Group: "conditions", Help: "Allowed AAGUIDs."},
		action.Definition{Name: "webauthn_req", Type: action.String, Group: "conditions", Help: "Attestation certificate filter for WebAuthn."},
	))
}
