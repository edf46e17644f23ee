// Package pushapp is the protocol between the server and the apps that confirm
// logins on smartphones: what is signed, how keys and signatures are written.
// Formats: the field's push tokens (edumfa-push, and the older pipush).
package pushapp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Question is what an app shows: a challenge, signed by the server.
type Question struct {
	Nonce, URL, Serial, Question, Title string
	SSLVerify                           string // "0" or "1"
	Signature                           string // base32; of the others
}

// signed is the text that the server signs.
func (q Question) signed() string {
	return strings.Join([]string{q.Nonce, q.URL, q.Serial, q.Question, q.Title, q.SSLVerify}, "|")
}

// Sign signs with the server's key (RSASSA-PKCS1-v1_5 with SHA-256: not all
// phones know PSS).
func (q Question) Sign(key *rsa.PrivateKey) (Question, error) {
	sum := sha256.Sum256([]byte(q.signed()))
	b, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	q.Signature = base32.StdEncoding.EncodeToString(b)
	return q, err
}

// Fields are the members of the question as apps read them.
func (q Question) Fields() map[string]string {
	return map[string]string{"nonce": q.Nonce, "question": q.Question, "serial": q.Serial, "title": q.Title,
		"sslverify": q.SSLVerify, "url": q.URL, "signature": q.Signature}
}

// What apps sign.

// AnswerText is signed for a yes, or a no.
func AnswerText(nonce, serial string, decline bool) string {
	if decline {
		return nonce + "|" + serial + "|decline"
	}
	return nonce + "|" + serial
}

// PollText is signed to ask for open questions.
func PollText(serial, timestamp string) string { return serial + "|" + timestamp }

// RenewText is signed to tell a new address of the push service.
func RenewText(address, serial, timestamp string) string {
	return address + "|" + serial + "|" + timestamp
}

// maxKey bounds what is read of a key or a signature, in characters; minRSA and
// maxRSA are the sizes of RSA keys that are taken, in bits.
const (
	maxKey = 8192
	minRSA = 2048
	maxRSA = 8192
)

// Errors of keys and signatures.
var (
	ErrKey       = errors.New("the public key of the phone cannot be used")
	ErrSignature = errors.New("wrong signature")
)

// ParseKey reads the public key of a phone: PKIX in base64 of either alphabet,
// without header; blanks were plus signs. RSA and elliptic curves are taken.
func ParseKey(text string) (crypto.PublicKey, error) {
	if len(text) > maxKey {
		return nil, ErrKey
	}
	text = strings.NewReplacer("-", "+", "_", "/", " ", "+", "\n", "", "\r", "").Replace(strings.TrimSpace(text))
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		der, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil {
		return nil, ErrKey
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, ErrKey
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return nil, ErrKey
		}
		return k, nil
	case *ecdsa.PublicKey:
		return k, nil
	}
	return nil, ErrKey
}

// Verify checks a phone's signature of a text: base32, RSASSA-PKCS1-v1_5 or ECDSA
// in ASN.1, with SHA-256.
func Verify(key crypto.PublicKey, text, signature string) error {
	if len(signature) > maxKey {
		return ErrSignature
	}
	b, err := base32.StdEncoding.DecodeString(signature)
	if err != nil {
		return ErrSignature
	}
	sum := sha256.Sum256([]byte(text))
	switch k := key.(type) {
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], b) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum[:], b) {
			return nil
		}
	}
	return ErrSignature
}

// serverBits is the size of the server's keys.
const serverBits = 4096

// NewServerKey makes a key pair of the server as it is stored: PKCS #1 in PEM.
func NewServerKey() (public, private string, err error) {
	key, err := rsa.GenerateKey(rand.Reader, serverBits)
	if err != nil {
		return "", "", err
	}
	public = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}))
	private = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return public, private, nil
}

// ParseServerKey reads the private part of a stored key pair.
func ParseServerKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the server's key is no PEM")
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

// Bare is a key in PEM without its first and last line.
func Bare(text string) string {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "-----BEGIN") {
		return text
	}
	lines := strings.Split(text, "\n")
	return strings.TrimSpace(strings.Join(lines[1:max(1, len(lines)-1)], "\n"))
}

// Errors of timestamps.
var (
	ErrNoTime = errors.New("no time of ISO 8601")
	ErrTime   = errors.New("not in the valid range")
)

// CheckTime compares the time of an app with the server's. Without a zone it is in
// UTC.
func CheckTime(text string, now time.Time, window time.Duration) error {
	for _, form := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04"} {
		t, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		if t.Before(now.Add(-window)) || t.After(now.Add(window)) {
			return ErrTime
		}
		return nil
	}
	return fmt.Errorf("%w", ErrNoTime)
}

// Number is what page and phone show beside each other, so that nobody confirms
// the login of another: two digits that belong to the nonce.
func Number(nonce string) string {
	sum := sha256.Sum256([]byte("number|" + nonce))
	return fmt.Sprintf("%02d", (int(sum[0])<<8|int(sum[1]))%100)
}
