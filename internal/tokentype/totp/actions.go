package totp

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "totp_timestep", Type: action.Int, Values: action.Words("30", "60"), Help: "Time step for new TOTP tokens."},
		action.Definition{Name: "totp_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new TOTP tokens."},
		action.Definition{Name: "totp_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new TOTP tokens."},
		action.Definition{Name: "totp_timeshift", Type: action.String, Values: action.Words("default", "True", "False"), Help: "Whether new TOTP tokens learn clock drift."},
		action.Definition{Name: "totp_2step", Type: action.String, Values: action.Words("allow", "force"), Help: "Two-step enrolment allowed on request or always for TOTP."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "totp_timestep", Type: action.Int, Values: action.Words("30", "60"), Help: "Time step for new TOTP tokens."},
		action.Definition{Name: "totp_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new TOTP tokens."},
		action.Definition{Name: "totp_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new TOTP tokens."},
		action.Definition{Name: "totp_force_server_generate", Type: action.Bool, Help: "UI hides manual seed entry for TOTP."},
		action.Definition{Name: "totp_timeshift", Type: action.String, Values: action.Words("default", "True", "False"), Help: "Whether new TOTP tokens learn clock drift."},
		action.Definition{Name: "totp_2step", Type: action.String, Values: action.Words("allow", "force"), Help: "Two-step enrolment allowed on request or always for TOTP."},
	), action.In(policy.ScopeEnrollment,
		action.Definition{Name: "totp_2step_clientsize", Type: action.Int, Help: "Bytes contributed by the phone (8)."},
		action.Definition{Name: "totp_2step_serversize", Type: action.Int, Help: "Bytes contributed by the server."},
		action.Definition{Name: "totp_2step_difficulty", Type: action.Int, Help: "PBKDF2 rounds (10000)."},
		action.Definition{Name: "totp_force_app_pin", Type: action.Bool, Help: "Adds pin=True to the TOTP enrolment URL."},
	))
}
