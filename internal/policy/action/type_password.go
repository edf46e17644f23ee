package action

import (
	"slices"

	"edumfa/internal/policy"
)

// Password are the own actions of the type pw.
func Password() []Definition {
	return in(policy.ScopeEnrollment,
		Definition{Name: "pw.contents", Type: String, Group: "token", Help: "Character classes of generated password tokens."},
		Definition{Name: "pw.length", Type: Int, Group: "token", Values: numbers(1, 31), Help: "Length of generated password tokens."},
	)
}

// Registration are the own actions of the type registration.
func Registration() []Definition {
	return in(policy.ScopeEnrollment,
		Definition{Name: "registration.contents", Type: String, Group: "token", Help: "Character classes of registration codes."},
		Definition{Name: "registration.length", Type: Int, Group: "token", Values: numbers(1, 31), Help: "Length of generated registration codes."},
	)
}

// paper are the own actions of the type paper.
func paper() []Definition {
	return in(policy.ScopeEnrollment,
		Definition{Name: "papertoken_count", Type: Int, Help: "Number of printed OTPs (100)."},
	)
}

// tan are the own actions of the type tan.
func tan() []Definition {
	return in(policy.ScopeEnrollment,
		Definition{Name: "tantoken_count", Type: Int, Help: "Number of TANs (100)."},
	)
}

// indexedSecret are the own actions of the type indexedsecret.
func indexedSecret() []Definition {
	return slices.Concat(in(policy.ScopeAdmin,
		Definition{Name: "indexedsecret_force_attribute", Type: String, Group: "enrollment", Help: "User attribute whose value becomes the indexed secret."},
	), in(policy.ScopeUser,
		Definition{Name: "indexedsecret_force_attribute", Type: String, Group: "enrollment", Help: "User attribute whose value becomes the indexed secret."},
	), in(policy.ScopeAuthentication,
		Definition{Name: "indexedsecret_challenge_text", Type: String, Group: "Indexed Secret Token", Help: "Text of the position challenge."},
		Definition{Name: "indexedsecret_count", Type: Int, Group: "Indexed Secret Token", Help: "Number of asked positions (2)."},
	), in(policy.ScopeWebUI,
		Definition{Name: "indexedsecret_preset_attribute", Type: String, Group: "token", Help: "User attribute that pre-fills the secret."},
	))
}

// question are the own actions of the type question.
func question() []Definition {
	return in(policy.ScopeAuthentication,
		Definition{Name: "question_number", Type: Int, Group: "token", Values: numbers(1, 30), Help: "Number of questions to answer (1)."},
	)
}

// yubikey are the own actions of the type yubikey.
func yubikey() []Definition {
	return in(policy.ScopeEnrollment,
		Definition{Name: "yubikey_access_code", Type: String, Help: "Access code readable by enrolment clients."},
	)
}
