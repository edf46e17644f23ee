package action

import (
	"slices"

	"edumfa/internal/policy"
)

// auditRights are the rights on the audit log.
func auditRights() []Definition {
	return slices.Concat(In(policy.ScopeAdmin,
		Definition{Name: "auditlog", Type: Bool, Group: "system", MainMenu: Words("audit"), Help: "May read the audit log; realms of the policy limit the rows."},
		Definition{Name: "auditlog_age", Type: String, Group: "system", MainMenu: Words("audit"), Help: "Only audit rows younger than this period (d, m, y and so on) are visible; longest of several wins."},
		Definition{Name: "auditlog_download", Type: Bool, Group: "system", MainMenu: Words("audit"), Help: "May download the audit log as CSV."},
		Definition{Name: "hide_audit_columns", Type: String, Group: "system", MainMenu: Words("audit"), Help: "Blank-separated audit columns that are blanked out of search results."},
	), In(policy.ScopeUser,
		Definition{Name: "auditlog", Type: Bool, MainMenu: Words("audit"), Help: "Users may read own audit rows."},
		Definition{Name: "auditlog_age", Type: String, MainMenu: Words("audit"), Help: "Only audit rows younger than this period (d, m, y and so on) are visible; longest of several wins."},
		Definition{Name: "hide_audit_columns", Type: String, Group: "system", MainMenu: Words("audit"), Help: "Blank-separated audit columns that are blanked out of search results."},
	))
}
