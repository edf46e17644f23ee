package action

import "edumfa/internal/policy"

// toolRights are the rights on tools, machines and challenges.
func toolRights() []Definition {
	return in(policy.ScopeAdmin,
		Definition{Name: "copytokenpin", Type: Bool, Group: "tools", Help: "May copy a PIN between tokens."},
		Definition{Name: "copytokenuser", Type: Bool, Group: "tools", Help: "May copy owner and realms between tokens."},
		Definition{Name: "fetch_authentication_items", Type: Bool, Group: "general", Help: "May fetch machine authentication items."},
		Definition{Name: "getchallenges", Type: Bool, Group: "general", MainMenu: words("tokens"), Help: "May list open challenges."},
		Definition{Name: "getrandom", Type: Bool, Group: "tools", Help: "May fetch random bytes from the security module."},
		Definition{Name: "getserial", Type: Bool, Group: "tools", MainMenu: words("tokens"), Help: "May look up the serial that produced an OTP."},
		Definition{Name: "importtokens", Type: Bool, Group: "system", MainMenu: words("tokens"), Help: "May upload token files (checked per target realm)."},
		Definition{Name: "losttoken", Type: Bool, Group: "tools", MainMenu: words("tokens"), Help: "May start the lost-token replacement."},
		Definition{Name: "machinelist", Type: Bool, Group: "machine", MainMenu: words("machines"), Help: "May list machines."},
		Definition{Name: "manage_machine_tokens", Type: Bool, Group: "machine", MainMenu: words("tokens", "machines"), Help: "May attach, detach and edit machine tokens."},
		Definition{Name: "triggerchallenge", Type: Bool, Group: "general", MainMenu: words(), Help: "May trigger challenges for users without knowing a PIN."},
	)
}
