package fido

import (
	"bytes"
	"crypto/sha256"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Credential is what is kept of a registered key.
type Credential struct {
	ID        []byte
	PublicKey []byte // COSE_Key in CBOR (RFC 9053)
	// SignCount is the last value of its signature counter; keys that do not count
	// keep 0.
	SignCount uint32
	// BackupEligible is what the key said at its registration; nil when that is
	// not known.
	BackupEligible *bool
}

// Assertion is the answer of a key to a challenge, with what it is held against.
type Assertion struct {
	RP         RelyingParty
	Origin     string // header of the request
	Challenge  []byte
	Credential Credential
	// CredentialID, ClientData, AuthData, Signature and ClientExtensions (JSON, may
	// be empty) are what the client sent.
	CredentialID, ClientData, AuthData, Signature, ClientExtensions []byte
	// UserVerification must have taken place.
	UserVerification bool
	// AppID is the id under which a U2F key was registered. The key may sign for
	// it when the client says so (extension appid, section 10.1.1).
	AppID string
}

// Asserted is what a good assertion says.
type Asserted struct {
	SignCount    uint32
	UserVerified bool
	BackedUp     bool
}

// Verify checks the assertion (section 7.2, steps 5 to 22).
func (a Assertion) Verify() (Asserted, error) {
	if len(a.CredentialID) == 0 || !bytes.Equal(a.CredentialID, a.Credential.ID) {
		return Asserted{}, refuse("another credential")
	}
	client, err := ParseClientData(a.ClientData)
	if err != nil {
		return Asserted{}, err
	}
	if err := client.check(typeGet, [][]byte{a.Challenge}, a.RP, a.Origin); err != nil {
		return Asserted{}, err
	}
	extensions, err := checkExtensions(a.ClientExtensions, "appid", "credProps", "prf")
	if err != nil {
		return Asserted{}, err
	}
	data, err := parseAuthData(a.AuthData)
	if err != nil {
		return Asserted{}, err
	}
	scope := a.RP.ID
	if a.AppID != "" && string(extensions["appid"]) == "true" {
		scope = a.AppID
	}
	if err := checkFlags(data, scope, a.UserVerification); err != nil {
		return Asserted{}, err
	}
	if data.Flags.HasAttestedCredentialData() {
		return Asserted{}, refuse("an assertion with a new key")
	}
	if data.Flags.HasExtensions() {
		return Asserted{}, refuse("extensions of the authenticator that were not asked for")
	}
	if want := a.Credential.BackupEligible; want != nil && *want != data.Flags.HasBackupEligible() {
		return Asserted{}, refuse("backup eligibility has changed")
	}
	if err := verifySignature(a.Credential.PublicKey, a.AuthData, a.ClientData, a.Signature); err != nil {
		return Asserted{}, err
	}
	if (data.Counter != 0 || a.Credential.SignCount != 0) && data.Counter <= a.Credential.SignCount {
		return Asserted{}, refuse("signature counter %d after %d: the key may have been copied", data.Counter, a.Credential.SignCount)
	}
	return Asserted{SignCount: data.Counter, UserVerified: data.Flags.HasUserVerified(), BackedUp: data.Flags.HasBackupState()}, nil
}

// parseAuthData reads authenticator data (section 6.1) to the last byte.
func parseAuthData(raw []byte) (*protocol.AuthenticatorData, error) {
	if len(raw) > maxAttestation {
		return nil, refuse("authenticator data of %d bytes", len(raw))
	}
	var d protocol.AuthenticatorData
	if err := d.Unmarshal(raw); err != nil {
		return nil, refuse("authenticator data: %v", err)
	}
	return &d, nil
}

// checkFlags checks what registrations and assertions have in common: for whom
// the key signed, and the flags. scope is the RP id or the app id.
func checkFlags(d *protocol.AuthenticatorData, scope string, verified bool) error {
	hash := sha256.Sum256([]byte(scope))
	switch {
	case !bytes.Equal(d.RPIDHash, hash[:]):
		return refuse("signed for somebody else than %q", scope)
	case !d.Flags.HasUserPresent():
		return refuse("nobody was there")
	case verified && !d.Flags.HasUserVerified():
		return refuse("the user was not verified")
	case d.Flags.HasBackupState() && !d.Flags.HasBackupEligible():
		return refuse("backed up without being able to be")
	}
	return nil
}

// verifySignature checks the signature over authenticator data and the hash of
// the client data.
func verifySignature(key, authData, clientData, signature []byte) error {
	public, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return refuse("public key: %v", err)
	}
	hash := sha256.Sum256(clientData)
	signed := append(append(make([]byte, 0, len(authData)+len(hash)), authData...), hash[:]...)
	ok, err := webauthncose.VerifySignature(public, signed, signature)
	if err != nil || !ok {
		return refuse("wrong signature (%v)", err)
	}
	return nil
}
