package certificate

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"

	"edumfa/internal/field"
	"edumfa/internal/pkcs12"
	"edumfa/internal/policy"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// ViewInfo leaves out what is kept for later requests, and the encrypted key,
// with which nobody can do anything.
func (Type) ViewInfo(info map[string]any) {
	delete(info, infoRequest)
	delete(info, infoTemplate)
	if _, has := info[infoKey]; has {
		info[infoKey] = field.Censored
	}
}

// AddInfo adds the PKCS#12 file of a key that the server made, protected by the
// PIN. A token without a readable PIN has none: a private key is not handed out
// bare.
func (Type) AddInfo(env func() *tokentype.Env, t *token.Token, info map[string]any, hidden func(string) bool) {
	if _, has := t.Info[infoKey]; !has || hidden(infoPKCS12) || t.InfoText(infoCertificate) == "" {
		return
	}
	if file, err := download(env(), t); err == nil && file != "" {
		info[infoPKCS12] = file
	}
}

// Forget names the private key when policies want it to be handed out once.
func (Type) Forget(env func() *tokentype.Env, t *token.Token, info map[string]any) ([]string, error) {
	if _, shown := info[infoPKCS12]; !shown {
		return nil, nil
	}
	if discard, err := holds(env(), actDiscard); err != nil || !discard {
		return nil, err
	}
	return []string{infoKey}, nil
}

// download makes the PKCS#12 file of a token.
func download(e *tokentype.Env, t *token.Token) (string, error) {
	opener, can := e.Keys.(tokentype.PINOpener)
	if !can {
		return "", errors.New("PINs cannot be read")
	}
	key, err := privateKey(e, t)
	if err != nil {
		return "", err
	}
	cert, err := ownCertificate(t)
	if err != nil {
		return "", err
	}
	pin, err := opener.OpenPIN(t.PINHash)
	if err != nil {
		return "", err
	}
	return bundle(e, key, cert, secret.New(pin))
}

// bundle makes a PKCS#12 file, Base64; "" without a PIN.
func bundle(e *tokentype.Env, key crypto.Signer, cert *x509.Certificate, pin secret.String) (string, error) {
	if pin.Empty() {
		return "", nil
	}
	protection := pkcs12.Modern
	if e.Rules != nil {
		word, _, err := e.Rules.Word(policy.ScopeEnrollment, actPKCS12)
		if err != nil {
			return "", err
		}
		if word == string(pkcs12.Legacy) {
			protection = pkcs12.Legacy
		}
	}
	file, err := pkcs12.Encode(key, cert, nil, pin, protection)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(file), nil
}
