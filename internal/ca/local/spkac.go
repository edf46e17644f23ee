package local

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/md5" // #nosec -- what browsers of old sign with; proves that they have the key, nothing else
	"crypto/rsa"
	"crypto/sha1" // #nosec -- the same
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"strings"
)

// spkac is a SignedPublicKeyAndChallenge, as the element keygen of browsers sent
// it.
type spkac struct {
	public     crypto.PublicKey
	spki       []byte
	base64     string
	commonName string // of the text, "" without
}

// mostSPKAC bounds the text of a request.
const mostSPKAC = 32 << 10

// parseSPKAC reads "SPKAC=base64" among other lines "name=value", or the base64
// alone, and checks the signature. The challenge is not looked at.
func parseSPKAC(text string) (*spkac, error) {
	if len(text) > mostSPKAC {
		return nil, errors.New("the request is too long")
	}
	s := &spkac{}
	coded := text
	for line := range strings.SplitSeq(text, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "SPKAC="); ok {
			coded = rest
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "CN="); ok {
			s.commonName = rest
		}
	}
	coded = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, coded)
	der, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return nil, errors.New("the request is not base64")
	}
	s.base64 = coded
	var signed struct {
		Content   asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &signed); err != nil || len(rest) > 0 {
		return nil, errors.New("the request is no signed key and challenge")
	}
	var content struct {
		Key       asn1.RawValue
		Challenge string `asn1:"ia5"`
	}
	if rest, err := asn1.Unmarshal(signed.Content.FullBytes, &content); err != nil || len(rest) > 0 {
		return nil, errors.New("the request is no signed key and challenge")
	}
	s.spki = content.Key.FullBytes
	if s.public, err = x509.ParsePKIXPublicKey(s.spki); err != nil {
		return nil, errors.New("the key of the request cannot be read")
	}
	return s, checkProof(s.public, signed.Algorithm.Algorithm, signed.Content.FullBytes, signed.Signature.RightAlign())
}

// checkProof checks that who asks has the key.
func checkProof(public crypto.PublicKey, algorithm asn1.ObjectIdentifier, content, signature []byte) error {
	wrong := errors.New("the signature of the request is wrong")
	hash, sum := digestOf(algorithm.String(), content)
	switch k := public.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(algorithm.String(), "1.2.840.113549.1.1.") && sum != nil && rsa.VerifyPKCS1v15(k, hash, sum, signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if strings.HasPrefix(algorithm.String(), "1.2.840.10045.4.") && sum != nil && ecdsa.VerifyASN1(k, sum, signature) {
			return nil
		}
	}
	return wrong
}

func digestOf(algorithm string, content []byte) (crypto.Hash, []byte) {
	switch algorithm {
	case "1.2.840.113549.1.1.4":
		sum := md5.Sum(content) // #nosec -- see above
		return crypto.MD5, sum[:]
	case "1.2.840.113549.1.1.5", "1.2.840.10045.4.1":
		sum := sha1.Sum(content) // #nosec -- see above
		return crypto.SHA1, sum[:]
	case "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2":
		sum := sha256.Sum256(content)
		return crypto.SHA256, sum[:]
	case "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3":
		sum := sha512.Sum384(content)
		return crypto.SHA384, sum[:]
	case "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4":
		sum := sha512.Sum512(content)
		return crypto.SHA512, sum[:]
	}
	return 0, nil
}
