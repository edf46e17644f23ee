package fido

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Algorithms of keys, as COSE numbers them.
const (
	ES256 = -7
	PS256 = -37
	RS256 = -257
)

// Level is how much a registration must prove of where its key lives.
type Level string

// The levels.
const (
	// LevelNone takes keys without attestation, and statements that cannot be
	// checked as none.
	LevelNone Level = "none"
	// LevelUntrusted wants a right statement of whomsoever.
	LevelUntrusted Level = "untrusted"
	// LevelTrusted wants a right statement of a known maker.
	LevelTrusted Level = "trusted"
)

// Registration is the answer of a key to the wish to be registered, read but not
// yet checked.
type Registration struct {
	object protocol.AttestationObject
	certs  []*x509.Certificate
}

// ParseRegistration reads an attestation object (section 6.5).
func ParseRegistration(data []byte) (*Registration, error) {
	if len(data) > maxAttestation {
		return nil, refuse("attestation object of %d bytes", len(data))
	}
	var r Registration
	if err := webauthncbor.Unmarshal(data, &r.object); err != nil {
		return nil, refuse("attestation object: %v", err)
	}
	auth, err := parseAuthData(r.object.RawAuthData)
	if err != nil {
		return nil, err
	}
	if !auth.Flags.HasAttestedCredentialData() || len(auth.AttData.CredentialID) == 0 {
		return nil, refuse("a registration without a key")
	}
	r.object.AuthData = *auth
	chain, _ := r.object.AttStatement["x5c"].([]any)
	for _, c := range chain {
		der, _ := c.([]byte)
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, refuse("attestation certificate: %v", err)
		}
		r.certs = append(r.certs, cert)
	}
	return &r, nil
}

// AAGUID is the number of the key's model in hex, without dashes.
func (r *Registration) AAGUID() string { return hex.EncodeToString(r.object.AuthData.AttData.AAGUID) }

// Certificate is the attestation certificate, nil without one.
func (r *Registration) Certificate() *x509.Certificate {
	if len(r.certs) == 0 {
		return nil
	}
	return r.certs[0]
}

// Expected is what a registration is held against.
type Expected struct {
	RP     RelyingParty
	Origin string // header of the request
	// Challenges are those that are open; the registration answers one of them.
	Challenges [][]byte
	// ClientData and ClientExtensions (JSON, may be empty) are what the client sent
	// beside the attestation object.
	ClientData, ClientExtensions []byte
	// Algorithms were offered.
	Algorithms       []int
	UserVerification bool
	Level            Level
	// Anchors are the roots of known makers.
	Anchors []*x509.Certificate
	Now     time.Time
}

// Registered is a good registration.
type Registered struct {
	Credential
	Origin       string
	UserVerified bool
	BackedUp     bool
	// Resident is what the client said of it: nil for nothing.
	Resident *bool
	// Level is LevelTrusted when the maker is known, LevelUntrusted otherwise.
	Level Level
	// Certificate is that of a right attestation statement, nil without one.
	Certificate *x509.Certificate
}

// Verify checks the registration (section 7.1, steps 5 to 25).
func (r *Registration) Verify(want Expected) (Registered, error) {
	client, err := ParseClientData(want.ClientData)
	if err != nil {
		return Registered{}, err
	}
	if err := client.check(typeCreate, want.Challenges, want.RP, want.Origin); err != nil {
		return Registered{}, err
	}
	extensions, err := checkExtensions(want.ClientExtensions, "appid", "credProps", "prf")
	if err != nil {
		return Registered{}, err
	}
	auth := &r.object.AuthData
	if err := checkFlags(auth, want.RP.ID, want.UserVerification); err != nil {
		return Registered{}, err
	}
	if err := checkAuthenticatorExtensions(auth); err != nil {
		return Registered{}, err
	}
	if err := checkAlgorithm(auth.AttData.CredentialPublicKey, want.Algorithms); err != nil {
		return Registered{}, err
	}
	eligible := auth.Flags.HasBackupEligible()
	out := Registered{
		Credential: Credential{ID: auth.AttData.CredentialID, PublicKey: auth.AttData.CredentialPublicKey, SignCount: auth.Counter, BackupEligible: &eligible},
		Origin:     client.Origin, UserVerified: auth.Flags.HasUserVerified(), BackedUp: auth.Flags.HasBackupState(),
		Resident: residence(extensions),
	}
	out.Level, out.Certificate, err = r.attested(want)
	return out, err
}

// checkAuthenticatorExtensions refuses what was not asked for; keys answer with
// the protection of the credential and the readiness for hmac-secret by
// themselves.
func checkAuthenticatorExtensions(d *protocol.AuthenticatorData) error {
	if len(d.ExtData) == 0 {
		return nil
	}
	var m map[string]any
	if err := webauthncbor.Unmarshal(d.ExtData, &m); err != nil {
		return refuse("extensions of the authenticator: %v", err)
	}
	for name := range m {
		if name != "credProtect" && name != "hmac-secret" {
			return refuse("extension %q of the authenticator, which was not asked for", name)
		}
	}
	return nil
}

// checkAlgorithm refuses keys of an algorithm that was not offered, and keys that
// are none.
func checkAlgorithm(key []byte, offered []int) error {
	var public webauthncose.PublicKeyData
	if err := webauthncbor.Unmarshal(key, &public); err != nil {
		return refuse("public key: %v", err)
	}
	if !slices.Contains(offered, int(public.Algorithm)) {
		return refuse("key of algorithm %d, which was not offered", public.Algorithm)
	}
	if _, err := webauthncose.ParsePublicKey(key); err != nil {
		return refuse("public key: %v", err)
	}
	return nil
}

// residence reads the result of the extension credProps.
func residence(extensions map[string]json.RawMessage) *bool {
	var props map[string]any
	if raw, there := extensions["credProps"]; !there || json.Unmarshal(raw, &props) != nil {
		return nil
	}
	yes := props["rk"] == true || props["rk"] == "true"
	return &yes
}

// formats of attestation statements that exist (IANA registry). A statement of
// another name is no statement.
func registered(format string) bool {
	switch format {
	case "none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple", "compound":
		return true
	}
	return false
}

// attested checks the attestation statement (section 7.1, steps 21 to 24).
func (r *Registration) attested(want Expected) (Level, *x509.Certificate, error) {
	format := r.object.Format
	if !registered(format) {
		return "", nil, refuse("attestation format %q does not exist", format)
	}
	hash := sha256.Sum256(want.ClientData)
	err := r.object.VerifyAttestation(hash[:], nil, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		// Makers of platforms change their statements now and then. Where none is
		// asked for, they stop nobody; a broken one of a security key does.
		if want.Level == LevelNone && format != "none" && format != "packed" && format != "fido-u2f" {
			return LevelUntrusted, nil, nil
		}
		return "", nil, refuse("attestation statement %q: %v", format, err)
	}
	if format == "none" {
		if want.Level != LevelNone {
			return "", nil, refuse("no attestation, but %q is asked for", want.Level)
		}
		return LevelUntrusted, nil, nil
	}
	level := LevelUntrusted
	if trusted(r.certs, want.Anchors, want.Now) {
		level = LevelTrusted
	}
	if want.Level == LevelTrusted && level != LevelTrusted {
		return "", nil, refuse("attestation of no known maker")
	}
	return level, r.Certificate(), nil
}

// sanOID is the extension subjectAltName. In certificates of TPMs it is critical
// and names a device, which crypto/x509 cannot read.
var sanOID = []int{2, 5, 29, 17}

// trusted reports whether a chain, leaf first, leads to an anchor.
func trusted(chain, anchors []*x509.Certificate, now time.Time) bool {
	if len(chain) == 0 || len(anchors) == 0 {
		return false
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, a := range anchors {
		if bytes.Equal(a.Raw, chain[0].Raw) {
			return now.After(a.NotBefore) && now.Before(a.NotAfter) // the maker named the very certificate
		}
		roots.AddCert(a)
	}
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	leaf := *chain[0]
	leaf.UnhandledCriticalExtensions = nil
	for _, id := range chain[0].UnhandledCriticalExtensions {
		if !id.Equal(sanOID) {
			leaf.UnhandledCriticalExtensions = append(leaf.UnhandledCriticalExtensions, id)
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}
