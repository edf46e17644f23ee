package fido

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// U2FVersion is the only version of the raw messages.
const U2FVersion = "U2F_V2"

const (
	u2fPoint     = 65 // an uncompressed point of P-256
	u2fMessage   = 5  // first byte of a registration
	u2fTypCreate = "navigator.id.finishEnrollment"
	u2fTypGet    = "navigator.id.getAssertion"
)

// U2FRegistration is a registration message (FIDO U2F Raw Message Formats,
// section 4.3), read but not yet checked.
type U2FRegistration struct {
	PublicKey   []byte // the point, 65 bytes
	KeyHandle   []byte
	Certificate *x509.Certificate
	signature   []byte
}

// ParseU2FRegistration reads a registration message to its last byte.
func ParseU2FRegistration(data []byte) (*U2FRegistration, error) {
	if len(data) > maxAttestation {
		return nil, refuse("registration of %d bytes", len(data))
	}
	if len(data) < 1+u2fPoint+1 || data[0] != u2fMessage {
		return nil, refuse("no registration message")
	}
	r := &U2FRegistration{PublicKey: data[1 : 1+u2fPoint]}
	data = data[1+u2fPoint:]
	n := int(data[0])
	if data = data[1:]; n == 0 || len(data) < n {
		return nil, refuse("registration message without a key handle")
	}
	r.KeyHandle, data = data[:n], data[n:]
	var der asn1.RawValue
	rest, err := asn1.Unmarshal(data, &der)
	if err != nil {
		return nil, refuse("attestation certificate: %v", err)
	}
	if r.Certificate, err = x509.ParseCertificate(der.FullBytes); err != nil {
		return nil, refuse("attestation certificate: %v", err)
	}
	var signature asn1.RawValue
	if tail, err := asn1.Unmarshal(rest, &signature); err != nil || len(tail) > 0 {
		return nil, refuse("signature: %v, %d bytes behind it", err, len(tail))
	}
	r.signature = signature.FullBytes
	return r, nil
}

// U2FExpected is what messages of U2F are held against.
type U2FExpected struct {
	AppID string
	// Origins are the pages of the application; other origins are refused.
	Accepts    func(origin string) bool
	Challenges [][]byte
	// ClientData is the JSON that the client signed with the message.
	ClientData []byte
	// CheckDates: the attestation certificate must be valid at Now.
	CheckDates bool
	Now        time.Time
}

// Verify checks the registration: challenge, origin, signature, and the dates of
// the certificate.
func (r *U2FRegistration) Verify(want U2FExpected) error {
	if err := want.check(u2fTypCreate); err != nil {
		return err
	}
	if _, err := u2fKey(r.PublicKey); err != nil {
		return err
	}
	app, client := sha256.Sum256([]byte(want.AppID)), sha256.Sum256(want.ClientData)
	signed := append([]byte{0}, app[:]...)
	signed = append(append(signed, client[:]...), r.KeyHandle...)
	signed = append(signed, r.PublicKey...)
	key, ok := r.Certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return refuse("the attestation certificate has no EC key")
	}
	if want.CheckDates && (want.Now.Before(r.Certificate.NotBefore) || want.Now.After(r.Certificate.NotAfter)) {
		return refuse("the attestation certificate is not valid now")
	}
	return u2fSignature(key, signed, r.signature)
}

// U2FWrongType is returned for client data of another purpose.
type U2FWrongType struct{ Type string }

func (e U2FWrongType) Error() string { return "fido: client data of type " + e.Type }

// Unwrap makes it a refusal.
func (U2FWrongType) Unwrap() error { return ErrRefused }

// check holds the client data against what was asked for.
func (want U2FExpected) check(typ string) error {
	if len(want.ClientData) > maxClientData {
		return refuse("client data of %d bytes", len(want.ClientData))
	}
	var c struct {
		Type      string `json:"typ"`
		Challenge string `json:"challenge"`
		Origin    string `json:"origin"`
	}
	if err := json.Unmarshal(want.ClientData, &c); err != nil {
		return refuse("client data: %v", err)
	}
	got, err := Decode(c.Challenge)
	if err != nil {
		return err
	}
	matches := false
	for _, challenge := range want.Challenges {
		matches = matches || len(challenge) > 0 && subtle.ConstantTimeCompare(challenge, got) == 1
	}
	switch {
	case !matches:
		return refuse("another challenge")
	case c.Type != typ:
		return U2FWrongType{c.Type}
	case !want.Accepts(c.Origin):
		return refuse("origin %q does not belong to %q", c.Origin, want.AppID)
	}
	return nil
}

// U2FSign is a signature message (section 5.4) with the key that made it.
type U2FSign struct {
	PublicKey []byte // the point
	// SignCount is the counter of the last signature.
	SignCount uint32
	Message   []byte
}

// Verify checks the signature and returns the new counter.
func (s U2FSign) Verify(want U2FExpected) (uint32, error) {
	if err := want.check(u2fTypGet); err != nil {
		return 0, err
	}
	if len(s.Message) < 6 || len(s.Message) > 256 {
		return 0, refuse("signature message of %d bytes", len(s.Message))
	}
	if s.Message[0]&1 == 0 {
		return 0, refuse("nobody was there")
	}
	count := binary.BigEndian.Uint32(s.Message[1:5])
	key, err := u2fKey(s.PublicKey)
	if err != nil {
		return 0, err
	}
	app, client := sha256.Sum256([]byte(want.AppID)), sha256.Sum256(want.ClientData)
	signed := append(append(app[:], s.Message[:5]...), client[:]...)
	if err := u2fSignature(key, signed, s.Message[5:]); err != nil {
		return 0, err
	}
	if count <= s.SignCount {
		return 0, refuse("signature counter %d after %d: the key may have been copied", count, s.SignCount)
	}
	return count, nil
}

func u2fKey(point []byte) (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, refuse("public key: %v", err)
	}
	return key, nil
}

func u2fSignature(key *ecdsa.PublicKey, signed, signature []byte) error {
	hash := sha256.Sum256(signed)
	if !ecdsa.VerifyASN1(key, hash[:], signature) {
		return refuse("wrong signature")
	}
	return nil
}

// COSEFromU2F writes the point of a U2F key as a COSE_Key, for assertions of a
// key that was registered by U2F.
func COSEFromU2F(point []byte) ([]byte, error) {
	if _, err := u2fKey(point); err != nil {
		return nil, err
	}
	return webauthncbor.Marshal(map[int]any{1: 2, 3: ES256, -1: 1, -2: point[1:33], -3: point[33:]})
}
