// Package pemkey reads private keys from PEM files, also those that are
// protected by a password.
package pemkey

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"edumfa/internal/secret"
)

// Errors of passwords. A key that has no password is not read with one: who
// gives one believes that the file is protected.
var (
	ErrPassword    = errors.New("the password of the private key is wrong")
	ErrNoPassword  = errors.New("the private key is protected by a password")
	ErrUnprotected = errors.New("there is a password for a private key that is not protected")
)

// maxSize is the largest file that is read: RSA keys of 16384 bits take 13 kB.
const maxSize = 64 << 10

// Parse reads the first private key of a PEM text: PKCS#8 (RFC 5958), PKCS#1
// (RFC 8017) and SEC1 (RFC 5915), encrypted or not.
func Parse(text []byte, password secret.String) (crypto.Signer, error) {
	if len(text) > maxSize {
		return nil, errors.New("the file is too large for a private key")
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errors.New("there is no private key in PEM form")
		}
		switch block.Type {
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			return parseBlock(block, password)
		}
	}
}

func parseBlock(block *pem.Block, password secret.String) (crypto.Signer, error) {
	der, given := block.Bytes, password.Reveal() != ""
	legacy := x509.IsEncryptedPEMBlock(block) //nolint:staticcheck // files of the field have it
	if protected := legacy || block.Type == "ENCRYPTED PRIVATE KEY"; protected != given {
		if protected {
			return nil, ErrNoPassword
		}
		return nil, ErrUnprotected
	}
	var err error
	if legacy {
		if der, err = x509.DecryptPEMBlock(block, []byte(password.Reveal())); err != nil { //nolint:staticcheck // as above
			return nil, fmt.Errorf("%w: %v", ErrPassword, err)
		}
	} else if given {
		if der, err = decrypt(der, password); err != nil {
			return nil, err
		}
	}
	key, err := parseDER(block.Type, der)
	if err != nil && given {
		return nil, ErrPassword // what a wrong password decrypts to has the right padding now and then
	}
	return key, err
}

func parseDER(kind string, der []byte) (crypto.Signer, error) {
	var key any
	var err error
	switch kind {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(der)
	default:
		key, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err != nil {
		return nil, fmt.Errorf("the private key cannot be read: %w", err)
	}
	s, can := key.(crypto.Signer)
	if !can {
		return nil, errors.New("the private key is none to sign with")
	}
	return s, nil
}
