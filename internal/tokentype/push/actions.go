package push

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (x Type) Actions() []action.Definition { return x.ActionsWith(action.Dynamic{}) }

// ActionsWith are the actions with the gateways that can be chosen.
func (x Type) ActionsWith(d action.Dynamic) []action.Definition {
	if x.name == "push" {
		return legacyActions(d)
	}
	return actions(d)
}

// actions are those of the type edupush.
func actions(d action.Dynamic) []action.Definition {
	return slices.Concat(action.In(policy.ScopeEnrollment,
		action.Definition{Name: "edupush_firebase_configuration", Type: action.String, Group: "PUSH", Values: action.Words(append([]string{"poll only"}, d.FirebaseGateways...)...), Help: "Push gateway or \"poll only\"; required for enrolment."},
		action.Definition{Name: "edupush_registration_url", Type: action.String, Group: "PUSH", Required: true, Help: "URL the app contacts (enrol, answers, polling); required."},
		action.Definition{Name: "edupush_ttl", Type: action.Int, Group: "PUSH", Help: "Minutes the app has to finish enrolment (10)."},
		action.Definition{Name: "edupush_ssl_verify", Type: action.String, Group: "PUSH", Values: action.Words("0", "1"), Help: "TLS check flag handed to the app."},
		action.Definition{Name: "edupush_push_force_app_pin", Type: action.Bool, Group: "PUSH", Help: "Makes the app ask for its own lock, as edupush_force_app_pin."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "edupush_text_on_mobile", Type: action.String, Group: "PUSH", Help: "Question shown on the phone."},
		action.Definition{Name: "edupush_title_on_mobile", Type: action.String, Group: "PUSH", Help: "Title shown on the phone."},
		action.Definition{Name: "edupush_ssl_verify", Type: action.String, Group: "PUSH", Values: action.Words("0", "1"), Help: "TLS check flag handed to the app."},
		action.Definition{Name: "edupush_wait", Type: action.Int, Group: "PUSH", Help: "Seconds the validate request blocks for the confirmation."},
		action.Definition{Name: "edupush_allow_polling", Type: action.String, Group: "PUSH", Values: action.Words("allow", "deny", "token"), Default: "allow", Help: "Polling by the app: allowed, denied or per token."},
	))
}

// legacyActions are those of the type push.
func legacyActions(d action.Dynamic) []action.Definition {
	return slices.Concat(action.In(policy.ScopeEnrollment,
		action.Definition{Name: "push_firebase_configuration", Type: action.String, Group: "Legacy PUSH", Values: action.Words(append([]string{"poll only"}, d.FirebaseGateways...)...), Help: "Push gateway or \"poll only\"; required for legacy push enrolment."},
		action.Definition{Name: "push_registration_url", Type: action.String, Group: "Legacy PUSH", Required: true, Help: "URL the legacy app contacts; required."},
		action.Definition{Name: "push_ttl", Type: action.Int, Group: "Legacy PUSH", Help: "Minutes the legacy app has to finish enrolment (10)."},
		action.Definition{Name: "push_ssl_verify", Type: action.String, Group: "Legacy PUSH", Values: action.Words("0", "1"), Help: "TLS check flag handed to the legacy app."},
		action.Definition{Name: "push_force_app_pin", Type: action.Bool, Group: "Legacy PUSH", Help: "Adds pin=True to the legacy push enrolment URL."},
	), action.In(policy.ScopeAuthentication,
		action.Definition{Name: "push_text_on_mobile", Type: action.String, Group: "Legacy PUSH", Help: "Question shown on the phone (legacy)."},
		action.Definition{Name: "push_title_on_mobile", Type: action.String, Group: "Legacy PUSH", Help: "Title shown on the phone (legacy)."},
		action.Definition{Name: "push_ssl_verify", Type: action.String, Group: "Legacy PUSH", Values: action.Words("0", "1"), Help: "TLS check flag handed to the legacy app."},
		action.Definition{Name: "push_wait", Type: action.Int, Group: "Legacy PUSH", Help: "Seconds the validate request blocks (legacy)."},
		action.Definition{Name: "push_allow_polling", Type: action.String, Group: "Legacy PUSH", Values: action.Words("allow", "deny", "token"), Default: "allow", Help: "Polling by the legacy app."},
	))
}
