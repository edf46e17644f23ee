package pw

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeEnrollment,
		action.Definition{Name: "pw.contents", Type: action.String, Group: "token", Help: "Character classes of generated password tokens."},
		action.Definition{Name: "pw.length", Type: action.Int, Group: "token", Values: action.Numbers(1, 31), Help: "Length of generated password tokens."},
	)
}
