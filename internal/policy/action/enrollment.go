package action

import "edumfa/internal/policy"

// enrollment are the settings for new tokens.
func enrollment(d Dynamic) []Definition {
	return In(policy.ScopeEnrollment,
		Definition{Name: "appimageurl", Type: String, Group: "token", Help: "Image that the app shows for the token."},
		Definition{Name: "autoassignment", Type: String, Group: "token", Values: Words("any_pin", "userstore"), Help: "Gives a user without tokens the unassigned token that was used, with any PIN or the user-store password."},
		Definition{Name: "change_pin_every", Type: String, Group: "pin", Help: "Sets next_pin_change when a user sets a PIN (e.g. 180d)."},
		Definition{Name: "change_pin_on_first_use", Type: Bool, Group: "pin", Help: "Sets next_pin_change to now when an admin sets the PIN."},
		Definition{Name: "encrypt_pin", Type: Bool, Group: "pin", Help: "PINs are stored reversibly; without it a caller-supplied encryptpin is removed."},
		Definition{Name: "losttoken_PW_contents", Type: String, Help: "Character classes of the password that replaces a lost token."},
		Definition{Name: "losttoken_PW_length", Type: Int, Values: Numbers(1, 31), Help: "Length of the password that replaces a lost token, 16 by default."},
		Definition{Name: "losttoken_valid", Type: Int, Values: Numbers(1, 60), Help: "Days the replacement of a lost token is valid, 10 by default."},
		Definition{Name: "max_active_token_per_user", Type: Int, Group: "token", Help: "Upper limit of active tokens of a user (any type)."},
		Definition{Name: "max_token_per_realm", Type: Int, Group: "token", Help: "Upper limit of tokens in a realm, checked at init, assign and realm change; highest value of several policies counts."},
		Definition{Name: "max_token_per_user", Type: Int, Group: "token", Help: "Upper limit of tokens of a user (any type)."},
		Definition{Name: "otp_pin_random", Type: Int, Group: "pin", Values: Numbers(1, 31), Help: "Random PIN of this length at enrolment (overrides the given one)."},
		Definition{Name: "pinhandling", Type: String, Group: "pin", Help: "Class that receives the random PIN (e.g. to print or log it)."},
		Definition{Name: "require_description", Type: String, Group: "enrollment", Values: Words(d.TokenTypes...), Multiple: true, Help: "Token types that need a description at first enrolment."},
		Definition{Name: "tokenissuer", Type: String, Group: "token", Help: "Issuer template for enrolment URLs."},
		Definition{Name: "tokenlabel", Type: String, Group: "token", Help: "Label template for enrolment URLs ({user} {realm} {serial} {givenname} {surname})."},
		Definition{Name: "verify_enrollment", Type: String, Group: "token", Help: "Token types whose enrolment must be confirmed with a working OTP."},
	)
}
