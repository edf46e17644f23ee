package action

import (
	"slices"

	"edumfa/internal/policy"
)

// certificate are the own actions of the type certificate.
func certificate(d Dynamic) []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "certificate_trusted_Attestation_CA_path", Type: String, Group: "token", Help: "Directory with the CA chains that attestation certificates of requests are checked against."},
	), in(policy.ScopeUser,
		Definition{Name: "certificate_trusted_Attestation_CA_path", Type: String, Group: "token", Help: "Directory with the CA chains that attestation certificates of requests are checked against."},
	), in(policy.ScopeEnrollment,
		Definition{Name: "certificate_require_attestation", Type: String, Group: "token", Values: words("ignore", "verify", "require_and_verify"), Help: "Handling of attestation certificates in CSR enrolment."},
		Definition{Name: "certificate_ca_connector", Type: String, Group: "token", Values: words(d.CAConnectors...), Help: "CA connector forced for certificate enrolment."},
		Definition{Name: "certificate_template", Type: String, Group: "token", Help: "CA template forced for certificate enrolment."},
		Definition{Name: "certificate_request_subject_component", Type: String, Group: "token", Help: "Extra subject parts for generated requests (email, realm)."},
	))
}
