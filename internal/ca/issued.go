package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// CheckIssued refuses a certificate for another key than the request's: what
// an authority sends over a network is looked at before a token keeps it.
func CheckIssued(csr *x509.CertificateRequest, c *x509.Certificate) error {
	asked, err := x509.MarshalPKIXPublicKey(csr.PublicKey)
	if err != nil {
		return fmt.Errorf("the key of the request: %w", err)
	}
	given, err := x509.MarshalPKIXPublicKey(c.PublicKey)
	if err != nil {
		return fmt.Errorf("the key of the certificate: %w", err)
	}
	if !bytes.Equal(asked, given) {
		return errors.New("the authority issued a certificate for another key")
	}
	return nil
}

// OnlyOwnSubject refuses requests whose subject the authority would have to
// replace, for connectors whose authority takes it from the PKCS#10 request.
func OnlyOwnSubject(r Request) error {
	if r.CSR == nil {
		return &Refused{Reason: "only PKCS#10 requests can be signed"}
	}
	if r.Subject != nil && !bytes.Equal(r.Subject, r.CSR.RawSubject) {
		return &Refused{Reason: "the subject of the request is not the one that the certificate must have, and this authority signs requests as they are"}
	}
	return nil
}

// ParseChain reads certificates in PEM. Blocks of other types are an error.
func ParseChain(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("there is a PEM block %q among the certificates", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		list = append(list, c)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return nil, errors.New("there is something beside the certificates")
	}
	return list, nil
}
