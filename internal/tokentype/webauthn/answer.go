package webauthn

import (
	"context"
	"encoding/hex"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/securitykey"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Prompt asks for the token's key. All keys of a request have one challenge.
func (w Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	asking, err := readAsking(e)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	nonce, err := securitykey.Nonce(e, Name)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	id, err := credentialID(e, t)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	request := map[string]any{
		"challenge": fido.Encode(nonce), "rpId": t.InfoText(infoRPID), "timeout": asking.timeout, "userVerification": asking.verification,
		"allowCredentials": []any{map[string]any{"id": fido.Encode(id), "type": "public-key", "transports": anys(asking.transports)}},
	}
	if app := t.InfoText(infoAppID); app != "" {
		request["extensions"] = map[string]any{"appid": app}
	}
	return tokentype.Prompt{
		Message: securitykey.Text(asking.text, t.Description), Challenge: hex.EncodeToString(nonce), HasImage: true,
		Attributes: map[string]any{"webAuthnSignRequest": request, "hideResponseInput": true, "img": ""},
	}, nil
}

// Respond holds the assertion of the request against the challenge. What was
// typed beside it says nothing.
func (w Type) Respond(ctx context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, _ secret.String) (tokentype.Match, error) {
	nonce, err := hex.DecodeString(c.Challenge)
	if err != nil || len(nonce) == 0 {
		return tokentype.Match{}, nil
	}
	m, err := w.assert(e, t, nonce)
	if mfaerr.Is(err, mfaerr.Policy) && m.OK {
		// the proof was right and is used up, though policies do not want the key
		e.Changes.Add(change.UseChallenge{ID: c.ID})
		if m.Next != t.Count {
			e.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: m.Next})
		}
	}
	return m, err
}

// answer is an assertion as requests have it.
type answer struct {
	credentialID, clientData, authData, signature, extensions []byte
	handle                                                    string
}

// first returns the first of the parameters that is there; some clients have
// other names.
func first(p tokentype.Params, names ...string) string {
	for _, n := range names {
		if v, ok := p.Text(n); ok && v != "" {
			return v
		}
	}
	return ""
}

// readAnswer reads the assertion of a request; ok is false when it has none that
// is complete.
func readAnswer(p tokentype.Params) (a answer, ok bool) {
	for _, f := range [...]struct {
		to    *[]byte
		names []string
		may   bool
	}{
		{to: &a.credentialID, names: []string{"credentialid", "credential_id"}},
		{to: &a.clientData, names: []string{"clientdata", "clientDataJSON"}},
		{to: &a.authData, names: []string{"authenticatordata", "authenticatorData"}},
		{to: &a.signature, names: []string{"signaturedata", "signature"}},
		{to: &a.extensions, names: []string{"assertionclientextensions", "assertionClientExtensions"}, may: true},
	} {
		text := first(p, f.names...)
		if text == "" {
			if f.may {
				continue
			}
			return answer{}, false
		}
		b, err := fido.Decode(text)
		if err != nil {
			return answer{}, false
		}
		*f.to = b
	}
	a.handle = first(p, "userhandle", "userHandle")
	return a, true
}

// claims reports whether the user handle names the token. It travels as text or,
// by some clients, as base64url of it.
func (a answer) claims(serial string) bool {
	if a.handle == "" || a.handle == serial {
		return true
	}
	b, err := fido.Decode(a.handle)
	return err == nil && string(b) == serial
}

// assert checks the request's assertion by the token. OK with an error of kind
// Policy says that the proof is right but the key not allowed.
func (w Type) assert(e *tokentype.Env, t *token.Token, nonce []byte) (tokentype.Match, error) {
	a, ok := readAnswer(e.Params)
	if !ok || !a.claims(t.Serial) || t.State == token.StateClientWait {
		return tokentype.Match{}, nil
	}
	rules := &asker{rules: e.Rules, scope: scopeAuth}
	verification := rules.verification()
	if rules.err != nil {
		return tokentype.Match{}, rules.err
	}
	credential, err := storedCredential(e, t)
	if err != nil {
		return tokentype.Match{}, err
	}
	got, err := fido.Assertion{
		RP: relyingParty(e.Settings, t.InfoText(infoRPID)), Origin: e.Origin, Challenge: nonce, Credential: credential,
		CredentialID: a.credentialID, ClientData: a.clientData, AuthData: a.authData, Signature: a.signature, ClientExtensions: a.extensions,
		UserVerification: verification == required, AppID: t.InfoText(infoAppID),
	}.Verify()
	if err != nil {
		return tokentype.Match{Reason: err.Error()}, nil
	}
	m := tokentype.Match{OK: true, Next: int64(got.SignCount)}
	if now := yesNo(got.BackedUp); t.InfoText(infoEligible) != "" && t.InfoText(infoBackedUp) != now {
		m.Changes = append(m.Changes, change.SetInfo{ID: t.ID, Key: infoBackedUp, Value: now})
	}
	return m, w.authorized(e, t)
}

// storedCredential is the token's credential.
func storedCredential(e *tokentype.Env, t *token.Token) (fido.Credential, error) {
	id, err := credentialID(e, t)
	if err != nil {
		return fido.Credential{}, err
	}
	key, err := hex.DecodeString(t.InfoText(securitykey.InfoPublicKey))
	if err != nil {
		key = nil // no signature fits
	}
	c := fido.Credential{ID: id, PublicKey: key, SignCount: uint32(max(0, min(t.Count, 1<<32-1)))}
	switch t.InfoText(infoEligible) {
	case "yes", "no":
		eligible := t.InfoText(infoEligible) == "yes"
		c.BackupEligible = &eligible
	}
	return c, nil
}

// authorized holds the key against the policies of the scope authorization.
func (Type) authorized(e *tokentype.Env, t *token.Token) error {
	rules := &asker{rules: e.Rules, scope: scopeAuthz}
	filters, models := rules.words("webauthn_req"), rules.models()
	if rules.err != nil {
		return rules.err
	}
	ok, err := securitykey.TokenAllowed(filters, t)
	if err != nil {
		return err
	}
	if !ok || !models.permit(t.InfoText(infoAAGUID), t.InfoText(infoEligible) == "yes") {
		return mfaerr.NewPolicy("The WebAuthn token is not allowed to authenticate due to a policy restriction.")
	}
	return nil
}

// NamelessPrompt asks for any passkey. Only the realm's rules add the relying
// party: without a realm the page has to know it.
func (Type) NamelessPrompt(e *tokentype.Env, nonce []byte, ofRealm bool) (map[string]any, error) {
	request := map[string]any{"challenge": fido.Encode(nonce)}
	if ofRealm {
		rules := &asker{rules: e.Rules, scope: scopeAuth}
		request["timeout"], request["userVerification"] = rules.timeout(), rules.verification()
		rules.scope = scopeEnrol
		id := rules.word("webauthn_relying_party_id", "")
		if rules.err == nil && id == "" {
			rules.err = missing("webauthn_relying_party_id")
		}
		if rules.err == nil && !fido.IsDomain(id) {
			rules.err = errNoDomain()
		}
		if rules.err != nil {
			return nil, rules.err
		}
		request["rpId"] = id
	}
	return map[string]any{"webAuthnSignRequest": request, "hideResponseInput": false, "img": ""}, nil
}

// NamelessAnswer reads the challenge from the client data and the serial from the
// user handle.
func (Type) NamelessAnswer(p tokentype.Params) (nonce []byte, serials []string, ok bool) {
	a, ok := readAnswer(p)
	if !ok {
		return nil, nil, false
	}
	client, err := fido.ParseClientData(a.clientData)
	if err != nil {
		return nil, nil, false
	}
	if nonce, err = client.ChallengeBytes(); err != nil {
		return nil, nil, false
	}
	serials = []string{a.handle}
	if b, err := fido.Decode(a.handle); err == nil && len(b) > 0 {
		serials = append(serials, string(b))
	}
	return nonce, serials, true
}

// RespondNameless holds the assertion against the challenge, which the caller
// knows to be its own and unused.
func (w Type) RespondNameless(_ context.Context, e *tokentype.Env, t *token.Token, nonce []byte) (tokentype.Match, error) {
	m, err := w.assert(e, t, nonce)
	if mfaerr.Is(err, mfaerr.Policy) && m.OK && m.Next != t.Count {
		e.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: m.Next})
	}
	return m, err
}
