// Package ocspwire reads OCSP requests and writes OCSP responses (RFC 6960, and
// its profile RFC 5019).
package ocspwire

import (
	"crypto"
	"crypto/sha1" // #nosec -- what clients name issuers with
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
)

// Limits of requests.
const (
	MaxRequest = 16 << 10 // bytes
	maxList    = 32
	maxNonce   = 128 // RFC 9654, 2.1
)

// CertID names a certificate by its issuer and its number.
type CertID struct {
	HashAlgorithm pkix.AlgorithmIdentifier
	NameHash      []byte
	KeyHash       []byte
	Serial        *big.Int
}

// Request is what a client wants to know.
type Request struct {
	List []CertID
	// RawList is the list as it came: equal lists have equal answers.
	RawList []byte
	// Nonce is the value of the extension, which the response repeats; nil without.
	Nonce []byte
}

var (
	oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
)

var errRequest = errors.New("not an OCSP request")

// ParseRequest reads a request. Its signature, if it has one, is not looked at,
// nor who signed it.
func ParseRequest(der []byte) (*Request, error) {
	if len(der) > MaxRequest {
		return nil, errRequest
	}
	var outer struct {
		TBS       asn1.RawValue
		Signature asn1.RawValue `asn1:"optional,explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return nil, errRequest
	}
	var tbs struct {
		Version    int           `asn1:"optional,explicit,default:0,tag:0"`
		Requestor  asn1.RawValue `asn1:"optional,explicit,tag:1"`
		List       asn1.RawValue
		Extensions []pkix.Extension `asn1:"optional,explicit,tag:2"`
	}
	if rest, err := asn1.Unmarshal(outer.TBS.FullBytes, &tbs); err != nil || len(rest) > 0 || tbs.Version != 0 {
		return nil, errRequest
	}
	var list []struct {
		ID         CertID
		Extensions []pkix.Extension `asn1:"optional,explicit,tag:0"`
	}
	if rest, err := asn1.Unmarshal(tbs.List.FullBytes, &list); err != nil || len(rest) > 0 || len(list) == 0 || len(list) > maxList {
		return nil, errRequest
	}
	q := &Request{RawList: tbs.List.FullBytes}
	for _, x := range list {
		q.List = append(q.List, x.ID)
	}
	for _, e := range tbs.Extensions {
		if e.Id.Equal(oidNonce) && len(e.Value) > 0 && len(e.Value) <= maxNonce+3 {
			q.Nonce = e.Value
		}
	}
	return q, nil
}

// Issued reports whether the certificate is one of the issuer's.
func (id CertID) Issued(issuer *x509.Certificate) bool {
	hash, ok := map[string]crypto.Hash{
		"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
	}[id.HashAlgorithm.Algorithm.String()]
	if !ok {
		return false
	}
	key, err := publicKeyBits(issuer)
	return err == nil && string(sum(hash, issuer.RawSubject)) == string(id.NameHash) && string(sum(hash, key)) == string(id.KeyHash)
}

func sum(hash crypto.Hash, data []byte) []byte {
	switch hash {
	case crypto.SHA1:
		s := sha1.Sum(data) // #nosec -- names an issuer, protects nothing
		return s[:]
	case crypto.SHA384:
		s := sha512.Sum384(data)
		return s[:]
	case crypto.SHA512:
		s := sha512.Sum512(data)
		return s[:]
	}
	s := sha256.Sum256(data)
	return s[:]
}

func publicKeyBits(c *x509.Certificate) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	_, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info)
	return info.Key.RightAlign(), err
}
