package action

import "edumfa/internal/policy"

// toolRights are the rights on tools, machines and challenges.
func toolRights() []Definition {
	return In(policy.ScopeAdmin,
		Definition{Name: "copytokenpin", Type: Bool, Group: "tools", Help: "May copy a PIN between tokens."},
		Definition{Name: "copytokenuser", Type: Bool, Group: "tools", Help: "May copy owner and realms between tokens."},
		Definition{Name: "fetch_authentication_items", Type: Bool, Group: "general", Help: "May fetch machine authentication items."},
		Definition{Name: "getchallenges", Type: Bool, Group: "general", MainMenu: Words("tokens"), Help: "May list open challenges."},
		Definition{Name: "getrandom", Type: Bool, Group: "tools", Help: "May fetch random bytes from the security module."},
		Definition{Name: "getserial", Type: Bool, Group: "tools", MainMenu: Words("tokens"), Help: "May look up the serial that produced an OTP."},
		Definition{Name: "importtokens", Type: Bool, Group: "system", MainMenu: Words("tokens"), Help: "May upload token files (checked per target realm)."},
		Definition{Name: "losttoken", Type: Bool, Group: "tools", MainMenu: Words("tokens"), Help: "May start the lost-token replacement."},
		Definition{Name: "machinelist", Type: Bool, Group: "machine", MainMenu: Words("machines"), Help: "May list machines."},
		Definition{Name: "manage_machine_tokens", Type: Bool, Group: "machine", MainMenu: Words("tokens", "machines"), Help: "May attach, detach and edit machine tokens."},
		Definition{Name: "triggerchallenge", Type: Bool, Group: "general", MainMenu: Words(), Help: "May trigger challenges for users without knowing a PIN."},
	)
}
