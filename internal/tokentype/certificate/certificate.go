// Package certificate is the token that is an X.509 certificate. Its owner, or
// an administrator for him, hands in a request, lets the server make a key, or
// hands in a certificate that is there already. Connectors to authorities sign
// requests. The token logs nobody in here: others check certificates.
package certificate

import (
	"context"

	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of the type.
const (
	infoCA          = "CA"          // the connector that signed, or is to sign
	infoCertificate = "certificate" // PEM
	infoKey         = "privatekey"  // PKCS#8 in PEM, encrypted at rest
	infoRequestID   = "requestId"   // the authority's name for the request
	infoRequest     = "request"     // PKCS#10 in PEM, to ask once more with; lists leave it out
	infoTemplate    = "template"    // as it was asked for; lists leave it out
	infoPKCS12      = "pkcs12"      // made for lists, never stored
)

// Type is the token type certificate.
type Type struct{}

var (
	_ tokentype.Type       = Type{}
	_ tokentype.Waiter     = Type{}
	_ tokentype.Revoker    = Type{}
	_ tokentype.InfoViewer = Type{}
	_ tokentype.InfoAdder  = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "certificate", Prefix: "CRT", Title: "Certificate Token", Description: "Certificate: an X.509 certificate.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NoPIN: true, ReadablePIN: true,
		EnrollableBy: []string{"admin", "user"},
	}
}

// Verify finds nothing right: a certificate is no value that somebody types.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}
