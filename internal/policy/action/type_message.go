package action

import (
	"slices"

	"edumfa/internal/policy"
)

// Email are the own actions of the type email.
func Email() []Definition {
	return in(policy.ScopeAuthentication,
		Definition{Name: "emailtext", Type: String, Help: "Body template of OTP mails, file: loads HTML."},
		Definition{Name: "emailsubject", Type: String, Help: "Subject template of OTP mails."},
		Definition{Name: "emailautosend", Type: Bool, Help: "Send the next OTP right after success."},
		Definition{Name: "email_challenge_text", Type: String, Help: "Text of e-mail challenges."},
	)
}

// sms are the own actions of the type sms.
func sms() []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "sms_gateways", Type: String, Help: "Blank-separated gateway identifiers that may be chosen at enrolment."},
	), in(policy.ScopeUser,
		Definition{Name: "sms_gateways", Type: String, Help: "Blank-separated gateway identifiers that may be chosen at enrolment."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "smstext", Type: String, Help: "SMS body template."},
		Definition{Name: "smspostchecktext", Type: String, Help: "Text of the post-check message."},
		Definition{Name: "smsautosend", Type: Bool, Help: "Send the next OTP right after success."},
		Definition{Name: "sms_challenge_text", Type: String, Help: "Text of SMS challenges."},
	))
}
