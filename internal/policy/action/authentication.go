package action

import "edumfa/internal/policy"

// authentication are the settings for checks.
func authentication(d Dynamic) []Definition {
	return In(policy.ScopeAuthentication,
		Definition{Name: "auth_cache", Type: String, Help: "Remembers a successful password for a time: 4h, 4h/5m since the last use, or 4h/10 uses."},
		Definition{Name: "challenge_response", Type: String, Values: Words(d.ChallengeTypes...), Multiple: true, Help: "Token types whose PIN alone triggers a challenge (for types that can also do one-shot)."},
		Definition{Name: "challenge_text", Type: String, Help: "Text of generic OTP challenges."},
		Definition{Name: "challenge_text_footer", Type: String, Help: "Text after the combined challenge texts."},
		Definition{Name: "challenge_text_header", Type: String, Help: "Text in front of the challenge texts; if it ends with a list tag they become its items."},
		Definition{Name: "change_pin_via_validate", Type: Bool, Help: "Due PIN change is done inside validate via two extra challenges."},
		Definition{Name: "enroll_via_multichallenge", Type: String, Values: Words(d.MultichallengeTypes...), Help: "Enrols a token of this type after a login, if the user has none."},
		Definition{Name: "increase_failcounter_on_challenge", Type: Bool, Help: "Failcounter rises for every triggered challenge."},
		Definition{Name: "mangle", Type: String, Help: "Rewrites user, realm or pass of a request by key/pattern/replacement/."},
		Definition{Name: "otppin", Type: String, Values: Words("tokenpin", "userstore", "none"), Help: "What the PIN part is: token PIN, user-store password or empty."},
		Definition{Name: "passOnNoToken", Type: Bool, Help: "Users without tokens are accepted."},
		Definition{Name: "passOnNoUser", Type: Bool, Help: "Accepts users that do not exist."},
		Definition{Name: "passthru", Type: String, Values: Words(append([]string{"userstore"}, d.RADIUSServers...)...), Help: "Users without tokens are checked against user store or a RADIUS server."},
		Definition{Name: "passthru_assign", Type: String, Help: "After RADIUS passthru an unassigned matching token is assigned (\"pin:6[:window]\" or \"6:pin\")."},
		Definition{Name: "preferred_client_mode", Type: String, Help: "Order used to compute preferred_client_mode."},
		Definition{Name: "reset_all_user_tokens", Type: Bool, Help: "Success resets failcounters of all tokens of the user."},
		Definition{Name: "resync_via_multichallenge", Type: Bool, Help: "Auto resync asks for the second OTP in a challenge."},
	)
}
