package action

import "edumfa/internal/policy"

// authorization are the conditions on results of checks and the changes to them.
func authorization(d Dynamic) []Definition {
	return In(policy.ScopeAuthorization,
		Definition{Name: "add_resolver_in_response", Type: Bool, Group: "setting actions", Help: "Adds user-resolver and user-realm to detail on success."},
		Definition{Name: "add_user_in_response", Type: Bool, Group: "setting actions", Help: "Adds userinfo (password blanked) to detail.user on success."},
		Definition{Name: "api_key_required", Type: Bool, Group: "setting actions", Help: "Checks need an API key of the role validate."},
		Definition{Name: "application_tokentype", Type: Bool, Help: "Obsolete, without effect."},
		Definition{Name: "auth_max_fail", Type: String, Group: "conditions", Help: "Refuse after n failed logins in a period (n/5m), counted in the audit log."},
		Definition{Name: "auth_max_success", Type: String, Group: "conditions", Help: "Refuse after n successful logins in a period, counted in the audit log."},
		Definition{Name: "authorized", Type: String, Group: "modifying response", Values: Words("grant_access", "deny_access"), Help: "Deny_access refuses every result of validate (error 401)."},
		Definition{Name: "last_auth", Type: String, Group: "conditions", Help: "Refuse when the token was last used longer ago than this."},
		Definition{Name: "no_detail_on_fail", Type: Bool, Group: "setting actions", Help: "Leaves out the detail of a failed check."},
		Definition{Name: "no_detail_on_success", Type: Bool, Group: "setting actions", Help: "Leaves out the detail of a successful check."},
		Definition{Name: "serial", Type: String, Group: "conditions", Help: "Serial of the used token must match this regex."},
		Definition{Name: "setrealm", Type: String, Group: "setting actions", Values: Words(d.Realms...), Help: "Replaces the realm of the request user."},
		Definition{Name: "tokeninfo", Type: String, Group: "conditions", Help: "Tokeninfo of the used token must match key/regex/."},
		Definition{Name: "tokentype", Type: String, Group: "conditions", Help: "Only these token types may be used."},
	)
}
