// Package signature signs texts with the server's RSA key and verifies them:
// replies of the API and rows of the audit log. Signatures are RSASSA-PSS
// (RFC 8017 §8.1) with SHA-256, MGF1 with SHA-256 and the longest salt that
// fits, written as "rsa_sha256_pss:" and lower-case hex.
package signature

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"strings"
)

// Prefix begins every signature made today.
const Prefix = "rsa_sha256_pss:"

// maxOldDigits bounds the decimal form: a key of 16384 bits.
const maxOldDigits = 4933

// Signer makes signatures. It is safe for concurrent use.
type Signer struct {
	key     *rsa.PrivateKey
	options rsa.PSSOptions
}

// OpenSigner reads a private key file; see [NewSigner].
func OpenSigner(path string) (*Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	s, err := NewSigner(text)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", path, err)
	}
	return s, nil
}

// NewSigner parses an unencrypted RSA private key in PEM, PKCS#1 or PKCS#8, and
// checks that its numbers belong together.
func NewSigner(text []byte) (*Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	key, err := parsePrivate(block)
	if err != nil {
		return nil, err
	}
	salt, err := saltLength(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &Signer{key, rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}}, nil
}

func parsePrivate(block *pem.Block) (*rsa.PrivateKey, error) {
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("the private key is encrypted")
	case block.Type == "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case block.Type == "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		if key, ok := key.(*rsa.PrivateKey); ok {
			return key, nil
		}
		return nil, errors.New("not an RSA key")
	}
	return nil, fmt.Errorf("%.40q is no private key", block.Type)
}

// saltLength is the longest salt: the encoded message less the hash and two
// bytes (RFC 8017 §9.1.1), 222 bytes for a key of 2048 bits.
func saltLength(key *rsa.PublicKey) (int, error) {
	salt := (key.N.BitLen()-1+7)/8 - sha256.Size - 2
	if salt < 0 {
		return 0, errors.New("the RSA key is too short")
	}
	return salt, nil
}

// Sign returns the signature of a text.
func (s *Signer) Sign(message []byte) (string, error) {
	sum := sha256.Sum256(message)
	signature, err := rsa.SignPSS(rand.Reader, s.key, crypto.SHA256, sum[:], &s.options)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return Prefix + hex.EncodeToString(signature), nil
}

// Verifier returns the verifier that belongs to the key.
func (s *Signer) Verifier(allowOld bool) *Verifier {
	return &Verifier{&s.key.PublicKey, s.options, allowOld}
}

// String hides the key.
func (s *Signer) String() string { return "***" }

// GoString hides the key.
func (s *Signer) GoString() string { return "***" }

// LogValue hides the key.
func (s *Signer) LogValue() slog.Value { return slog.StringValue("***") }

// Verifier checks signatures. It is safe for concurrent use.
type Verifier struct {
	key      *rsa.PublicKey
	options  rsa.PSSOptions
	allowOld bool
}

// OpenVerifier reads a public key file; see [NewVerifier].
func OpenVerifier(path string, allowOld bool) (*Verifier, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	v, err := NewVerifier(text, allowOld)
	if err != nil {
		return nil, fmt.Errorf("public key %s: %w", path, err)
	}
	return v, nil
}

// NewVerifier parses an RSA public key in PEM (PKIX, or PKCS#1). allowOld also
// accepts the signatures of very old rows: a decimal number s, with s^e mod n
// the SHA-256 of the text. Whoever has the public key alone can make texts for
// such numbers, so it is for old rows only.
func NewVerifier(text []byte, allowOld bool) (*Verifier, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	var key *rsa.PublicKey
	if block.Type == "RSA PUBLIC KEY" {
		k, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		key = k
	} else {
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		var ok bool
		if key, ok = k.(*rsa.PublicKey); !ok {
			return nil, errors.New("not an RSA key")
		}
	}
	salt, err := saltLength(key)
	if err != nil {
		return nil, err
	}
	return &Verifier{key, rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}, allowOld}, nil
}

// Verify reports whether a signature belongs to a text.
func (v *Verifier) Verify(message []byte, signature string) bool {
	sum := sha256.Sum256(message)
	if text, ok := strings.CutPrefix(signature, Prefix); ok {
		raw, err := hex.DecodeString(text)
		return err == nil && rsa.VerifyPSS(v.key, crypto.SHA256, sum[:], raw, &v.options) == nil
	}
	return v.allowOld && v.verifyOld(sum, signature)
}

func (v *Verifier) verifyOld(sum [sha256.Size]byte, signature string) bool {
	if signature == "" || len(signature) > maxOldDigits || strings.Trim(signature, "0123456789") != "" {
		return false
	}
	s, ok := new(big.Int).SetString(signature, 10)
	if !ok {
		return false
	}
	s.Exp(s, big.NewInt(int64(v.key.E)), v.key.N)
	return s.BitLen() <= 8*sha256.Size && bytes.Equal(s.FillBytes(make([]byte, sha256.Size)), sum[:])
}

// DefaultBits is the size of new keys. Signatures of keys above 2416 bits do
// not fit into the column of the audit log.
const DefaultBits = 2048

// GenerateKeys makes a key pair: the private key as unencrypted PKCS#1 PEM, to
// be written with mode 0400, the public key as PKIX PEM.
func GenerateKeys(bits int) (private, public []byte, err error) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, nil, fmt.Errorf("make RSA key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, fmt.Errorf("encode public key: %w", err)
	}
	private = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
