package action

import "edumfa/internal/policy"

// systemRights are the rights on the configuration.
func systemRights() []Definition {
	return In(policy.ScopeAdmin,
		Definition{Name: "caconnectordelete", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May delete CA connectors."},
		Definition{Name: "caconnectorread", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read CA connector definitions."},
		Definition{Name: "caconnectorwrite", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May create and edit CA connectors."},
		Definition{Name: "clienttype", Type: Bool, Group: "system", MainMenu: Words("components"), Help: "May list recorded client applications."},
		Definition{Name: "configdelete", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May delete system settings."},
		Definition{Name: "configread", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "Shows the system settings in the user interface."},
		Definition{Name: "configwrite", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write system settings and run token-config tests."},
		Definition{Name: "managesubscription", Type: Bool, Group: "system", MainMenu: Words("components"), Help: "Reserved for subscriptions; nothing asks for it."},
		Definition{Name: "mresolverdelete", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May delete machine resolvers."},
		Definition{Name: "mresolverread", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read machine resolvers."},
		Definition{Name: "mresolverwrite", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write machine resolvers."},
		Definition{Name: "policydelete", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May delete policies."},
		Definition{Name: "policyread", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May read and export policies."},
		Definition{Name: "policywrite", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write, import, enable and disable policies."},
		Definition{Name: "resolverdelete", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May delete resolvers, realms and the default realm."},
		Definition{Name: "resolverread", Type: Bool, Group: "system", MainMenu: Words("config"), menuMisspelt: true, Help: "May read resolvers."},
		Definition{Name: "resolverwrite", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May write and test resolvers and write realms and the default realm."},
		Definition{Name: "set_hsm_password", Type: Bool, Group: "system", Help: "May unlock the security module with its password."},
		Definition{Name: "system_documentation", Type: Bool, Group: "system", MainMenu: Words("config"), Help: "May export the configuration documentation."},
	)
}
