package webauthn

import (
	"context"
	"encoding/hex"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/randtext"
	"edumfa/internal/securitykey"
	"edumfa/internal/texttag"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Enroll takes one of two steps: without regdata and clientdata it makes the
// options for the browser, with them it registers the key that answered.
func (w Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	rules, err := readEnrolment(e.Rules)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	regData, _ := p.Text("regdata")
	clientData, _ := p.Text("clientdata")
	if d, given := p.Text("description"); given {
		t.Description = d
	}
	securitykey.Set(t, token.InfoKind, token.KindSoftware)
	for _, name := range p.Names() {
		if strings.HasPrefix(name, Name+".") {
			v, _ := p.Text(name)
			securitykey.Set(t, name, v)
		}
	}
	switch {
	case regData == "" || clientData == "":
		return w.begin(ctx, e, t, p, rules)
	case t.State != token.StateClientWait:
		return tokentype.Enrolled{}, mfaerr.NewParameter("regdata and or clientdata provided but token not in clientwait rollout_state.")
	}
	err = w.finish(ctx, e, t, p, rules, regData, clientData)
	return tokentype.Enrolled{Detail: map[string]any{"webAuthnRegisterResponse": map[string]any{"subject": t.Description}}}, err
}

// begin makes the first step: a challenge, and what the browser is to ask the key
// for. Until the second step the token cannot be used.
func (w Type) begin(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, r enrolment) (tokentype.Enrolled, error) {
	if t.Owner == nil {
		return tokentype.Enrolled{}, mfaerr.NewParameter("A WebAuthn token needs a user.")
	}
	securitykey.Set(t, infoRPID, r.rpID)
	securitykey.Set(t, infoRPName, r.rpName)
	nonce, err := securitykey.NewNonce(e.Rand)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	if t.State = token.StateClientWait; t.Key == (token.Sealed{}) {
		// no key yet, but a column that can be opened
		if t.Key, err = e.Keys.Seal(""); err != nil {
			return tokentype.Enrolled{}, err
		}
	}
	id, _ := p.Text("transaction_id")
	if len(id) > 64 {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The transaction id is longer than 64 characters.")
	}
	if id == "" {
		if id, err = randtext.TransactionID(e.Rand); err != nil {
			return tokentype.Enrolled{}, err
		}
	}
	now := e.Now.UTC()
	e.Changes.Add(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: id, Serial: t.Serial, Challenge: hex.EncodeToString(nonce),
		Timestamp: now, Expiration: now.Add(e.Settings.ChallengeValidity(Name))}})
	options, err := w.options(ctx, e, t, r)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	options["transaction_id"], options["nonce"] = id, fido.Encode(nonce)
	return tokentype.Enrolled{Detail: map[string]any{"webAuthnRegisterRequest": options}}, nil
}

// options are what the client makes PublicKeyCredentialCreationOptions of
// (section 5.4).
func (w Type) options(ctx context.Context, e *tokentype.Env, t *token.Token, r enrolment) (map[string]any, error) {
	owner, err := e.Owner(ctx, t)
	if err != nil {
		return nil, err
	}
	offered := make([]any, 0, len(r.algorithms))
	for _, a := range r.algorithms {
		offered = append(offered, map[string]any{"alg": a, "type": "public-key"})
	}
	selection := map[string]any{"residentKey": r.resident, "userVerification": r.verification}
	if r.attachment != "" {
		selection["authenticatorAttachment"] = r.attachment
	}
	label := texttag.Old(r.label, map[string]string{"s": t.Serial, "u": e.OwnerLogin, "r": e.OwnerRealm})
	label = texttag.Fill(label, map[string]string{"serial": t.Serial, "user": e.OwnerLogin, "realm": e.OwnerRealm,
		"givenname": owner.Text("givenname"), "surname": owner.Text("surname")})
	options := map[string]any{
		"message": securitykey.Text(r.text, t.Description), "relyingParty": map[string]any{"id": r.rpID, "name": r.rpName}, "serialNumber": t.Serial,
		"pubKeyCredAlgorithms": offered, "name": e.OwnerLogin, "displayName": label, "authenticatorSelection": selection,
		"timeout": r.timeout, "attestation": r.form,
	}
	if len(r.models.listed) > 0 {
		options["authenticatorSelectionList"] = anys(r.models.listed)
	}
	if !r.exclude {
		return options, nil
	}
	known, err := w.known(ctx, e, t)
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		options["excludeCredentials"] = known
	}
	return options, nil
}

// known are the credentials that the owner has already, so that no key is
// registered twice.
func (Type) known(ctx context.Context, e *tokentype.Env, t *token.Token) ([]any, error) {
	list, err := e.Tokens(ctx, token.Filter{Type: Name, Of: t.Owner})
	if err != nil {
		return nil, err
	}
	var out []any
	for _, other := range list {
		if other.State == token.StateClientWait {
			continue
		}
		id, err := credentialID(e, other)
		if err != nil || len(id) == 0 {
			continue // one token that cannot be read must not keep its owner from a new one
		}
		out = append(out, map[string]any{"id": fido.Encode(id), "type": "public-key", "transports": []any{"usb", "ble", "nfc", "internal", "hybrid"}})
	}
	return out, nil
}

// credentialID opens the id of a token's credential.
func credentialID(e *tokentype.Env, t *token.Token) ([]byte, error) {
	text, err := e.Keys.Open(t.Key)
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
