package webauthn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/securitykey"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// errRegistration tells a client of a registration that fails, and what is wrong
// with it: who enrols a key has to choose another one, or ask an administrator.
func errRegistration(cause error) error {
	if errors.Is(cause, fido.ErrRefused) {
		return mfaerr.NewRequest(mfaerr.CodeEnrollment, "Could not enroll webauthn token! (%s)", strings.TrimPrefix(cause.Error(), "fido: ")).WithCause(cause)
	}
	return mfaerr.NewRequest(mfaerr.CodeEnrollment, "Could not enroll webauthn token!").WithCause(cause)
}

// finish takes the second step: it holds what the key answered against the
// challenge and the policies, and keeps the credential.
func (w Type) finish(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, r enrolment, regData, clientData string) error {
	if e.Origin == "" {
		return mfaerr.NewParameter("The registration of a WebAuthn token needs the header Origin.")
	}
	open, err := w.open(ctx, e, t, p)
	if err != nil {
		return err
	}
	object, client, extensions, err := decodeRegistration(regData, clientData, p)
	if err != nil {
		return errRegistration(err)
	}
	registration, err := fido.ParseRegistration(object)
	if err != nil {
		return errRegistration(err)
	}
	metadata, err := w.Files.metadata(e.Settings.Text(settingMetadata, ""), e.Now)
	if err != nil {
		return err
	}
	if err := w.permitted(r, registration, metadata); err != nil {
		return err
	}
	anchors := w.Files.anchors(e.Settings.Text(settingAnchors, ""))
	model := metadata.Model(registration.AAGUID())
	got, err := registration.Verify(fido.Expected{
		// the relying party of the first step, which the browser was given
		RP: relyingParty(e.Settings, t.InfoText(infoRPID)), Origin: e.Origin, Challenges: nonces(open), ClientData: client, ClientExtensions: extensions,
		Algorithms: r.algorithms, UserVerification: r.verification == required, Level: r.level,
		Anchors: slices.Concat(anchors, model.Roots), Now: e.Now,
	})
	if err != nil {
		return errRegistration(err)
	}
	if !r.models.permit(registration.AAGUID(), *got.BackupEligible) {
		return errNotPermitted()
	}
	if err := w.unknown(ctx, e, t, got); err != nil {
		return err
	}
	if t.Key, err = e.Keys.Seal(hex.EncodeToString(got.ID)); err != nil {
		return err
	}
	t.Count, t.FailCount, t.State = int64(got.SignCount), 0, ""
	describe(t, registration, got, model)
	for _, c := range open {
		e.Changes.Add(change.UseChallenge{ID: c.ID})
	}
	return nil
}

// open are the token's challenges of the enrolment, at least one.
func (Type) open(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) ([]challenge.Challenge, error) {
	id, _ := p.Text("transaction_id")
	list, err := e.Challenges(ctx, t.Serial, id)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c challenge.Challenge) bool { return !c.Open(e.Now.UTC()) })
	if len(list) == 0 {
		return nil, mfaerr.NewRequest(mfaerr.CodeEnrollment, "The enrollment challenge does not exist or has timed out for %s", t.Serial)
	}
	return list, nil
}

func nonces(list []challenge.Challenge) [][]byte {
	var out [][]byte
	for _, c := range list {
		if b, err := hex.DecodeString(c.Challenge); err == nil && len(b) > 0 {
			out = append(out, b)
		}
	}
	return out
}

func decodeRegistration(regData, clientData string, p tokentype.EnrollParams) (object, client, extensions []byte, err error) {
	if object, err = fido.Decode(regData); err != nil {
		return nil, nil, nil, err
	}
	if client, err = fido.Decode(clientData); err != nil {
		return nil, nil, nil, err
	}
	if text, _ := p.Text("registrationclientextensions"); text != "" {
		extensions, err = fido.Decode(text)
	}
	return object, client, extensions, err
}

func errNotPermitted() error {
	return mfaerr.NewPolicy("The WebAuthn token is not allowed to be registered due to a policy restriction.")
}

// permitted holds model and attestation certificate against the policies, and
// the model against what the metadata service has to say of it.
func (Type) permitted(r enrolment, registration *fido.Registration, metadata *fido.Metadata) error {
	var issuer, serial, subject string
	if c := registration.Certificate(); c != nil {
		issuer, serial, subject = fido.Name(c.RawIssuer), c.SerialNumber.String(), fido.Name(c.RawSubject)
	}
	ok, err := securitykey.Allowed(r.filters, issuer, serial, subject)
	if err != nil {
		return err
	}
	if !ok || metadata.Model(registration.AAGUID()).Compromised {
		return errNotPermitted()
	}
	return nil
}

// unknown refuses a credential that another token has already.
func (Type) unknown(ctx context.Context, e *tokentype.Env, t *token.Token, got fido.Registered) error {
	for key, value := range map[string]string{infoCredential: credentialHash(got.ID), securitykey.InfoPublicKey: hex.EncodeToString(got.PublicKey)} {
		list, err := e.Tokens(ctx, token.Filter{Type: Name, InfoKey: key, InfoVal: value})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(other *token.Token) bool { return other.Serial != t.Serial }) {
			return errRegistration(fmt.Errorf("%w: the credential belongs to another token", fido.ErrRefused))
		}
	}
	return nil
}

func credentialHash(id []byte) string {
	h := sha256.Sum256(id)
	return hex.EncodeToString(h[:])
}

// describe writes what is known of the key into tokeninfo, and names the token if
// nobody has.
func describe(t *token.Token, registration *fido.Registration, got fido.Registered, model fido.Model) {
	name := "Generic WebAuthn Token"
	securitykey.Set(t, securitykey.InfoPublicKey, hex.EncodeToString(got.PublicKey))
	securitykey.Set(t, infoCredential, credentialHash(got.ID))
	securitykey.Set(t, infoOrigin, got.Origin)
	securitykey.Set(t, infoLevel, string(got.Level))
	securitykey.Set(t, infoAAGUID, registration.AAGUID())
	if model.Name != "" {
		securitykey.Set(t, infoModel, model.Name)
		name = model.Name
	}
	if c := got.Certificate; c != nil {
		securitykey.Set(t, securitykey.InfoIssuer, fido.Name(c.RawIssuer))
		securitykey.Set(t, securitykey.InfoSerial, c.SerialNumber.String())
		securitykey.Set(t, securitykey.InfoSubject, fido.Name(c.RawSubject))
		if c.Subject.CommonName != "" {
			name = c.Subject.CommonName
		}
	}
	if got.Resident != nil {
		securitykey.Set(t, infoResident, "not enough info")
		if *got.Resident {
			securitykey.Set(t, infoResident, "yes")
			name = "Passkey (WebAuthn Discoverable Credential)"
		}
	}
	if *got.BackupEligible {
		securitykey.Set(t, infoResident, "yes")
		name = "Syncable Passkey (WebAuthn Multi-Device Credential)"
	}
	if got.BackedUp {
		name = "Synced Passkey (WebAuthn Multi-Device Credential)"
	}
	securitykey.Set(t, infoEligible, yesNo(*got.BackupEligible))
	securitykey.Set(t, infoBackedUp, yesNo(got.BackedUp))
	securitykey.Describe(t, name)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
