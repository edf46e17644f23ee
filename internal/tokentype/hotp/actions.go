package hotp

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "hotp_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new HOTP tokens."},
		action.Definition{Name: "hotp_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new HOTP tokens."},
		action.Definition{Name: "hotp_2step", Type: action.String, Values: action.Words("allow", "force"), Help: "Two-step enrolment allowed on request or always for HOTP."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "hotp_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new HOTP tokens."},
		action.Definition{Name: "hotp_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new HOTP tokens."},
		action.Definition{Name: "hotp_force_server_generate", Type: action.Bool, Help: "UI hides manual seed entry for HOTP."},
		action.Definition{Name: "hotp_2step", Type: action.String, Values: action.Words("allow", "force"), Help: "Two-step enrolment allowed on request or always for HOTP."},
	), action.In(policy.ScopeEnrollment,
		action.Definition{Name: "hotp_2step_clientsize", Type: action.Int, Help: "Bytes contributed by the phone (8)."},
		action.Definition{Name: "hotp_2step_serversize", Type: action.Int, Help: "Bytes contributed by the server."},
		action.Definition{Name: "hotp_2step_difficulty", Type: action.Int, Help: "PBKDF2 rounds (10000)."},
		action.Definition{Name: "hotp_force_app_pin", Type: action.Bool, Help: "Adds pin=True to the HOTP enrolment URL."},
	))
}
