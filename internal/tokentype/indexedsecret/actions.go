package indexedsecret

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "indexedsecret_force_attribute", Type: action.String, Group: "enrollment", Help: "User attribute whose value becomes the indexed secret."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "indexedsecret_force_attribute", Type: action.String, Group: "enrollment", Help: "User attribute whose value becomes the indexed secret."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "indexedsecret_challenge_text", Type: action.String, Group: "Indexed Secret Token", Help: "Text of the position challenge."},
		action.Definition{Name: "indexedsecret_count", Type: action.Int, Group: "Indexed Secret Token", Help: "Number of asked positions (2)."},
	), action.In(policy.ScopeWebUI,
		action.Definition{Name: "indexedsecret_preset_attribute", Type: action.String, Group: "token", Help: "User attribute that pre-fills the secret."},
	))
}
