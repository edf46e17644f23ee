package action

import "edumfa/internal/policy"

// serverRights are the rights on servers, gateways, events, tasks and labels.
func serverRights() []Definition {
	return In(policy.ScopeAdmin,
		Definition{Name: "edumfaserver_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read remote server definitions."},
		Definition{Name: "edumfaserver_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write, delete and test remote server definitions."},
		Definition{Name: "eventhandling_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read event handler definitions."},
		Definition{Name: "eventhandling_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write event handler definitions."},
		Definition{Name: "periodictask_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read periodic tasks."},
		Definition{Name: "periodictask_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write periodic tasks."},
		Definition{Name: "radiusserver_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read RADIUS definitions."},
		Definition{Name: "radiusserver_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write, delete and test RADIUS definitions."},
		Definition{Name: "serviceid_add", Type: Bool, Group: "service ID", MainMenu: Words("config"), Help: "May create or edit service id definitions."},
		Definition{Name: "serviceid_delete", Type: Bool, Group: "service ID", MainMenu: Words("config"), Help: "May delete service id definitions."},
		Definition{Name: "serviceid_list", Type: Bool, Group: "service ID", MainMenu: Words("config"), Help: "May list service id definitions."},
		Definition{Name: "smsgateway_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read SMS gateways."},
		Definition{Name: "smsgateway_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write SMS gateways."},
		Definition{Name: "smtpserver_read", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read SMTP definitions."},
		Definition{Name: "smtpserver_write", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write, delete and test SMTP definitions."},
		Definition{Name: "statistics_delete", Type: Bool, Group: "system", Help: "May delete monitoring statistics."},
		Definition{Name: "statistics_read", Type: Bool, Group: "system", Help: "May read monitoring statistics."},
		Definition{Name: "tokengroup_add", Type: Bool, Group: "tokengroup", MainMenu: Words("config"), Help: "May create or edit token group definitions."},
		Definition{Name: "tokengroup_delete", Type: Bool, Group: "tokengroup", MainMenu: Words("config"), Help: "May delete token group definitions (refused while tokens use it)."},
		Definition{Name: "tokengroup_list", Type: Bool, Group: "tokengroup", MainMenu: Words("config"), Help: "May list token group definitions."},
	)
}
