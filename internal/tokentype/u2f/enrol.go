package u2f

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/randtext"
	"edumfa/internal/securitykey"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Enroll takes one of two steps: without regdata it makes a register request,
// with it it keeps the key that answered.
func (u Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	unchecked, err := e.Rules.On(scopeEnrol, actionUnchecked)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	regData, _ := p.Text("regdata")
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
	securitykey.Set(t, infoVerifyCert, "True")
	if unchecked {
		securitykey.Set(t, infoVerifyCert, "False")
	}
	switch {
	case regData == "":
		return u.begin(e, t)
	case t.State != token.StateClientWait:
		return tokentype.Enrolled{}, mfaerr.NewParameter("regdata provided but token not in clientwait rollout_state.")
	}
	err = u.finish(ctx, e, t, p, regData, !unchecked)
	return tokentype.Enrolled{Detail: map[string]any{"u2fRegisterResponse": map[string]any{"subject": t.Description}}}, err
}

// begin makes a register request. Its challenge is stored like those of logins,
// so that only an answer to it is taken.
func (Type) begin(e *tokentype.Env, t *token.Token) (tokentype.Enrolled, error) {
	app := appID(e.Settings)
	if app == "" {
		return tokentype.Enrolled{}, mfaerr.NewTokenAdmin("You need to define the appId in the token config!")
	}
	nonce, err := securitykey.NewNonce(e.Rand)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	id, err := randtext.TransactionID(e.Rand)
	if err != nil {
		return tokentype.Enrolled{}, err
	}
	now := e.Now.UTC()
	e.Changes.Add(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: id, Serial: t.Serial, Challenge: hex.EncodeToString(nonce),
		Timestamp: now, Expiration: now.Add(e.Settings.ChallengeValidity(Name))}})
	if t.State = token.StateClientWait; t.Key == (token.Sealed{}) {
		// no key yet, but a column that can be opened
		if t.Key, err = e.Keys.Seal(""); err != nil {
			return tokentype.Enrolled{}, err
		}
	}
	securitykey.Set(t, infoAppID, app)
	return tokentype.Enrolled{Detail: map[string]any{"u2fRegisterRequest": map[string]any{"version": fido.U2FVersion, "challenge": fido.Encode(nonce), "appId": app}}}, nil
}

// errRegistration tells a client of a registration that fails, and what is wrong
// with it: who enrols a key has to choose another one, or ask an administrator.
func errRegistration(cause error) error {
	if errors.Is(cause, fido.ErrRefused) {
		return mfaerr.NewRequest(mfaerr.CodeEnrollment, "Could not enroll u2f token! (%s)", strings.TrimPrefix(cause.Error(), "fido: ")).WithCause(cause)
	}
	return mfaerr.NewRequest(mfaerr.CodeEnrollment, "Could not enroll u2f token!").WithCause(cause)
}

func (Type) finish(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, regData string, checkDates bool) error {
	text, ok := p.Text("clientdata")
	if !ok {
		return mfaerr.NewParameter("Missing parameter: 'clientdata'")
	}
	message, err := fido.Decode(regData)
	if err != nil {
		return errRegistration(err)
	}
	client, err := fido.Decode(text)
	if err != nil {
		return errRegistration(err)
	}
	r, err := fido.ParseU2FRegistration(message)
	if err != nil {
		return errRegistration(err)
	}
	issuer, serial, subject := fido.ForwardName(r.Certificate.RawIssuer), r.Certificate.SerialNumber.String(), fido.ForwardName(r.Certificate.RawSubject)
	may, err := allowed(e, scopeEnrol, issuer, serial, subject)
	if err != nil {
		return err
	}
	if !may {
		return mfaerr.NewPolicy("The U2F device is not allowed to be registered due to policy restriction.")
	}
	open, err := e.Challenges(ctx, t.Serial, "")
	if err != nil {
		return err
	}
	app := t.InfoText(infoAppID)
	want := fido.U2FExpected{AppID: app, ClientData: client, CheckDates: checkDates, Now: e.Now}
	if want.Accepts, err = origins(e, app); err != nil {
		return err
	}
	for _, c := range open {
		if nonce, err := hex.DecodeString(c.Challenge); err == nil && c.Open(e.Now.UTC()) {
			want.Challenges = append(want.Challenges, nonce)
		}
	}
	if err := r.Verify(want); err != nil {
		return errRegistration(err)
	}
	if t.Key, err = e.Keys.Seal(hex.EncodeToString(r.KeyHandle)); err != nil {
		return err
	}
	t.Count, t.FailCount, t.State = 0, 0, ""
	securitykey.Set(t, securitykey.InfoPublicKey, hex.EncodeToString(r.PublicKey))
	securitykey.Set(t, securitykey.InfoIssuer, issuer)
	securitykey.Set(t, securitykey.InfoSerial, serial)
	securitykey.Set(t, securitykey.InfoSubject, subject)
	name := r.Certificate.Subject.CommonName
	if name == "" {
		name = "Generic U2F Token"
	}
	securitykey.Describe(t, name)
	for _, c := range open {
		e.Changes.Add(change.EndChallenge{TransactionID: c.TransactionID, Serial: t.Serial})
	}
	return nil
}
