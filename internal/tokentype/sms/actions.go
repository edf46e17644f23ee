package sms

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "sms_gateways", Type: action.String, Help: "Blank-separated gateway identifiers that may be chosen at enrolment."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "sms_gateways", Type: action.String, Help: "Blank-separated gateway identifiers that may be chosen at enrolment."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "smstext", Type: action.String, Help: "SMS body template."},
		action.Definition{Name: "smspostchecktext", Type: action.String, Help: "Text of the post-check message."},
		action.Definition{Name: "smsautosend", Type: action.Bool, Help: "Send the next OTP right after success."},
		action.Definition{Name: "sms_challenge_text", Type: action.String, Help: "Text of SMS challenges."},
	))
}
