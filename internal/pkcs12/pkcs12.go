// Package pkcs12 writes private keys with their certificates as PKCS#12 files
// (RFC 7292), which browsers and mail programs import.
package pkcs12

import (
	"crypto"
	"crypto/x509"
	"errors"

	"software.sslmate.com/src/go-pkcs12"

	"edumfa/internal/secret"
)

// Protection is how a file is encrypted.
type Protection string

const (
	// Modern is AES-256 with PBKDF2 and HMAC-SHA-256: what OpenSSL 3, NSS, Windows
	// since 2019 and macOS since 15 read without further ado.
	Modern Protection = "modern"
	// Legacy is 3DES and SHA-1, for what is older.
	Legacy Protection = "legacy"
)

// rounds of the key derivation: a list makes files of all tokens of a page, each
// with three derivations.
const rounds = 10000

// ErrNoPassword says that a key is not written without protection.
var ErrNoPassword = errors.New("a PKCS#12 file needs a password")

// Encode writes the file.
func Encode(key crypto.Signer, cert *x509.Certificate, chain []*x509.Certificate, password secret.String, p Protection) ([]byte, error) {
	if password.Empty() {
		return nil, ErrNoPassword
	}
	encoder := pkcs12.Modern2023
	if p == Legacy {
		encoder = pkcs12.LegacyDES
	}
	return encoder.WithIterations(rounds).Encode(key, cert, chain, password.Reveal())
}
