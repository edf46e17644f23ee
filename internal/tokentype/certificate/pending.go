package certificate

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/pemkey"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Settle asks the authority about a token that waits for its decision. A token
// that was revoked in the meantime gives its certificate back at once.
func (Type) Settle(ctx context.Context, e *tokentype.Env, t *token.Token) (bool, error) {
	id, name := t.InfoText(infoRequestID), t.InfoText(infoCA)
	if t.State != token.StatePending || id == "" || name == "" || e.CA == nil {
		return false, nil
	}
	c, _, err := e.CA(name)
	if err != nil {
		return false, err
	}
	p, can := c.(ca.Pender)
	if !can {
		return false, nil
	}
	state, got, err := p.Pending(ctx, id)
	if err != nil {
		return false, err
	}
	switch state {
	case ca.Denied:
		t.State = token.StateDenied
		return true, nil
	case ca.Granted:
	default:
		return false, nil
	}
	if got.Certificate == nil {
		return false, errors.New("the authority granted a request and has no certificate for it")
	}
	if err := ownKey(e, t, got.Certificate); err != nil {
		return false, err
	}
	if t.Revoked {
		if err := c.Revoke(ctx, got.Certificate, ca.CessationOfOperation); err != nil && !errors.Is(err, ca.ErrRevoked) {
			return false, err
		}
	}
	t.State = token.StateEnrolled
	t.Info[infoCertificate] = token.Info{Value: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: got.Certificate.Raw}))}
	return true, nil
}

// ownKey refuses a certificate that is not for the key of the token's request.
func ownKey(e *tokentype.Env, t *token.Token, c *x509.Certificate) error {
	var want crypto.PublicKey
	if key, err := privateKey(e, t); err == nil {
		want = key.Public()
	} else if block, _ := pem.Decode([]byte(t.InfoText(infoRequest))); block != nil {
		r, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return err
		}
		want = r.PublicKey
	} else {
		return nil // a token of other programs, which do not keep the request
	}
	if k, can := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !can || !k.Equal(want) {
		return errors.New("the authority's certificate is for another key than the request")
	}
	return nil
}

var errNoKey = errors.New("the token has no private key")

// privateKey opens the key that the server made for the token.
func privateKey(e *tokentype.Env, t *token.Token) (crypto.Signer, error) {
	stored, has := t.Info[infoKey]
	if !has {
		return nil, errNoKey
	}
	text, err := e.Keys.OpenPassword(stored.Value)
	if err != nil {
		return nil, err
	}
	return pemkey.Parse([]byte(text), secret.New(""))
}

// ownCertificate is the token's certificate.
func ownCertificate(t *token.Token) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(t.InfoText(infoCertificate)))
	if block == nil {
		return nil, errors.New("the token has no certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// RevokeOutside takes the certificate back at the authority that issued it, and
// lets it publish that. Certificates that were handed in have none.
func (Type) RevokeOutside(ctx context.Context, e *tokentype.Env, t *token.Token, reason ca.Reason) error {
	name := t.InfoText(infoCA)
	if name == "" || e.CA == nil {
		return nil
	}
	cert, err := ownCertificate(t)
	if err != nil {
		if t.State == token.StatePending || t.State == token.StateDenied || t.State == token.StateFailed {
			return nil // nothing was issued yet; Settle takes back what comes later
		}
		return mfaerr.NewRequest(mfaerr.CodeCA, "The certificate of the token cannot be read.").WithCause(err)
	}
	c, _, err := e.CA(name)
	if err != nil {
		return err
	}
	err = c.Revoke(ctx, cert, reason)
	if errors.Is(err, ca.ErrRevoked) {
		if !t.Revoked {
			err = nil // the last time it went wrong behind the authority
		} else {
			return mfaerr.NewRequest(mfaerr.CodeCA, "The certificate is revoked already.")
		}
	}
	if err != nil {
		return signError(err)
	}
	if m, can := c.(ca.CRLMaker); can {
		if _, err := m.MakeCRL(ctx, false); err != nil {
			return signError(err)
		}
	}
	return nil
}
