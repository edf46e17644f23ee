// Package local is the certificate authority of a folder: key, certificate, list
// of what was issued, serial number and configuration, laid out as the openssl
// command does it (openssl-ca(1)). The folder can be used by both in turns; no
// other program is run.
package local

import (
	"slices"
	"strings"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// Names of settings.
const (
	setKey         = "cakey"
	setCertificate = "cacert"
	setConfig      = "openssl.cnf"
	setFolder      = "WorkingDir"
	setRequests    = "CSRDir"
	setIssued      = "CertificateDir"
	setCRL         = "CRL"
	setCRLValidity = "CRL_Validity_Period"
	setCRLOverlap  = "CRL_Overlap_Period"
	setTemplates   = "templates"

	// Those below the field's programs do not know.
	setPassword    = "cakey_password"
	setExtras      = "RequestExtras"
	setLeastRSA    = "MinimumRSABits"
	setCRLAddress  = "CRL_URL"
	setOCSPAddress = "OCSP_URL"
	setCAAddress   = "CA_URL"
	setOCSPSigner  = "OCSP_Signer"
)

// Kind is the kind "local".
type Kind struct{}

// Name is the type in the database.
func (Kind) Name() string { return "local" }

// Fields are the settings.
func (Kind) Fields() []field.Field {
	return []field.Field{
		{Name: setKey, Type: "string", Required: true, Help: "File with the key of the CA"},
		{Name: setCertificate, Type: "string", Required: true, Help: "File with the certificate of the CA"},
		{Name: setConfig, Type: "string", Help: "File with the configuration, as of openssl ca"},
		{Name: setFolder, Type: "string", Help: "Folder that relative names begin at"},
		{Name: setRequests, Type: "string", Help: "Folder that requests are kept in"},
		{Name: setIssued, Type: "string", Help: "Folder that certificates are kept in"},
		{Name: setCRL, Type: "string", Default: "crl.pem", Help: "File with the CRL"},
		{Name: setCRLOverlap, Type: "int", Default: "2", Help: "Days before its end that a CRL is replaced"},
		{Name: setCRLValidity, Type: "int", Help: "Days that a CRL is valid"},
		{Name: setTemplates, Type: "string", Help: "File with the templates, YAML"},
		{Name: setPassword, Type: "password", Help: "Password of the key of the CA"},
		{Name: setExtras, Type: "string", Default: extrasDrop, Help: "What requests want beyond their template: drop or refuse"},
		{Name: setLeastRSA, Type: "int", Default: "2048", Help: "Bits that RSA keys must have"},
		{Name: setCRLAddress, Type: "string", Help: "Address of the CRL, written into certificates"},
		{Name: setOCSPAddress, Type: "string", Help: "Address of the OCSP responder, written into certificates"},
		{Name: setCAAddress, Type: "string", Help: "Address of the certificate of the CA, written into certificates"},
		{Name: setOCSPSigner, Type: "string", Default: signerDelegated, Help: "Who signs OCSP responses: delegated or ca"},
	}
}

// Open makes a connector. The files are read when they are needed.
func (Kind) Open(c ca.Config, d ca.Deps) (ca.Connector, error) {
	for setting, words := range map[string][]string{setExtras: {extrasDrop, extrasRefuse}, setOCSPSigner: {signerDelegated, signerCA}} {
		if v := c.Values.String(setting, words[0]); !slices.Contains(words, v) {
			return nil, mfaerr.NewRequest(mfaerr.CodeCA, "the argument '%s' is one of %s.", setting, strings.Join(words, ", "))
		}
	}
	for _, f := range (Kind{}).Fields() {
		if f.Type != "int" {
			continue
		}
		if n, err := c.Values.Int(f.Name, 0); err != nil || n < 0 || n > mostDays {
			return nil, mfaerr.NewRequest(mfaerr.CodeCA, "the argument '%s' is not a number between 0 and %d.", f.Name, mostDays)
		}
	}
	return &connector{values: c.Values, deps: d, name: c.Name}, nil
}

type connector struct {
	name   string
	values field.Values
	deps   ca.Deps
	after  func(step string) // tests only
	ocsp   responder
	crls   crlCache
}
