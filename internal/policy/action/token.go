package action

import (
	"slices"

	"edumfa/internal/policy"
)

// tokenRights are the rights on tokens.
func tokenRights() []Definition {
	return slices.Concat(In(policy.ScopeAdmin,
		Definition{Name: "assign", Type: Bool, Group: "token", MainMenu: Words("tokens", "users"), Help: "May assign a token to a user."},
		Definition{Name: "delete", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May remove tokens."},
		Definition{Name: "disable", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May deactivate tokens."},
		Definition{Name: "enable", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May re-activate tokens."},
		Definition{Name: "hide_tokeninfo", Type: String, Group: "token", Help: "Blank-separated tokeninfo keys removed from token listings."},
		Definition{Name: "reset", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May set failcounters to zero."},
		Definition{Name: "resync", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May resynchronise OTP counters with two OTPs."},
		Definition{Name: "revoke", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May revoke (and thereby lock) tokens."},
		Definition{Name: "set", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May change token attributes such as windows, limits, validity and hash."},
		Definition{Name: "setdescription", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May change token descriptions."},
		Definition{Name: "setpin", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May set OTP/user/SO PINs."},
		Definition{Name: "setrandompin", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May set a random PIN (needs otp_pin_set_random too)."},
		Definition{Name: "settokeninfo", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May write and delete single tokeninfo entries."},
		Definition{Name: "tokengroups", Type: Bool, Group: "token", Help: "May add and remove token groups of a token."},
		Definition{Name: "tokenlist", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May list tokens; realms of the policy limit the visible tokens."},
		Definition{Name: "tokenrealms", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May change the realm list of a token."},
		Definition{Name: "unassign", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "May take a token away from its owner."},
	), In(policy.ScopeUser,
		Definition{Name: "assign", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may take an unowned token by serial."},
		Definition{Name: "delete", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may remove own tokens."},
		Definition{Name: "disable", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may deactivate own tokens."},
		Definition{Name: "enable", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may activate own tokens."},
		Definition{Name: "hide_tokeninfo", Type: String, Group: "token", Help: "Blank-separated tokeninfo keys removed from token listings."},
		Definition{Name: "reset", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may reset own failcounters."},
		Definition{Name: "resync", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may resynchronise own tokens."},
		Definition{Name: "revoke", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may revoke own tokens."},
		Definition{Name: "setdescription", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may change descriptions of own tokens."},
		Definition{Name: "unassign", Type: Bool, Group: "token", MainMenu: Words("tokens"), Help: "Users may give up own tokens."},
	))
}
