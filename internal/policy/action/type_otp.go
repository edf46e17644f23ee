package action

import (
	"slices"

	"edumfa/internal/policy"
)

// HOTP are the own actions of the type hotp.
func HOTP() []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "hotp_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new HOTP tokens."},
		Definition{Name: "hotp_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new HOTP tokens."},
		Definition{Name: "hotp_2step", Type: String, Values: words("allow", "force"), Help: "Two-step enrolment allowed on request or always for HOTP."},
	), in(policy.ScopeUser,
		Definition{Name: "hotp_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new HOTP tokens."},
		Definition{Name: "hotp_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new HOTP tokens."},
		Definition{Name: "hotp_force_server_generate", Type: Bool, Help: "UI hides manual seed entry for HOTP."},
		Definition{Name: "hotp_2step", Type: String, Values: words("allow", "force"), Help: "Two-step enrolment allowed on request or always for HOTP."},
	), in(policy.ScopeEnrollment,
		Definition{Name: "hotp_2step_clientsize", Type: Int, Help: "Bytes contributed by the phone (8)."},
		Definition{Name: "hotp_2step_serversize", Type: Int, Help: "Bytes contributed by the server."},
		Definition{Name: "hotp_2step_difficulty", Type: Int, Help: "PBKDF2 rounds (10000)."},
		Definition{Name: "hotp_force_app_pin", Type: Bool, Help: "Adds pin=True to the HOTP enrolment URL."},
	))
}

// TOTP are the own actions of the type totp.
func TOTP() []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "totp_timestep", Type: Int, Values: words("30", "60"), Help: "Time step for new TOTP tokens."},
		Definition{Name: "totp_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new TOTP tokens."},
		Definition{Name: "totp_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new TOTP tokens."},
		Definition{Name: "totp_timeshift", Type: String, Values: words("default", "True", "False"), Help: "Whether new TOTP tokens learn clock drift."},
		Definition{Name: "totp_2step", Type: String, Values: words("allow", "force"), Help: "Two-step enrolment allowed on request or always for TOTP."},
	), in(policy.ScopeUser,
		Definition{Name: "totp_timestep", Type: Int, Values: words("30", "60"), Help: "Time step for new TOTP tokens."},
		Definition{Name: "totp_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new TOTP tokens."},
		Definition{Name: "totp_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new TOTP tokens."},
		Definition{Name: "totp_force_server_generate", Type: Bool, Help: "UI hides manual seed entry for TOTP."},
		Definition{Name: "totp_timeshift", Type: String, Values: words("default", "True", "False"), Help: "Whether new TOTP tokens learn clock drift."},
		Definition{Name: "totp_2step", Type: String, Values: words("allow", "force"), Help: "Two-step enrolment allowed on request or always for TOTP."},
	), in(policy.ScopeEnrollment,
		Definition{Name: "totp_2step_clientsize", Type: Int, Help: "Bytes contributed by the phone (8)."},
		Definition{Name: "totp_2step_serversize", Type: Int, Help: "Bytes contributed by the server."},
		Definition{Name: "totp_2step_difficulty", Type: Int, Help: "PBKDF2 rounds (10000)."},
		Definition{Name: "totp_force_app_pin", Type: Bool, Help: "Adds pin=True to the TOTP enrolment URL."},
	))
}

// daypassword are the own actions of the type daypassword.
func daypassword() []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "daypassword_timestep", Type: String, Help: "Period for new day-password tokens (24h, 1d and so on)."},
		Definition{Name: "daypassword_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new day-password tokens."},
		Definition{Name: "daypassword_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new day-password tokens."},
		Definition{Name: "daypassword_force_server_generate", Type: Bool, Help: "UI hides manual seed entry for day passwords."},
	), in(policy.ScopeUser,
		Definition{Name: "daypassword_timestep", Type: String, Help: "Period for new day-password tokens (24h, 1d and so on)."},
		Definition{Name: "daypassword_hashlib", Type: String, Values: words("sha1", "sha256", "sha512"), Help: "Hash used for new day-password tokens."},
		Definition{Name: "daypassword_otplen", Type: Int, Values: words("6", "8"), Help: "OTP length for new day-password tokens."},
		Definition{Name: "daypassword_force_server_generate", Type: Bool, Help: "UI hides manual seed entry for day passwords."},
	), in(policy.ScopeEnrollment,
		Definition{Name: "daypassword_force_app_pin", Type: Bool, Help: "Adds pin=True to the day-password enrolment URL."},
	))
}
