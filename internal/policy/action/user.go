package action

import (
	"slices"

	"edumfa/internal/policy"
)

// userRights are the rights on users and their attributes.
func userRights() []Definition {
	return slices.Concat(In(policy.ScopeAdmin,
		Definition{Name: "adduser", Type: Bool, Group: "user", MainMenu: Words("users"), Help: "May create users in resolvers that can be written."},
		Definition{Name: "delete_custom_user_attributes", Type: String, Group: "user", MainMenu: Words(), Help: "Which custom attribute keys may be deleted (blank list or *)."},
		Definition{Name: "deleteuser", Type: Bool, Group: "user", MainMenu: Words("users"), Help: "May delete a user from an editable resolver."},
		Definition{Name: "set_custom_user_attributes", Type: String, Group: "user", MainMenu: Words(), Help: "Which custom attribute keys and values may be written (\"key: v1 v2 key2: *\")."},
		Definition{Name: "updateuser", Type: Bool, Group: "user", MainMenu: Words("users"), Help: "May change attributes of users in resolvers that can be written."},
		Definition{Name: "userlist", Type: Bool, Group: "general", MainMenu: Words("users"), Help: "May search users; the realm of the policy is preset."},
	), In(policy.ScopeUser,
		Definition{Name: "delete_custom_user_attributes", Type: String, Group: "user", MainMenu: Words(), Help: "Which custom attribute keys may be deleted (blank list or *)."},
		Definition{Name: "password_reset", Type: Bool, MainMenu: Words(), Help: "Enables the recover-password flow for users in editable resolvers."},
		Definition{Name: "set_custom_user_attributes", Type: String, Group: "user", MainMenu: Words(), Help: "Which custom attribute keys and values may be written (\"key: v1 v2 key2: *\")."},
		Definition{Name: "updateuser", Type: Bool, MainMenu: Words("users"), Help: "Users may change own data, shows the password page."},
		Definition{Name: "userlist", Type: Bool, MainMenu: Words("users"), Help: "Users may read the own user record."},
	))
}
