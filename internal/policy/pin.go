package policy

import (
	"strings"

	"edumfa/internal/mfaerr"
)

// The classes of PIN characters. They are ASCII: every other character is
// refused as soon as there is a rule.
const (
	pinLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	pinDigits  = "0123456789"
	pinSigns   = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

// PINRule is a parsed contents rule: the letters c, n and s for letters, digits
// and signs, "+" in front for one of the union, "-" for none of them, or the
// allowed characters in brackets.
type PINRule struct {
	// Allowed are all characters a PIN may have.
	Allowed string
	// Required are sets of which each must occur.
	Required []string
}

// ParsePINRule reads a rule. Errors: [mfaerr.Policy].
func ParsePINRule(rule string) (PINRule, error) {
	every := PINRule{Allowed: pinLetters + pinDigits + pinSigns}
	if strings.HasPrefix(rule, "[") && strings.HasSuffix(rule, "]") && len(rule) > 1 && !strings.Contains(rule, "\n") {
		return PINRule{Allowed: rule[1 : len(rule)-1]}, nil
	}
	classes := strings.TrimLeft(rule, "+-")
	if classes == "" || strings.Trim(classes, "cns") != "" {
		return PINRule{}, mfaerr.NewPolicy("Unknown character specifier in PIN policy.")
	}
	switch rule[0] {
	case '+':
		union := ""
		for _, c := range classes {
			union += pinClass(c)
		}
		every.Required = []string{union}
	case '-':
		every.Allowed = ""
		for _, c := range "cns" {
			if !strings.ContainsRune(classes, c) {
				every.Allowed += pinClass(c)
			}
		}
	default:
		for _, c := range classes {
			every.Required = append(every.Required, pinClass(c))
		}
	}
	return every, nil
}

func pinClass(c rune) string {
	switch c {
	case 'c':
		return pinLetters
	case 'n':
		return pinDigits
	}
	return pinSigns
}

// Check reports whether a PIN follows the rule, and if not a text for the user
// that does not show the PIN.
func (r PINRule) Check(pin string) (bool, string) {
	var faults []string
	for _, c := range pin {
		if !strings.ContainsRune(r.Allowed, c) {
			faults = append(faults, "Not allowed character in PIN!")
			break
		}
	}
	for _, set := range r.Required {
		if !strings.ContainsAny(pin, set) {
			faults = append(faults, "Missing character in PIN: "+set)
		}
	}
	return len(faults) == 0, strings.Join(faults, ",")
}
