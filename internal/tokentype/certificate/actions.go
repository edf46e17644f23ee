package certificate

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions that the field has.
const (
	actConnector  = "certificate_ca_connector"
	actTemplate   = "certificate_template"
	actComponents = "certificate_request_subject_component"
	actAttest     = "certificate_require_attestation"
	actTrusted    = "certificate_trusted_Attestation_CA_path"
)

// Actions that the field does not have; where no policy names them, nothing
// changes.
const (
	actSubject    = "certificate_subject"
	actMinRSA     = "certificate_rsa_min_size"
	actDiscard    = "certificate_discard_privatekey"
	actPKCS12     = "certificate_pkcs12_protection"
	actPINPolicy  = "certificate_attestation_pin_policy"
	actTouch      = "certificate_attestation_touch_policy"
	actFormFactor = "certificate_attestation_form_factor"
	actFirmware   = "certificate_attestation_min_firmware"
)

// Values of certificate_require_attestation.
const (
	attestVerify  = "verify"
	attestRequire = "require_and_verify"
)

// Actions are the policy actions of the type.
func (t Type) Actions() []action.Definition { return t.ActionsWith(action.Dynamic{}) }

// ActionsWith are the actions with the connectors that can be chosen.
func (Type) ActionsWith(d action.Dynamic) []action.Definition {
	return append(fieldActions(d), ownActions()...)
}

func ownActions() []action.Definition {
	def := func(name string, kind action.Type, help string, values ...string) action.Definition {
		return action.Definition{Scope: policy.ScopeEnrollment, Name: name, Type: kind, Group: "token", Help: help, Values: values}
	}
	return []action.Definition{
		def(actSubject, action.String, "Subject of all certificates, whatever a request says: /O=Example/OU={realm}/CN={user}/emailAddress={email}. Names in braces are attributes of the owner."),
		def(actMinRSA, action.Int, "Bits that an RSA key must have at least (2048)."),
		def(actDiscard, action.Bool, "Private keys that the server made are not kept once they were handed out."),
		def(actPKCS12, action.String, "Protection of PKCS#12 files: modern is AES-256, legacy is 3DES for old programs.", "modern", "legacy"),
		def(actPINPolicy, action.String, "Only keys of YubiKeys whose attestation names one of these PIN policies: never, once, always, match-once, match-always."),
		def(actTouch, action.String, "Only keys of YubiKeys whose attestation names one of these touch policies: never, always, cached."),
		def(actFormFactor, action.String, "Only keys of YubiKeys of these forms: usb-a-keychain, usb-a-nano, usb-c-keychain, usb-c-nano, usb-c-lightning, usb-a-bio, usb-c-bio."),
		def(actFirmware, action.String, "Only keys of YubiKeys with at least this firmware, as 5.4.3."),
	}
}

// fieldActions are those that the field has, too.
func fieldActions(d action.Dynamic) []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "certificate_trusted_Attestation_CA_path", Type: action.String, Group: "token", Help: "Directory with the CA chains that attestation certificates of requests are checked against."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "certificate_trusted_Attestation_CA_path", Type: action.String, Group: "token", Help: "Directory with the CA chains that attestation certificates of requests are checked against."},
	), action.In(policy.ScopeEnrollment,
		action.Definition{Name: "certificate_require_attestation", Type: action.String, Group: "token", Values: action.Words("ignore", "verify", "require_and_verify"), Help: "Handling of attestation certificates in CSR enrolment."},
		action.Definition{Name: "certificate_ca_connector", Type: action.String, Group: "token", Values: action.Words(d.CAConnectors...), Help: "CA connector forced for certificate enrolment."},
		action.Definition{Name: "certificate_template", Type: action.String, Group: "token", Help: "CA template forced for certificate enrolment."},
		action.Definition{Name: "certificate_request_subject_component", Type: action.String, Group: "token", Help: "Extra subject parts for generated requests (email, realm)."},
	))
}
