package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"edumfa/internal/mfaerr"
)

// maxText is the largest request or certificate that is read, in bytes.
const maxText = 64 << 10

// parseRequest reads a PKCS#10 request in PEM (RFC 2986, RFC 7468) whose
// signature proves that the sender has the private key.
func parseRequest(text string) (*x509.CertificateRequest, error) {
	if len(text) > maxText {
		return nil, mfaerr.NewParameter("The request is too large.")
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" || strings.TrimSpace(string(rest)) != "" {
		return nil, mfaerr.NewParameter("The request is no certificate request in PEM form.")
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, mfaerr.NewParameter("The certificate request cannot be read.").WithCause(err)
	}
	if err := r.CheckSignature(); err != nil {
		return nil, mfaerr.NewRequest(codeGeneral, "request has invalid signature.").WithCause(err)
	}
	return r, nil
}

// parseCertificates reads certificates in PEM, at least one. Anything else among
// them is refused, above all private keys: the text is shown in lists.
func parseCertificates(text string) ([]*x509.Certificate, error) {
	if len(text) > maxText {
		return nil, errors.New("it is too large")
	}
	var list []*x509.Certificate
	for rest := []byte(text); strings.TrimSpace(string(rest)) != ""; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("it is not in PEM form, or there is something beside certificates")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("it is damaged")
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("there is none")
	}
	return list, nil
}
