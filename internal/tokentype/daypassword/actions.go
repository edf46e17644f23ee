package daypassword

import (
	"slices"

	"edumfa/internal/policy"
	"edumfa/internal/policy/action"
)

// Actions are the type's own policy actions.
func (Type) Actions() []action.Definition {
	return slices.Concat(action.In(policy.ScopeAdmin,
		action.Definition{Name: "daypassword_timestep", Type: action.String, Help: "Period for new day-password tokens (24h, 1d and so on)."},
		action.Definition{Name: "daypassword_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new day-password tokens."},
		action.Definition{Name: "daypassword_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new day-password tokens."},
		action.Definition{Name: "daypassword_force_server_generate", Type: action.Bool, Help: "UI hides manual seed entry for day passwords."},
	), action.In(policy.ScopeUser,
		action.Definition{Name: "daypassword_timestep", Type: action.String, Help: "Period for new day-password tokens (24h, 1d and so on)."},
		action.Definition{Name: "daypassword_hashlib", Type: action.String, Values: action.Words("sha1", "sha256", "sha512"), Help: "Hash used for new day-password tokens."},
		action.Definition{Name: "daypassword_otplen", Type: action.Int, Values: action.Words("6", "8"), Help: "OTP length for new day-password tokens."},
		action.Definition{Name: "daypassword_force_server_generate", Type: action.Bool, Help: "UI hides manual seed entry for day passwords."},
	), action.In(policy.ScopeEnrollment,
		action.Definition{Name: "daypassword_force_app_pin", Type: action.Bool, Help: "Adds pin=True to the day-password enrolment URL."},
	))
}
