package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/md5" // #nosec -- see signed
	"crypto/rsa"
	"crypto/sha1" // #nosec -- see signed
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"strings"
)

// SPKAC is a request of the HTML element keygen: a signed public key and
// challenge, as OpenSSL reads it from a file with lines NAME=value.
type SPKAC struct {
	PublicKey crypto.PublicKey
	// Subject has the attributes of the lines beside SPKAC, in their order.
	Subject   []pkix.AttributeTypeAndValue
	Challenge string
}

// maxSPKAC is the largest text that is read.
const maxSPKAC = 64 << 10

// ParseSPKAC reads a request and checks its signature, which proves that the
// sender has the private key.
func ParseSPKAC(text string) (*SPKAC, error) {
	if len(text) > maxSPKAC {
		return nil, errors.New("the SPKAC request is too large")
	}
	out := &SPKAC{}
	signed := ""
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		if name = strings.TrimSpace(name); name == "SPKAC" {
			signed = strings.TrimSpace(value)
			continue
		}
		oid, known := AttributeOID(name)
		if !known {
			return nil, errors.New("the SPKAC request has an unknown attribute " + name)
		}
		out.Subject = append(out.Subject, pkix.AttributeTypeAndValue{Type: oid, Value: strings.TrimSpace(value)})
	}
	if err := out.check(signed); err != nil {
		return nil, err
	}
	return out, nil
}

// check reads PublicKeyAndChallenge and SignedPublicKeyAndChallenge of the
// element keygen (HTML 5, 4.10.14).
func (s *SPKAC) check(signed string) error {
	der, err := base64.StdEncoding.DecodeString(signed)
	if err != nil || len(der) == 0 {
		return errors.New("the SPKAC request is not Base64")
	}
	var outer struct {
		Inner     asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	var inner struct {
		Key       asn1.RawValue
		Challenge string `asn1:"ia5"`
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return errors.New("the SPKAC request cannot be read")
	}
	if rest, err := asn1.Unmarshal(outer.Inner.FullBytes, &inner); err != nil || len(rest) > 0 {
		return errors.New("the SPKAC request cannot be read")
	}
	if s.PublicKey, err = x509.ParsePKIXPublicKey(inner.Key.FullBytes); err != nil {
		return errors.New("the key of the SPKAC request cannot be read")
	}
	s.Challenge = inner.Challenge
	if outer.Signature.BitLength%8 != 0 {
		return errors.New("the SPKAC request cannot be read")
	}
	if !s.signed(outer.Algorithm.Algorithm.String(), outer.Inner.FullBytes, outer.Signature.Bytes) {
		return errors.New("the SPKAC request has an invalid signature")
	}
	return nil
}

// signed checks the signature. The browsers that have the element sign with MD5
// and SHA-1; it only proves that the sender has the key.
func (s *SPKAC) signed(algorithm string, text, signature []byte) bool {
	var sum []byte
	var h crypto.Hash
	switch algorithm {
	case "1.2.840.113549.1.1.4":
		x := md5.Sum(text) // #nosec -- as above
		sum, h = x[:], crypto.MD5
	case "1.2.840.113549.1.1.5", "1.2.840.10045.4.1":
		x := sha1.Sum(text) // #nosec -- as above
		sum, h = x[:], crypto.SHA1
	case "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2":
		x := sha256.Sum256(text)
		sum, h = x[:], crypto.SHA256
	case "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3":
		x := sha512.Sum384(text)
		sum, h = x[:], crypto.SHA384
	case "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4":
		x := sha512.Sum512(text)
		sum, h = x[:], crypto.SHA512
	default:
		return false
	}
	overEC := strings.HasPrefix(algorithm, "1.2.840.10045.")
	switch k := s.PublicKey.(type) {
	case *rsa.PublicKey:
		return !overEC && rsa.VerifyPKCS1v15(k, h, sum, signature) == nil
	case *ecdsa.PublicKey:
		return overEC && ecdsa.VerifyASN1(k, sum, signature)
	}
	return false
}

// CommonName is the first common name, "" for none.
func (s *SPKAC) CommonName() string {
	for _, a := range s.Subject {
		if a.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
			return a.Value.(string)
		}
	}
	return ""
}

// AttributeOID is the object identifier of an attribute of names by the short or
// long name that OpenSSL gives it (X.520; PKCS#9 for emailAddress).
func AttributeOID(name string) (asn1.ObjectIdentifier, bool) {
	id, known := map[string]asn1.ObjectIdentifier{
		"CN": {2, 5, 4, 3}, "commonName": {2, 5, 4, 3}, "SN": {2, 5, 4, 4}, "surname": {2, 5, 4, 4}, "serialNumber": {2, 5, 4, 5},
		"C": {2, 5, 4, 6}, "countryName": {2, 5, 4, 6}, "L": {2, 5, 4, 7}, "localityName": {2, 5, 4, 7},
		"ST": {2, 5, 4, 8}, "stateOrProvinceName": {2, 5, 4, 8}, "street": {2, 5, 4, 9}, "streetAddress": {2, 5, 4, 9},
		"O": {2, 5, 4, 10}, "organizationName": {2, 5, 4, 10}, "OU": {2, 5, 4, 11}, "organizationalUnitName": {2, 5, 4, 11},
		"title": {2, 5, 4, 12}, "postalCode": {2, 5, 4, 17}, "GN": {2, 5, 4, 42}, "givenName": {2, 5, 4, 42}, "initials": {2, 5, 4, 43},
		"pseudonym": {2, 5, 4, 65}, "UID": {0, 9, 2342, 19200300, 100, 1, 1}, "userId": {0, 9, 2342, 19200300, 100, 1, 1},
		"DC": {0, 9, 2342, 19200300, 100, 1, 25}, "domainComponent": {0, 9, 2342, 19200300, 100, 1, 25},
		"emailAddress": {1, 2, 840, 113549, 1, 9, 1}, "organizationIdentifier": {2, 5, 4, 97},
	}[name]
	return id, known
}

// MarshalSubject writes attributes as a name in DER, each in a set of its own.
// Text is UTF8String, but IA5String where the attribute demands it (RFC 5280,
// 4.1.2.6 and appendix A).
func MarshalSubject(attributes []pkix.AttributeTypeAndValue) ([]byte, error) {
	var name pkix.RDNSequence
	for _, a := range attributes {
		text, _ := a.Value.(string)
		if text == "" {
			continue
		}
		switch id := a.Type.String(); id {
		case "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.25":
			if !ascii(text) {
				return nil, errors.New("the attribute " + id + " of a subject takes ASCII only")
			}
			a.Value = asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(text)}
		case "2.5.4.6", "2.5.4.5":
			if !ascii(text) || id == "2.5.4.6" && len(text) != 2 {
				return nil, errors.New("the attribute " + id + " of a subject cannot be " + text)
			}
			a.Value = asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte(text)}
		default:
			a.Value = asn1.RawValue{Tag: asn1.TagUTF8String, Bytes: []byte(text)}
		}
		name = append(name, pkix.RelativeDistinguishedNameSET{a})
	}
	return asn1.Marshal(name)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] < 0x20 {
			return false
		}
	}
	return true
}
