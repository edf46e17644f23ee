package certificate

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

var _ tokentype.Expirer = Type{}

// ExpiresAt is the end of the certificate.
func (Type) ExpiresAt(t *token.Token) (time.Time, bool) {
	c, err := ownCertificate(t)
	if err != nil || t.Revoked {
		return time.Time{}, false
	}
	return c.NotAfter, true
}

var errNotRenewable = errors.New("the token has no request of its own, or was not enrolled by a connector")

// Renew asks the token's connector for a certificate by the same request. The
// certificate before stays valid until it ends.
func (Type) Renew(ctx context.Context, e *tokentype.Env, t *token.Token) (undo func(context.Context) error, err error) {
	block, _ := pem.Decode([]byte(t.InfoText(infoRequest)))
	if block == nil || t.InfoText(infoCA) == "" || e.CA == nil || t.Revoked || !t.Active || t.State != "" && t.State != token.StateEnrolled {
		return nil, errNotRenewable
	}
	r := ca.Request{Template: t.InfoText(infoTemplate)}
	if r.CSR, err = x509.ParseCertificateRequest(block.Bytes); err != nil {
		return nil, err
	}
	bits, err := minRSA(e)
	if err != nil {
		return nil, err
	}
	if err := checkKey(r.CSR.PublicKey, bits); err != nil {
		return nil, err
	}
	if r.Subject, err = prescribedSubject(ctx, e); err != nil {
		return nil, err
	}
	connector, _, err := e.CA(t.InfoText(infoCA))
	if err != nil {
		return nil, err
	}
	got, err := connector.Sign(ctx, r)
	if err != nil {
		return nil, signError(err)
	}
	o := &order{e: e}
	if _, err := o.took(t, got); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if got.Certificate == nil {
			return nil
		}
		return connector.Revoke(ctx, got.Certificate, ca.CessationOfOperation)
	}, nil
}
