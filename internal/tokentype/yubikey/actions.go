package yubikey

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeEnrollment,
		action.Definition{Name: "yubikey_access_code", Type: action.String, Help: "Access code readable by enrolment clients."},
	)
}
