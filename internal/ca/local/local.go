// Package local is the certificate authority of a folder: key, certificate, list
// of what was issued, serial number and configuration, laid out as the openssl
// command does it (openssl-ca(1)). The folder can be used by both in turns; no
// other program is run.
package local

import (
	"context"
	"crypto/x509"
	"errors"

	"edumfa/internal/ca"
	"edumfa/internal/field"
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
	}
}

// Open makes a connector. The files are read when they are needed.
func (Kind) Open(c ca.Config, d ca.Deps) (ca.Connector, error) {
	return &connector{values: c.Values, deps: d, name: c.Name}, nil
}

type connector struct {
	name   string
	values field.Values
	deps   ca.Deps
}

var errNotYet = errors.New("this connector cannot sign yet")

func (c *connector) Sign(context.Context, ca.Request) (ca.Issued, error) {
	return ca.Issued{}, errNotYet
}

func (c *connector) Revoke(context.Context, *x509.Certificate, ca.Reason) error { return errNotYet }
