package microsoft

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// pair puts the client's certificates, its own first, and its key together.
func pair(text []byte, key crypto.Signer) (tls.Certificate, error) {
	out := tls.Certificate{PrivateKey: key}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			out.Certificate = append(out.Certificate, block.Bytes)
		}
	}
	if len(out.Certificate) == 0 {
		return out, errors.New("ssl_client_cert has no certificate")
	}
	leaf, err := x509.ParseCertificate(out.Certificate[0])
	if err != nil {
		return out, err
	}
	if !sameKey(leaf.PublicKey, key.Public()) {
		return out, errors.New("ssl_client_key is not the key of ssl_client_cert")
	}
	out.Leaf = leaf
	return out, nil
}

func sameKey(a, b crypto.PublicKey) bool {
	k, can := a.(interface{ Equal(crypto.PublicKey) bool })
	return can && k.Equal(b)
}
