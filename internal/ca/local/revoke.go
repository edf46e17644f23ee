package local

import (
	"context"
	"crypto/x509"
	"errors"

	"edumfa/internal/ca"
)

// Revoke marks a certificate in the index. One of this CA that the index does not
// list is listed first, as openssl does it.
func (c *connector) Revoke(ctx context.Context, cert *x509.Certificate, reason ca.Reason) error {
	word, known := reasonNames()[reason]
	if !known || reason > ca.CessationOfOperation {
		return &ca.Refused{Reason: "the reason is none that a certificate is revoked for"}
	}
	return c.locked(ctx, func(a *authority) error {
		x, err := a.readIndex()
		if err != nil {
			return err
		}
		before := x.String()
		e := x.find(cert.SerialNumber)
		if err := a.issuedHere(cert, e != nil); err != nil {
			return err
		}
		if e == nil {
			subject, err := parseName(cert.RawSubject)
			if err != nil {
				return &ca.Refused{Reason: err.Error()}
			}
			x.add(entry{flag: flagValid, expires: indexTime(cert.NotAfter), serial: ca.SerialText(cert.SerialNumber), file: "unknown", subject: subject.oneLine()}, cert.SerialNumber)
			e = x.find(cert.SerialNumber)
		}
		if e.flag == flagRevoked {
			return ca.ErrRevoked
		}
		e.flag, e.revoked = flagRevoked, indexTime(a.now)+","+word
		return a.writeIndex(before, x)
	})
}

// issuedHere reports whether a certificate is one of this CA. Those in the index
// are known by their number; the signature of the others must be right.
func (a *authority) issuedHere(cert *x509.Certificate, listed bool) error {
	if string(cert.RawIssuer) != string(a.certificate.RawSubject) {
		return &ca.Refused{Reason: "the certificate is of another CA"}
	}
	err := a.certificate.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	if _, old := errors.AsType[x509.InsecureAlgorithmError](err); old && listed {
		return nil // of the days of SHA-1
	}
	if err != nil {
		return &ca.Refused{Reason: "the certificate is not signed by this CA"}
	}
	return nil
}
