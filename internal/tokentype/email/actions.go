package email

import (
	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return action.In(policy.ScopeAuthentication,
		action.Definition{Name: "emailtext", Type: action.String, Help: "Body template of OTP mails, file: loads HTML."},
		action.Definition{Name: "emailsubject", Type: action.String, Help: "Subject template of OTP mails."},
		action.Definition{Name: "emailautosend", Type: action.Bool, Help: "Send the next OTP right after success."},
		action.Definition{Name: "email_challenge_text", Type: action.String, Help: "Text of e-mail challenges."},
	)
}
