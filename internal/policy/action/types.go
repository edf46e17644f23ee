package action

import (
	"fmt"
	"strings"

	"edumfa/internal/policy"
)

// TypeFacts are what the common actions of a token type depend on.
type TypeFacts struct {
	Name string
	// SelfService says that users can enrol the type themselves.
	SelfService bool
	// PINScopes are the scopes in which the type has PIN rules of its own.
	PINScopes []string
}

// ForType returns the actions that every token type has under its own name: the
// rights to enrol it, the limits of tokens per user, and PIN rules.
func ForType(f TypeFacts) []Definition {
	name := strings.ToUpper(f.Name)
	right := Definition{Scope: policy.ScopeAdmin, Name: policy.EnrollAction(f.Name), Type: Bool, Group: "enrollment",
		MainMenu: Words("tokens"), Help: fmt.Sprintf("May enrol %s tokens.", name)}
	out := []Definition{right}
	if f.SelfService {
		right.Scope, right.MainMenu = policy.ScopeUser, Words("tokens")
		right.Help = fmt.Sprintf("Users may enrol %s tokens for themselves.", name)
		out = append(out, right)
	}
	out = append(out, In(policy.ScopeEnrollment,
		Definition{Name: f.Name + "_max_token_per_user", Type: Int, Group: "token", Help: fmt.Sprintf("Upper limit of %s tokens of a user.", name)},
		Definition{Name: f.Name + "_max_active_token_per_user", Type: Int, Group: "token", Help: fmt.Sprintf("Upper limit of active %s tokens of a user.", name)},
	)...)
	for _, scope := range f.PINScopes {
		out = append(out, typePINRules(f.Name, scope)...)
	}
	return out
}

func typePINRules(name, scope string) []Definition {
	label := strings.ToUpper(name)
	return In(scope,
		Definition{Name: name + "_otp_pin_minlength", Type: Int, Group: "pin", Values: Numbers(0, 31),
			Help: fmt.Sprintf("Minimum PIN length of %s tokens, instead of the general one.", label)},
		Definition{Name: name + "_otp_pin_maxlength", Type: Int, Group: "pin", Values: Numbers(0, 31),
			Help: fmt.Sprintf("Maximum PIN length of %s tokens, instead of the general one.", label)},
		Definition{Name: name + "_otp_pin_contents", Type: String, Group: "pin",
			Help: fmt.Sprintf("Rule for the PIN characters of %s tokens, instead of the general one.", label)},
	)
}
