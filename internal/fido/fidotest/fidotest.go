// Package fidotest is a security key in software, for tests: one credential on
// P-256 without attestation.
package fidotest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Flags of authenticator data.
const (
	UP = 0x01
	UV = 0x04
	BE = 0x08
	BS = 0x10
	at = 0x40
)

// Key is a security key. Its counter is written into every answer.
type Key struct {
	ID      []byte
	AAGUID  [16]byte
	Count   uint32
	Flags   byte
	private *ecdsa.PrivateKey
	tb      testing.TB
}

// New makes a key that verifies its user.
func New(tb testing.TB) *Key {
	tb.Helper()
	k := &Key{ID: make([]byte, 32), Flags: UP | UV, tb: tb}
	var err error
	if k.private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		tb.Fatal(err)
	}
	if _, err = rand.Read(k.ID); err != nil {
		tb.Fatal(err)
	}
	return k
}

// Ceremony is what the browser passes to the key.
type Ceremony struct {
	Challenge string // base64url
	Origin    string
	RPID      string
	// More are further members of the client data.
	More map[string]any
}

// B64 is base64url without padding.
func B64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// CredentialID is the id as it travels.
func (k *Key) CredentialID() string { return B64(k.ID) }

// Register answers a wish to be registered: client data and attestation object,
// base64url.
func (k *Key) Register(c Ceremony) (clientData, attestation string) {
	k.tb.Helper()
	object := []byte{0xa3}
	object = append(text(object, "fmt"), text(nil, "none")...)
	object = append(text(object, "attStmt"), 0xa0)
	object = bytes(text(object, "authData"), k.authData(c, true))
	return B64(k.clientData(c, "webauthn.create")), B64(object)
}

// Sign answers a challenge: client data, authenticator data and signature,
// base64url.
func (k *Key) Sign(c Ceremony) (clientData, authData, signature string) {
	k.tb.Helper()
	client, auth := k.clientData(c, "webauthn.get"), k.authData(c, false)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, auth...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.private, sum[:])
	if err != nil {
		k.tb.Fatal(err)
	}
	return B64(client), B64(auth), B64(sig)
}

func (k *Key) clientData(c Ceremony, typ string) []byte {
	m := map[string]any{"type": typ, "challenge": c.Challenge, "origin": c.Origin, "crossOrigin": false}
	for name, v := range c.More {
		m[name] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		k.tb.Fatal(err)
	}
	return b
}

func (k *Key) authData(c Ceremony, attested bool) []byte {
	rp := sha256.Sum256([]byte(c.RPID))
	flags := k.Flags
	if attested {
		flags |= at
	}
	d := append(rp[:], flags)
	d = binary.BigEndian.AppendUint32(d, k.Count)
	if !attested {
		return d
	}
	d = append(d, k.AAGUID[:]...)
	d = binary.BigEndian.AppendUint16(d, uint16(len(k.ID)))
	d = append(d, k.ID...)
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		k.tb.Fatal(err)
	}
	// COSE_Key: kty EC2, alg ES256, crv P-256, x, y
	d = append(d, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21)
	d = append(bytes(d, point[1:33]), 0x22)
	return bytes(d, point[33:])
}

// text appends a CBOR text of less than 24 bytes.
func text(to []byte, s string) []byte { return append(append(to, 0x60|byte(len(s))), s...) }

// bytes appends a CBOR byte string of less than 64 KiB.
func bytes(to, b []byte) []byte {
	return append(append(to, 0x59, byte(len(b)>>8), byte(len(b))), b...)
}
