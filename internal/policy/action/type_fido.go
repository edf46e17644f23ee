package action

import (
	"slices"

	"edumfa/internal/policy"
)

// u2f are the own actions of the type u2f.
func u2f() []Definition {
	return slices.Concat(in(policy.ScopeEnrollment,
		Definition{Name: "u2f_req", Type: String, Group: "token", Help: "Attestation certificate filter (issuer|serial|subject/regex/)."},
		Definition{Name: "u2f_no_verify_certificate", Type: Bool, Group: "token", Help: "Skip validity check of the attestation certificate."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "u2f_facets", Type: String, Help: "Host names listed as trusted facets."},
		Definition{Name: "u2f_challenge_text", Type: String, Help: "Text of U2F challenges."},
	), in(policy.ScopeAuthorization,
		Definition{Name: "u2f_req", Type: String, Group: "conditions", Help: "Attestation certificate filter (issuer|serial|subject/regex/)."},
	))
}

// webauthn are the own actions of the type webauthn.
func webauthn() []Definition {
	return slices.Concat(in(policy.ScopeEnrollment,
		Definition{Name: "webauthn_avoid_double_registration", Type: Bool, Group: "WebAuthn", Help: "Send excludeCredentials of the user's other tokens."},
		Definition{Name: "webauthn_relying_party_name", Type: String, Group: "WebAuthn", Help: "Relying party display name; required."},
		Definition{Name: "webauthn_relying_party_id", Type: String, Group: "WebAuthn", Help: "Relying party id (domain); required."},
		Definition{Name: "webauthn_timeout", Type: Int, Group: "WebAuthn", Help: "Client timeout in seconds (60)."},
		Definition{Name: "webauthn_authenticator_attachment", Type: String, Group: "WebAuthn", Values: words("platform", "cross-platform", "either"), Help: "Platform or roaming authenticators."},
		Definition{Name: "webauthn_authenticator_selection_list", Type: String, Group: "WebAuthn", Help: "Allowed AAGUIDs."},
		Definition{Name: "webauthn_user_verification_requirement", Type: String, Group: "WebAuthn", Values: words("required", "preferred", "discouraged"), Help: "User verification wish."},
		Definition{Name: "webauthn_public_key_credential_algorithms", Type: String, Group: "WebAuthn", Values: words("ecdsa", "rsassa-pss", "rsassa-pkcs1v1_5"), Multiple: true, Help: "Signature algorithms offered."},
		Definition{Name: "webauthn_authenticator_attestation_form", Type: String, Group: "WebAuthn", Values: words("none", "indirect", "direct"), Help: "Attestation conveyance asked for."},
		Definition{Name: "webauthn_authenticator_attestation_level", Type: String, Group: "WebAuthn", Values: words("none", "untrusted", "trusted"), Help: "How strictly attestation is judged."},
		Definition{Name: "webauthn_req", Type: String, Group: "WebAuthn", Help: "Attestation certificate filter for WebAuthn."},
		Definition{Name: "webauthn_resident_key", Type: String, Group: "WebAuthn", Values: words("discouraged", "required", "preferred"), Help: "Resident key wish."},
		Definition{Name: "webauthn_challenge_text", Type: String, Group: "WebAuthn", Help: "Text shown with the WebAuthn request."},
		Definition{Name: "webauthn_tokenlabel", Type: String, Group: "WebAuthn", Help: "Display-name template sent to the authenticator."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "webauthn_challenge_text", Type: String, Group: "WebAuthn", Help: "Text shown with the WebAuthn request."},
		Definition{Name: "webauthn_allowed_transports", Type: String, Group: "WebAuthn", Help: "Transports offered (usb ble nfc internal hybrid)."},
		Definition{Name: "webauthn_timeout", Type: Int, Group: "WebAuthn", Help: "Client timeout in seconds (60)."},
		Definition{Name: "webauthn_user_verification_requirement", Type: String, Group: "WebAuthn", Values: words("required", "preferred", "discouraged"), Help: "User verification wish."},
		Definition{Name: "webauthn_usernameless_authn", Type: Bool, Group: "WebAuthn", Help: "Enables passkey login without user name."},
		Definition{Name: "webauthn_usernameless_realm_policy", Type: Bool, Group: "WebAuthn", Help: "Realm-wide Relying party id, timeout and verification for passkey login."},
	), in(policy.ScopeAuthorization,
		Definition{Name: "webauthn_authenticator_selection_list", Type: String, Group: "conditions", Help: "Allowed AAGUIDs."},
		Definition{Name: "webauthn_req", Type: String, Group: "conditions", Help: "Attestation certificate filter for WebAuthn."},
	))
}
