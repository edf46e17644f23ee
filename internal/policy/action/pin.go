package action

import (
	"slices"

	"edumfa/internal/policy"
)

// pinRules are the rights on PINs and the rules for them.
func pinRules() []Definition {
	return slices.Concat(In(policy.ScopeAdmin,
		Definition{Name: "enrollpin", Type: Bool, Group: "enrollment", MainMenu: Words("tokens"), Help: "A PIN given at enrolment is kept; without this right the pin parameter is dropped silently."},
		Definition{Name: "otp_pin_contents", Type: String, Group: "pin", Help: "Rule for the characters of PINs: c letters, n digits, s signs; + in front for one of them, - for none, or the allowed characters in brackets."},
		Definition{Name: "otp_pin_maxlength", Type: Int, Group: "pin", Values: Numbers(0, 31), Help: "Maximum PIN length."},
		Definition{Name: "otp_pin_minlength", Type: Int, Group: "pin", Values: Numbers(0, 31), Help: "Minimum PIN length."},
		Definition{Name: "otp_pin_set_random", Type: Int, Group: "pin", Values: Numbers(1, 31), Help: "Length of a random PIN set by setrandompin; mandatory for that call."},
	), In(policy.ScopeUser,
		Definition{Name: "enrollpin", Type: Bool, Group: "pin", Help: "A PIN given at enrolment is kept; without this right the pin parameter is dropped silently."},
		Definition{Name: "otp_pin_contents", Type: String, Group: "pin", Help: "Rule for the characters of PINs: c letters, n digits, s signs; + in front for one of them, - for none, or the allowed characters in brackets."},
		Definition{Name: "otp_pin_maxlength", Type: Int, Group: "pin", Values: Numbers(0, 31), Help: "Maximum PIN length."},
		Definition{Name: "otp_pin_minlength", Type: Int, Group: "pin", Values: Numbers(0, 31), Help: "Minimum PIN length."},
		Definition{Name: "otp_pin_set_random", Type: Int, Group: "pin", Values: Numbers(1, 31), Help: "Length of a random PIN set by setrandompin; mandatory for that call."},
		Definition{Name: "setpin", Type: Bool, Group: "pin", MainMenu: Words("tokens"), Help: "Users may set PINs of own tokens."},
		Definition{Name: "setrandompin", Type: Bool, Group: "pin", MainMenu: Words("tokens"), Help: "Users may set a random PIN on own tokens."},
	))
}
