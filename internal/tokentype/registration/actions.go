package registration

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeEnrollment,
		action.Definition{Name: "registration.contents", Type: action.String, Group: "token", Help: "Character classes of registration codes."},
		action.Definition{Name: "registration.length", Type: action.Int, Group: "token", Values: action.Numbers(1, 31), Help: "Length of generated registration codes."},
	)
}
