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
	// Own are the actions the type brings; if nil, those of [Own] are taken.
	Own []Definition
}

// ForType returns the actions that every token type has under its own name: the
// rights to enrol it, the limits of tokens per user, and PIN rules.
func ForType(f TypeFacts) []Definition {
	name := strings.ToUpper(f.Name)
	right := Definition{Scope: policy.ScopeAdmin, Name: policy.EnrollAction(f.Name), Type: Bool, Group: "enrollment",
		MainMenu: words("tokens"), Help: fmt.Sprintf("May enrol %s tokens.", name)}
	out := []Definition{right}
	if f.SelfService {
		right.Scope, right.MainMenu = policy.ScopeUser, words("tokens")
		right.Help = fmt.Sprintf("Users may enrol %s tokens for themselves.", name)
		out = append(out, right)
	}
	out = append(out, in(policy.ScopeEnrollment,
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
	return in(scope,
		Definition{Name: name + "_otp_pin_minlength", Type: Int, Group: "pin", Values: numbers(0, 31),
			Help: fmt.Sprintf("Minimum PIN length of %s tokens, instead of the general one.", label)},
		Definition{Name: name + "_otp_pin_maxlength", Type: Int, Group: "pin", Values: numbers(0, 31),
			Help: fmt.Sprintf("Maximum PIN length of %s tokens, instead of the general one.", label)},
		Definition{Name: name + "_otp_pin_contents", Type: String, Group: "pin",
			Help: fmt.Sprintf("Rule for the PIN characters of %s tokens, instead of the general one.", label)},
	)
}

// Own returns the own actions of a token type that does not bring them itself.
// The folders of hotp, totp, email, pw and registration bring [HOTP] and its
// like.
func Own(tokenType string, d Dynamic) []Definition {
	switch tokenType {
	case "hotp":
		return HOTP()
	case "totp":
		return TOTP()
	case "email":
		return Email()
	case "pw":
		return Password()
	case "registration":
		return Registration()
	case "certificate":
		return certificate(d)
	case "daypassword":
		return daypassword()
	case "edupush":
		return edupush(d)
	case "indexedsecret":
		return indexedSecret()
	case "paper":
		return paper()
	case "push":
		return push(d)
	case "question":
		return question()
	case "sms":
		return sms()
	case "tan":
		return tan()
	case "u2f":
		return u2f()
	case "webauthn":
		return webauthn()
	case "yubikey":
		return yubikey()
	}
	return nil
}

// Builtin returns everything for a set of token types: the static definitions,
// the common ones of each type, and their own ones.
func Builtin(types []TypeFacts, d Dynamic) []Definition {
	out := Static(d)
	for _, t := range types {
		out = append(out, ForType(t)...)
		if t.Own != nil {
			out = append(out, t.Own...)
		} else {
			out = append(out, Own(t.Name, d)...)
		}
	}
	return out
}
