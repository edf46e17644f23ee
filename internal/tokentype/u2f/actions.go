package u2f

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeEnrollment,
		action.Definition{Name: "u2f_req", Type: action.String, Group: "token", Help: "Attestation certificate filter (issuer|serial|subject/regex/)."},
		action.Definition{Name: "u2f_no_verify_certificate", Type: action.Bool, Group: "token", Help: "Skip validity check of the attestation certificate."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "u2f_facets", Type: action.String, Help: "Host names listed as trusted facets."},
		action.Definition{Name: "u2f_challenge_text", Type: action.String, Help: "Text of U2F challenges."},
	), action.In(policy.ScopeAuthorization,
		action.Definition{Name: "u2f_req", Type: action.String, Group: "conditions", Help: "Attestation certificate filter (issuer|serial|subject/regex/)."},
	))
}
