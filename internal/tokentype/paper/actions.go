package paper

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeEnrollment,
		action.Definition{Name: "papertoken_count", Type: action.Int, Help: "Number of printed OTPs (100)."},
	)
}
