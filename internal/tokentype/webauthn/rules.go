package webauthn

import (
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/securitykey"
	"edumfa/internal/tokentype"
)

// algorithms that policies can name, in the order they are offered.
var algorithms = [...]struct {
	name string
	id   int
}{{"ecdsa", fido.ES256}, {"rsassa-pss", fido.PS256}, {"rsassa-pkcs1v1_5", fido.RS256}}

const required = "required"

// enrolment is what policies say of an enrolment.
type enrolment struct {
	rpID, rpName string
	timeout      int // milliseconds
	verification string
	attachment   string // "" for either
	algorithms   []int
	form         string
	level        fido.Level
	resident     string
	text, label  string
	filters      []string
	models       models
	exclude      bool
}

// asker asks policies one after the other and keeps the first error.
type asker struct {
	rules tokentype.Rules
	scope string
	err   error
}

func (a *asker) word(action, def string, values ...string) string {
	if a.err != nil {
		return def
	}
	v, ok, err := a.rules.Word(a.scope, action)
	switch {
	case err != nil:
		a.err = err
	case !ok:
		return def
	case len(values) > 0 && !slices.Contains(values, v):
		a.err = mfaerr.NewPolicy("%s must be one of %s", action, strings.Join(values, ", "))
	}
	return v
}

func (a *asker) text(action, def string) string {
	if a.err != nil {
		return def
	}
	v, ok, err := a.rules.Text(a.scope, action)
	if err != nil {
		a.err = err
	}
	if !ok {
		return def
	}
	return v
}

func (a *asker) words(action string) []string {
	if a.err != nil {
		return nil
	}
	v, err := a.rules.Words(a.scope, action)
	if err != nil {
		a.err = err
	}
	return v
}

func (a *asker) on(action string) bool {
	if a.err != nil {
		return false
	}
	v, err := a.rules.On(a.scope, action)
	if err != nil {
		a.err = err
	}
	return v
}

// timeout is a number of seconds, in milliseconds.
func (a *asker) timeout() int {
	v := a.word("webauthn_timeout", "60")
	n, err := strconv.Atoi(v)
	if a.err == nil && (err != nil || n <= 0 || n > 86400) {
		a.err = mfaerr.NewPolicy("webauthn_timeout must be a number of seconds")
	}
	return n * 1000
}

func (a *asker) verification() string {
	return a.word("webauthn_user_verification_requirement", "preferred", required, "preferred", "discouraged")
}

// readEnrolment asks the policies of an enrolment. Relying party and its name
// must be set.
func readEnrolment(r tokentype.Rules) (enrolment, error) {
	a := &asker{rules: r, scope: scopeEnrol}
	e := enrolment{timeout: a.timeout(), verification: a.verification()}
	e.rpID = a.word("webauthn_relying_party_id", "")
	if a.err == nil && e.rpID == "" {
		return e, missing("webauthn_relying_party_id")
	}
	e.rpName = a.text("webauthn_relying_party_name", "")
	if a.err == nil && e.rpName == "" {
		return e, missing("webauthn_relying_party_name")
	}
	if a.err == nil && !fido.IsDomain(e.rpID) {
		return e, errNoDomain()
	}
	if e.attachment = a.word("webauthn_authenticator_attachment", ""); e.attachment != "platform" && e.attachment != "cross-platform" {
		e.attachment = ""
	}
	e.algorithms = a.algorithms()
	e.level = fido.Level(a.word("webauthn_authenticator_attestation_level", "untrusted", "trusted", "untrusted", "none"))
	e.form = a.word("webauthn_authenticator_attestation_form", "direct", "none", "indirect", "direct")
	e.resident = a.word("webauthn_resident_key", "preferred", "discouraged", required, "preferred")
	e.text = a.text("webauthn_challenge_text", defaultEnrolText)
	e.label = a.text("webauthn_tokenlabel", "{givenname} {surname} ({user})")
	e.filters = a.words("webauthn_req")
	e.models = a.models()
	e.exclude = a.on("webauthn_avoid_double_registration")
	return e, a.err
}

func missing(action string) error {
	return mfaerr.NewPolicy("Missing enrollment policy for WebauthnToken: %s", action)
}

func errNoDomain() error {
	return mfaerr.NewPolicy("Illegal value for webauthn_relying_party_id (must be a domain name).")
}

func (a *asker) algorithms() []int {
	named := a.words("webauthn_public_key_credential_algorithms")
	if len(named) == 0 {
		named = []string{"ecdsa", "rsassa-pss"}
	}
	var out []int
	known := 0
	for _, alg := range algorithms {
		if slices.Contains(named, alg.name) {
			out = append(out, alg.id)
			known++
		}
	}
	if a.err == nil && known < len(named) {
		a.err = mfaerr.NewPolicy("webauthn_public_key_credential_algorithms must be one of ecdsa, rsassa-pss, rsassa-pkcs1v1_5")
	}
	return out
}

// models are the models and kinds of keys that policies allow.
type models struct {
	allow, deny []string // AAGUIDs in hex without dashes
	// listed are the allowed ones as the policies write them.
	listed []string
	kind   string
}

// Kinds of credentials: bound to one device, or synced between several.
const (
	kindAny    = "any"
	kindDevice = "device-bound"
	kindSynced = "multi-device"
)

func (a *asker) models() models {
	m := models{listed: a.words("webauthn_authenticator_selection_list"), deny: plain(a.words(actionDeny)),
		kind: a.word(actionKind, kindAny, kindAny, kindDevice, kindSynced)}
	m.allow = plain(m.listed)
	return m
}

// plain writes AAGUIDs as tokens keep them.
func plain(list []string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = strings.ToLower(strings.ReplaceAll(v, "-", ""))
	}
	return out
}

// permit reports whether a key of the model and kind is allowed.
func (m models) permit(aaguid string, eligible bool) bool {
	aaguid = strings.ToLower(strings.ReplaceAll(aaguid, "-", ""))
	switch {
	case len(m.allow) > 0 && !slices.Contains(m.allow, aaguid):
		return false
	case slices.Contains(m.deny, aaguid):
		return false
	case m.kind == kindDevice && eligible, m.kind == kindSynced && !eligible:
		return false
	}
	return true
}

// asking is what policies say of a challenge.
type asking struct {
	timeout      int
	verification string
	transports   []string
	text         string
}

// transportsParameter can be set by an event handler, never by the client.
const transportsParameter = "webauthn_allowed_transports"

func readAsking(e *tokentype.Env) (asking, error) {
	a := &asker{rules: e.Rules, scope: scopeAuth}
	out := asking{timeout: a.timeout(), verification: a.verification(), transports: a.words(transportsParameter)}
	if len(out.transports) == 0 {
		out.transports = []string{"usb", "ble", "nfc", "internal", "hybrid"}
	}
	if set, ok := e.Params.Text(transportsParameter); ok {
		if list := securitykey.List(set); len(list) > 0 {
			out.transports = list
		}
	}
	out.text = a.text("webauthn_challenge_text", defaultPrompt)
	return out, a.err
}
