package webauthn

import (
	"edumfa/internal/policy/action"
)

// Actions of the type that the field does not have; where no policy names them,
// nothing changes.
const (
	actionDeny = "webauthn_authenticator_deny_list"
	actionKind = "webauthn_credential_kind"
)

// Actions are the policy actions of the type.
func (Type) Actions() []action.Definition {
	out := action.Own(Name, action.Dynamic{})
	for _, in := range [...]struct{ scope, group string }{{scopeEnrol, "WebAuthn"}, {scopeAuthz, "conditions"}} {
		out = append(out,
			action.Definition{Scope: in.scope, Name: actionDeny, Type: action.String, Group: in.group, Help: "AAGUIDs of authenticators that are refused, divided by blanks."},
			action.Definition{Scope: in.scope, Name: actionKind, Type: action.String, Group: in.group,
				Values: []string{kindAny, kindDevice, kindSynced},
				Help:   "Only credentials that stay on one device, or only those that are synced between several."})
	}
	return out
}
