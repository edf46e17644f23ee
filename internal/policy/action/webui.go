package action

import "edumfa/internal/policy"

// webui are the settings of the user interface.
func webui(d Dynamic) []Definition {
	return In(policy.ScopeWebUI,
		Definition{Name: "admin_dashboard", Type: Bool, Help: "Dashboard is the start page of admins."},
		Definition{Name: "audit_page_size", Type: Int, Help: "Rows per audit page (10)."},
		Definition{Name: "custom_baseline", Type: String, Help: "Own template for the page footer."},
		Definition{Name: "custom_menu", Type: String, Help: "Own template for the menu bar."},
		Definition{Name: "default_tokentype", Type: String, Values: Words(d.TokenTypes...), Help: "Preselected type in the enrol form (hotp)."},
		Definition{Name: "deletion_confirmation", Type: Bool, Help: "Ask before deleting policies, events, resolvers, tasks."},
		Definition{Name: "dialog_no_token", Type: Bool, Help: "Show a dialog to users without tokens."},
		Definition{Name: "hide_buttons", Type: Bool, Help: "Hide instead of grey out forbidden buttons."},
		Definition{Name: "hide_welcome_info", Type: Bool, Help: "No welcome dialog for admins."},
		Definition{Name: "login_mode", Type: String, Values: Words("userstore", "eduMFA", "disable"), Help: "User-store password, eduMFA token or no UI login."},
		Definition{Name: "login_text", Type: String, Help: "Headline of the login box."},
		Definition{Name: "logout_redirect", Type: String, Help: "URL opened after logout."},
		Definition{Name: "logout_time", Type: Int, Help: "Idle seconds (120)."},
		Definition{Name: "policy_template_url", Type: String, Help: "Base URL of policy templates."},
		Definition{Name: "privacy_statement_link", Type: String, Help: "Footer link."},
		Definition{Name: "realm_dropdown", Type: String, Help: "Realms offered at login."},
		Definition{Name: "remote_user", Type: String, Values: Words("allowed", "disable", "force"), Help: "Use of the web-server identity."},
		Definition{Name: "search_on_enter", Type: Bool, Help: "User search only on Enter."},
		Definition{Name: "show_android_privacyidea_authenticator", Type: Bool, Group: "QR Codes", Help: "QR code to an Android app."},
		Definition{Name: "show_custom_authenticator", Type: String, Group: "QR Codes", Help: "QR code to this URL."},
		Definition{Name: "show_ios_privacyidea_authenticator", Type: Bool, Group: "QR Codes", Help: "QR code to an iOS app."},
		Definition{Name: "show_node", Type: Bool, Help: "Node name in the menu."},
		Definition{Name: "show_seed", Type: Bool, Help: "Seed text at enrolment."},
		Definition{Name: "timeout_action", Type: String, Values: Words("logout", "lockscreen"), Help: "Logout or lock when idle."},
		Definition{Name: "token_page_size", Type: Int, Help: "Rows per token page (15)."},
		Definition{Name: "token_rollover", Type: String, Group: "token", Help: "Token types with a rollover button."},
		Definition{Name: "tokenwizard", Type: Bool, Help: "Users without tokens only see the wizard."},
		Definition{Name: "tokenwizard_2nd_token", Type: Bool, Help: "Wizard entry also for users with tokens."},
		Definition{Name: "user_details", Type: Bool, Help: "Show uid and resolver in the token list."},
		Definition{Name: "user_page_size", Type: Int, Help: "Rows per user page (15)."},
	)
}
