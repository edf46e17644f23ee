// Package securitykey is what the token types of FIDO keys have in common: the
// filters on their attestation certificates, their prompts and their tokeninfo.
package securitykey

import (
	"io"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyregexp"
	"edumfa/internal/texttag"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Keys of tokeninfo.
const (
	InfoPublicKey = "pubKey"
	InfoIssuer    = "attestation_issuer"
	InfoSerial    = "attestation_serial"
	InfoSubject   = "attestation_subject"
)

// NonceSize is the length of a challenge in bytes.
const NonceSize = 32

// Nonce is the challenge that all keys of one type share in a request, so that
// the client can ask for any of them at once.
func Nonce(e *tokentype.Env, typeName string) ([]byte, error) {
	return e.Shared(typeName+" nonce", func() ([]byte, error) { return NewNonce(e.Rand) })
}

// NewNonce is a challenge of its own.
func NewNonce(random io.Reader) ([]byte, error) {
	b := make([]byte, NonceSize)
	_, err := io.ReadFull(random, b)
	return b, err
}

// Allowed reports whether a key's attestation passes all filters. A filter is
// subject/pattern/, issuer/pattern/ or serial/pattern/; the pattern is looked for
// anywhere in the text. A key without that text passes no filter. A filter that
// cannot be read is an error: it was meant to keep something out.
func Allowed(filters []string, issuer, serial, subject string) (bool, error) {
	for _, f := range filters {
		field, rest, ok := strings.Cut(f, "/")
		pattern, closed := strings.CutSuffix(rest, "/")
		if !ok || !closed {
			return false, mfaerr.NewPolicy("The filter %q of attestation certificates has not the form subject/pattern/.", f)
		}
		var text string
		switch field {
		case "issuer":
			text = issuer
		case "serial":
			text = serial
		case "subject":
			text = subject
		default:
			return false, mfaerr.NewPolicy("The filter %q of attestation certificates is for none of subject, issuer, serial.", f)
		}
		if pattern == "" {
			continue
		}
		p, err := pyregexp.Compile(pattern)
		if err != nil {
			return false, mfaerr.NewPolicy("The filter %q of attestation certificates has no pattern that can be read.", f).WithCause(err)
		}
		found, err := p.Search(text)
		if err != nil || !found || text == "" {
			return false, err
		}
	}
	return true, nil
}

// TokenAllowed is Allowed for the attestation that a token has kept.
func TokenAllowed(filters []string, t *token.Token) (bool, error) {
	return Allowed(filters, t.InfoText(InfoIssuer), t.InfoText(InfoSerial), t.InfoText(InfoSubject))
}

// Text fills {0} or {} in a prompt with the token's description.
func Text(template, description string) string {
	return texttag.Fill(template, map[string]string{"0": description, "": description, "0!s": description})
}

// Describe names a token that has no description yet; it cuts what the column
// cannot hold.
func Describe(t *token.Token, text string) {
	if t.Description != "" {
		return
	}
	if r := []rune(text); len(r) > 80 {
		text = string(r[:80])
	}
	t.Description = text
}

// Set writes a tokeninfo value.
func Set(t *token.Token, key, value string) { t.Info[key] = token.Info{Value: value} }

// List reads a setting that lists texts, divided by blanks or commas.
func List(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' })
}
