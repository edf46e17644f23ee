package u2f

import (
	"context"
	"encoding/hex"
	"errors"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/fido"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/securitykey"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Prompt asks for a signature of the token's key. Where the setting names the
// relying party of the login page, the prompt can be answered by WebAuthn, too.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	text, ok, err := e.Rules.Text(scopeAuth, actionText)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok {
		text = defaultPrompt
	}
	nonce, err := securitykey.Nonce(e, Name)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	handle, err := keyHandle(e, t)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	app := t.InfoText(infoAppID)
	attributes := map[string]any{"hideResponseInput": true, "img": "", "u2fSignRequest": map[string]any{
		"appId": app, "version": fido.U2FVersion, "challenge": fido.Encode(nonce), "keyHandle": fido.Encode(handle)}}
	if rp := e.Settings.Text(settingRP, ""); rp != "" {
		attributes["webAuthnSignRequest"] = map[string]any{
			"challenge": fido.Encode(nonce), "rpId": rp, "userVerification": "discouraged", "timeout": 60000, "extensions": map[string]any{"appid": app},
			"allowCredentials": []any{map[string]any{"id": fido.Encode(handle), "type": "public-key", "transports": []any{"usb", "ble", "nfc"}}},
		}
	}
	return tokentype.Prompt{Message: securitykey.Text(text, t.Description), Challenge: hex.EncodeToString(nonce), HasImage: true, Attributes: attributes}, nil
}

func keyHandle(e *tokentype.Env, t *token.Token) ([]byte, error) {
	text, err := e.Keys.Open(t.Key)
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// Respond holds a signature against the challenge.
func (u Type) Respond(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, _ secret.String) (tokentype.Match, error) {
	nonce, err := hex.DecodeString(c.Challenge)
	if err != nil || len(nonce) == 0 || t.State == token.StateClientWait {
		return tokentype.Match{}, nil
	}
	count, given, err := u.signed(e, t, nonce)
	switch {
	case !given:
		return tokentype.Match{}, nil
	case errors.As(err, new(fido.U2FWrongType)):
		return tokentype.Match{}, mfaerr.NewRequest(mfaerr.CodeValidate, "Incorrect navigator.id")
	case errors.Is(err, fido.ErrRefused):
		return tokentype.Match{Reason: err.Error()}, nil
	case err != nil:
		return tokentype.Match{}, err
	}
	may, err := allowed(e, scopeAuthz, t.InfoText(securitykey.InfoIssuer), t.InfoText(securitykey.InfoSerial), t.InfoText(securitykey.InfoSubject))
	if err != nil {
		return tokentype.Match{}, err
	}
	if !may {
		// the proof was right and is used up, though policies do not want the key
		e.Changes.Add(change.UseChallenge{ID: c.ID}, change.MoveCounter{ID: t.ID, Seen: t.Count, Next: int64(count)})
		return tokentype.Match{}, mfaerr.NewPolicy("The U2F device is not allowed to authenticate due to policy restriction.")
	}
	return tokentype.Match{OK: true, Next: int64(count)}, nil
}

// signed checks the signature of the request, by U2F or by WebAuthn, and returns
// the new counter; given is false when the request has none.
func (Type) signed(e *tokentype.Env, t *token.Token, nonce []byte) (count uint32, given bool, err error) {
	read := func(name string) []byte {
		text, _ := e.Params.Text(name)
		b, err := fido.Decode(text)
		if err != nil {
			return nil
		}
		return b
	}
	client, signature, authData := read("clientdata"), read("signaturedata"), read("authenticatordata")
	if len(client) == 0 || len(signature) == 0 {
		return 0, false, nil
	}
	point, err := hex.DecodeString(t.InfoText(securitykey.InfoPublicKey))
	if err != nil {
		return 0, true, err
	}
	app, seen := t.InfoText(infoAppID), uint32(max(0, min(t.Count, 1<<32-1)))
	if len(authData) == 0 {
		want := fido.U2FExpected{AppID: app, Challenges: [][]byte{nonce}, ClientData: client, Now: e.Now}
		if want.Accepts, err = origins(e, app); err != nil {
			return 0, true, err
		}
		count, err = fido.U2FSign{PublicKey: point, SignCount: seen, Message: signature}.Verify(want)
		return count, true, err
	}
	key, err := fido.COSEFromU2F(point)
	if err != nil {
		return 0, true, err
	}
	handle, err := keyHandle(e, t)
	if err != nil {
		return 0, true, err
	}
	got, err := fido.Assertion{
		RP: webauthnParty(e, app), Origin: e.Origin, Challenge: nonce, Credential: fido.Credential{ID: handle, PublicKey: key, SignCount: seen},
		CredentialID: read("credentialid"), ClientData: client, AuthData: authData, Signature: signature,
		ClientExtensions: read("assertionclientextensions"), AppID: app,
	}.Verify()
	return got.SignCount, true, err
}

// relyingParty is the application's host as a relying party.
func relyingParty(app string) fido.RelyingParty { return fido.RelyingParty{ID: host(app)} }

// webauthnParty is the relying party of WebAuthn answers: that of the setting, or
// the application's host.
func webauthnParty(e *tokentype.Env, app string) fido.RelyingParty {
	if rp := e.Settings.Text(settingRP, ""); rp != "" {
		return fido.RelyingParty{ID: rp}
	}
	return relyingParty(app)
}
