package action

import "edumfa/internal/policy"

// register are the settings for users who register themselves.
func register(d Dynamic) []Definition {
	return In(policy.ScopeRegister,
		Definition{Name: "realm", Type: String, Values: Words(d.Realms...), Help: "Realm new users are put in."},
		Definition{Name: "registration_body", Type: Text, Help: "Mail body with {regkey}."},
		Definition{Name: "requiredemail", Type: String, Help: "Regex (between slashes) the mail address must match."},
		Definition{Name: "resolver", Type: String, Values: Words(d.Resolvers...), Help: "Resolver new users are created in; enables registration."},
		Definition{Name: "smtpconfig", Type: String, Values: Words(d.SMTPServers...), Help: "Mail server for the registration mail."},
	)
}
