package action

import (
	"slices"

	"edumfa/internal/policy"
)

// edupush are the own actions of the type edupush.
func edupush(d Dynamic) []Definition {
	return slices.Concat(in(policy.ScopeEnrollment,
		Definition{Name: "edupush_firebase_configuration", Type: String, Group: "PUSH", Values: words(append([]string{"poll only"}, d.FirebaseGateways...)...), Help: "Push gateway or \"poll only\"; required for enrolment."},
		Definition{Name: "edupush_registration_url", Type: String, Group: "PUSH", Required: true, Help: "URL the app contacts (enrol, answers, polling); required."},
		Definition{Name: "edupush_ttl", Type: Int, Group: "PUSH", Help: "Minutes the app has to finish enrolment (10)."},
		Definition{Name: "edupush_ssl_verify", Type: String, Group: "PUSH", Values: words("0", "1"), Help: "TLS check flag handed to the app."},
		Definition{Name: "edupush_push_force_app_pin", Type: Bool, Group: "PUSH", Help: "Meant to make the app ask for its own lock; has no effect."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "edupush_text_on_mobile", Type: String, Group: "PUSH", Help: "Question shown on the phone."},
		Definition{Name: "edupush_title_on_mobile", Type: String, Group: "PUSH", Help: "Title shown on the phone."},
		Definition{Name: "edupush_ssl_verify", Type: String, Group: "PUSH", Values: words("0", "1"), Help: "TLS check flag handed to the app."},
		Definition{Name: "edupush_wait", Type: Int, Group: "PUSH", Help: "Seconds the validate request blocks for the confirmation."},
		Definition{Name: "edupush_allow_polling", Type: String, Group: "PUSH", Values: words("allow", "deny", "token"), Default: "allow", Help: "Polling by the app: allowed, denied or per token."},
	))
}

// push are the own actions of the type push.
func push(d Dynamic) []Definition {
	return slices.Concat(in(policy.ScopeEnrollment,
		Definition{Name: "push_firebase_configuration", Type: String, Group: "Legacy PUSH", Values: words(append([]string{"poll only"}, d.FirebaseGateways...)...), Help: "Push gateway or \"poll only\"; required for legacy push enrolment."},
		Definition{Name: "push_registration_url", Type: String, Group: "Legacy PUSH", Required: true, Help: "URL the legacy app contacts; required."},
		Definition{Name: "push_ttl", Type: Int, Group: "Legacy PUSH", Help: "Minutes the legacy app has to finish enrolment (10)."},
		Definition{Name: "push_ssl_verify", Type: String, Group: "Legacy PUSH", Values: words("0", "1"), Help: "TLS check flag handed to the legacy app."},
		Definition{Name: "push_force_app_pin", Type: Bool, Group: "Legacy PUSH", Help: "Adds pin=True to the legacy push enrolment URL."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "push_text_on_mobile", Type: String, Group: "Legacy PUSH", Help: "Question shown on the phone (legacy)."},
		Definition{Name: "push_title_on_mobile", Type: String, Group: "Legacy PUSH", Help: "Title shown on the phone (legacy)."},
		Definition{Name: "push_ssl_verify", Type: String, Group: "Legacy PUSH", Values: words("0", "1"), Help: "TLS check flag handed to the legacy app."},
		Definition{Name: "push_wait", Type: Int, Group: "Legacy PUSH", Help: "Seconds the validate request blocks (legacy)."},
		Definition{Name: "push_allow_polling", Type: String, Group: "Legacy PUSH", Values: words("allow", "deny", "token"), Default: "allow", Help: "Polling by the legacy app."},
	))
}
