package question

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeAuthentication,
		action.Definition{Name: "question_number", Type: action.Int, Group: "token", Values: action.Numbers(1, 30), Help: "Number of questions to answer (1)."},
	)
}
