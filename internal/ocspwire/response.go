package ocspwire

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"time"
)

// Codes of responses without content (RFC 6960, 4.2.1).
const (
	Malformed     = 1
	InternalError = 2
	TryLater      = 3
)

// Status of a certificate.
type Status int

// The statuses.
const (
	Good Status = iota
	Revoked
	Unknown
)

// Single is what is said about one certificate.
type Single struct {
	ID                     CertID
	Status                 Status
	Revoked                time.Time
	Reason                 int // RFC 5280, 5.3.1; 0 is not told
	ThisUpdate, NextUpdate time.Time
}

// Response is the content of a response.
type Response struct {
	Produced time.Time
	List     []Single
	Nonce    []byte
}

// Signer signs responses.
type Signer struct {
	Key         crypto.Signer
	Hash        crypto.Hash
	Certificate *x509.Certificate
	// Delegated: the certificate is not the issuer's and goes with the response.
	Delegated bool
}

// Failure is a response without content.
func Failure(code int) ([]byte, error) {
	return asn1.Marshal(struct{ Status asn1.Enumerated }{asn1.Enumerated(code)})
}

type single struct {
	ID         CertID
	Status     asn1.RawValue
	ThisUpdate time.Time `asn1:"generalized"`
	NextUpdate time.Time `asn1:"generalized,explicit,tag:0"`
}

type revokedInfo struct {
	At     time.Time       `asn1:"generalized"`
	Reason asn1.Enumerated `asn1:"optional,explicit,tag:0"`
}

type responseData struct {
	Responder  asn1.RawValue // byKey
	Produced   time.Time     `asn1:"generalized"`
	List       []single
	Extensions []pkix.Extension `asn1:"optional,explicit,tag:1"`
}

type basicResponse struct {
	TBS       asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
	Certs     []asn1.RawValue `asn1:"optional,explicit,tag:0"`
}

// Sign writes a response and signs it.
func Sign(r Response, s Signer) ([]byte, error) {
	bits, err := publicKeyBits(s.Certificate)
	if err != nil {
		return nil, err
	}
	id, err := asn1.Marshal(sum(crypto.SHA1, bits))
	if err != nil {
		return nil, err
	}
	data := responseData{Responder: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, IsCompound: true, Bytes: id}, Produced: r.Produced.UTC()}
	for _, x := range r.List {
		status, err := x.status()
		if err != nil {
			return nil, err
		}
		data.List = append(data.List, single{ID: x.ID, Status: status, ThisUpdate: x.ThisUpdate.UTC(), NextUpdate: x.NextUpdate.UTC()})
	}
	if r.Nonce != nil {
		data.Extensions = []pkix.Extension{{Id: oidNonce, Value: r.Nonce}}
	}
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	b := basicResponse{TBS: asn1.RawValue{FullBytes: tbs}}
	var signature []byte
	if b.Algorithm, signature, err = s.sign(tbs); err != nil {
		return nil, err
	}
	b.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	if s.Delegated {
		b.Certs = []asn1.RawValue{{FullBytes: s.Certificate.Raw}}
	}
	content, err := asn1.Marshal(b)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type    asn1.ObjectIdentifier
			Content []byte
		} `asn1:"explicit,tag:0"`
	}{Bytes: struct {
		Type    asn1.ObjectIdentifier
		Content []byte
	}{oidBasic, content}})
}

func (x Single) status() (asn1.RawValue, error) {
	v := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: int(x.Status)}
	if x.Status != Revoked {
		return v, nil
	}
	b, err := asn1.Marshal(revokedInfo{x.Revoked.UTC(), asn1.Enumerated(x.Reason)})
	if err != nil {
		return v, err
	}
	var seq asn1.RawValue
	if _, err := asn1.Unmarshal(b, &seq); err != nil {
		return v, err
	}
	v.IsCompound, v.Bytes = true, seq.Bytes
	return v, nil
}

// sign signs with the algorithm of the key's kind.
func (s Signer) sign(data []byte) (pkix.AlgorithmIdentifier, []byte, error) {
	var a pkix.AlgorithmIdentifier
	options, digest := crypto.SignerOpts(s.Hash), data
	last := map[crypto.Hash][2]int{crypto.SHA256: {11, 2}, crypto.SHA384: {12, 3}, crypto.SHA512: {13, 4}}[s.Hash]
	switch s.Key.Public().(type) {
	case *rsa.PublicKey:
		a = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, last[0]}, Parameters: asn1.NullRawValue}
		digest = sum(s.Hash, data)
	case *ecdsa.PublicKey:
		a.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, last[1]}
		digest = sum(s.Hash, data)
	case ed25519.PublicKey:
		a.Algorithm, options = asn1.ObjectIdentifier{1, 3, 101, 112}, crypto.Hash(0)
	default:
		return a, nil, errors.New("the key is of a kind that cannot sign here")
	}
	signature, err := s.Key.Sign(rand.Reader, digest, options)
	return a, signature, err
}
