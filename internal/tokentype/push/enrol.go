package push

import (
	"context"

	"edumfa/internal/enrolurl"
	"edumfa/internal/mfaerr"
	"edumfa/internal/pushapp"
	"edumfa/internal/qr"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Enroll is the first step: the token waits for its phone, which scans the URL.
func (x Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	none := tokentype.Enrolled{}
	gateway, err := x.needed(e, actGateway)
	if err != nil {
		return none, err
	}
	endpoint, err := x.needed(e, actURL)
	if err != nil {
		return none, err
	}
	if !p.Bool("genkey") {
		return none, mfaerr.NewParameter("Invalid Parameters. Either provide (genkey) or (serial, fbtoken, pubkey).")
	}
	if gateway != pollOnly {
		known, err := e.Pusher.Known(ctx, gateway)
		if err != nil {
			return none, err
		}
		if !known {
			return none, mfaerr.NewParameter("Unknown Firebase configuration!")
		}
	}
	credential, err := newCredential(e.Rand)
	if err != nil {
		return none, err
	}
	if t.State == token.StateClientWait { // begun before, and never finished
		t.State = ""
	}
	if _, err := e.TakeKey(t, twoStep{p}, tokentype.KeyRules{Size: 20}); err != nil {
		return none, err
	}
	t.Info[infoCredential] = token.Info{Value: credential}
	t.Info[x.name+actGateway] = token.Info{Value: gateway}
	url, err := x.url(ctx, e, t, p, endpoint, credential)
	if err != nil {
		return none, err
	}
	img, err := qr.DataURI(url)
	if err != nil {
		return none, err
	}
	return tokentype.Enrolled{Detail: map[string]any{
		"rollout_state": t.State, "enrollment_credential": credential,
		"pushurl": map[string]any{"description": "URL for eduMFA Push Token", "value": url, "img": img},
	}}, nil
}

// twoStep leaves the token waiting.
type twoStep struct{ tokentype.EnrollParams }

func (p twoStep) Bool(name string) bool { return name == "2stepinit" || p.EnrollParams.Bool(name) }

// needed is the value of a policy without which no token is enrolled.
func (x Type) needed(e *tokentype.Env, name string) (string, error) {
	v, ok, err := e.Rules.Text("enrollment", x.name+name)
	if err == nil && (!ok || v == "") {
		err = mfaerr.NewPolicy("Missing enrollment policy for push token: %s", x.name+name)
	}
	return v, err
}

// url is what the app scans.
func (x Type) url(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams, endpoint, credential string) (string, error) {
	u := enrolurl.Token{Names: enrolurl.Names{Serial: t.Serial, User: e.OwnerLogin, Realm: e.OwnerRealm}}
	u.Label, _ = p.Text("tokenlabel")
	u.Issuer, _ = p.Text("tokenissuer")
	if e.Owner != nil {
		a, err := e.Owner(ctx, t)
		if err != nil {
			return "", err
		}
		u.GivenName, u.Surname = a.Text("givenname"), a.Text("surname")
	}
	ttl, tls := defaultTTL, "1"
	for name, into := range map[string]*string{actTTL: &ttl, actTLS: &tls} {
		v, ok, err := e.Rules.Text("enrollment", x.name+name)
		if err != nil {
			return "", err
		}
		if ok && v != "" {
			*into = v
		}
	}
	if tls != "0" {
		tls = "1"
	}
	u.Extra = []enrolurl.Param{{Name: "enrollment_credential", Value: credential}}
	if image, _ := p.Text("appimageurl"); image != "" {
		u.Extra = append(u.Extra, enrolurl.Param{Name: "image", Value: image})
	}
	u.Extra = append(u.Extra, enrolurl.Param{Name: "v", Value: "1"}, enrolurl.Param{Name: "serial", Value: t.Serial}, enrolurl.Param{Name: "sslverify", Value: tls})
	// the second name is how the definition was spelt for edupush
	for _, name := range []string{x.name + actAppPIN, x.name + "_push" + actAppPIN} {
		on, err := e.Rules.On("enrollment", name)
		if err != nil {
			return "", err
		}
		if on {
			u.Extra = append(u.Extra, enrolurl.Param{Name: "pin", Value: "True"})
			break
		}
	}
	return enrolurl.Push(x.scheme, u, endpoint, ttl), nil
}

// finish is the second step: the phone sends its key and gets the server's.
func (x Type) finish(ctx context.Context, e *tokentype.Env, d tokentype.DeviceDesk, serial string) (map[string]any, error) {
	list, err := x.find(ctx, d, serial)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || list[0].State != token.StateClientWait {
		return nil, mfaerr.NewNotFound("No token with this serial number in the rollout state 'clientwait'.")
	}
	t := list[0]
	credential, given := e.Params.Text(infoCredential)
	if !given {
		return nil, mfaerr.NewParameter("Missing parameter: '%s'", infoCredential)
	}
	if want := t.InfoText(infoCredential); want == "" || !equal(want, credential) {
		return nil, mfaerr.NewParameter("Invalid enrollment credential. You are not authorized to finalize this token.")
	}
	phoneKey, _ := e.Params.Text("pubkey")
	if _, err := pushapp.ParseKey(phoneKey); err != nil {
		return nil, mfaerr.NewParameter("%v.", err)
	}
	address, _ := e.Params.Text("fbtoken")
	public, private, err := pushapp.NewServerKey()
	if err != nil {
		return nil, err
	}
	sealed, err := e.Keys.SealPassword(private)
	if err != nil {
		return nil, err
	}
	err = d.Change(ctx, t, func(t *token.Token) error {
		delete(t.Info, infoCredential)
		t.State, t.Active = token.StateEnrolled, true
		t.Info[infoPhoneKey], t.Info[infoAddress] = token.Info{Value: phoneKey}, token.Info{Value: address}
		t.Info[infoPublicKey] = token.Info{Value: public}
		t.Info[infoPrivateKey] = token.Info{Value: sealed, Type: token.InfoTypePassword}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"public_key": pushapp.Bare(public), "rollout_state": t.State, "serial": t.Serial}, confirmEnrolment(ctx, e, t)
}
