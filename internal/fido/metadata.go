package fido

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"time"
)

// MetadataHost signs the blob of the FIDO Metadata Service.
const MetadataHost = "mds.fidoalliance.org"

// maxMetadata bounds the blob; it has about 10 MB.
const maxMetadata = 64 << 20

// Metadata is what the FIDO Metadata Service (version 3) knows of models. The nil
// pointer knows none.
type Metadata struct {
	// Number of the blob; it rises.
	Number int64
	// NextUpdate is the day by which there is a newer one.
	NextUpdate time.Time
	models     map[string]Model // by AAGUID, hex without dashes
}

// Model is one model of authenticators.
type Model struct {
	Name  string
	Roots []*x509.Certificate // of its attestation
	// Compromised: its keys can be copied or used by others, and no update of its
	// firmware helps.
	Compromised bool
}

// Model finds a model by its AAGUID in hex, with or without dashes; the zero
// Model is one that nothing is known of.
func (m *Metadata) Model(aaguid string) Model {
	if m == nil {
		return Model{}
	}
	return m.models[strings.ToLower(strings.ReplaceAll(aaguid, "-", ""))]
}

// Len is how many models are known.
func (m *Metadata) Len() int {
	if m == nil {
		return 0
	}
	return len(m.models)
}

// blob is the payload; only what is used of it.
type blob struct {
	No         int64  `json:"no"`
	NextUpdate string `json:"nextUpdate"`
	Entries    []struct {
		AAGUID    string `json:"aaguid"`
		Statement struct {
			Description string   `json:"description"`
			Roots       []string `json:"attestationRootCertificates"`
		} `json:"metadataStatement"`
		Reports []struct {
			Status string `json:"status"`
		} `json:"statusReports"`
	} `json:"entries"`
}

// ParseMetadata reads the blob, a JWT (FIDO Metadata Service 3.1, section 3.1.7),
// and checks who signed it. roots nil means: somebody whom the system's
// authorities call MetadataHost.
func ParseMetadata(data []byte, roots *x509.CertPool, now time.Time) (*Metadata, error) {
	if len(data) > maxMetadata {
		return nil, refuse("metadata of %d bytes", len(data))
	}
	parts := bytes.Split(bytes.TrimSpace(data), []byte("."))
	if len(parts) != 3 {
		return nil, refuse("metadata is no signed blob")
	}
	var header struct {
		Alg string   `json:"alg"`
		X5C []string `json:"x5c"`
	}
	if err := unmarshalPart(parts[0], &header); err != nil {
		return nil, err
	}
	chain, err := decodeChain(header.X5C)
	if err != nil {
		return nil, err
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if roots == nil {
		options.DNSName = MetadataHost
	}
	for _, c := range chain[1:] {
		options.Intermediates.AddCert(c)
	}
	if _, err := chain[0].Verify(options); err != nil {
		return nil, refuse("metadata: %v", err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(string(parts[2]))
	if err != nil {
		return nil, refuse("metadata: %v", err)
	}
	if err := verifyJWS(header.Alg, chain[0].PublicKey, data[:bytes.LastIndexByte(data, '.')], signature); err != nil {
		return nil, err
	}
	var b blob
	if err := unmarshalPart(parts[1], &b); err != nil {
		return nil, err
	}
	return b.metadata(), nil
}

func unmarshalPart(part []byte, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(string(part))
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return refuse("metadata: %v", err)
	}
	return nil
}

func decodeChain(x5c []string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for _, text := range x5c {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, refuse("metadata: %v", err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, refuse("metadata: %v", err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 || len(chain) > 10 {
		return nil, refuse("metadata with %d certificates", len(chain))
	}
	return chain, nil
}

// verifyJWS checks the signature of a JWS (RFC 7518, section 3).
func verifyJWS(alg string, key crypto.PublicKey, signed, signature []byte) error {
	hash := sha256.Sum256(signed)
	ok := false
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch alg {
		case "RS256":
			ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, hash[:], signature) == nil
		case "PS256":
			ok = rsa.VerifyPSS(k, crypto.SHA256, hash[:], signature, nil) == nil
		}
	case *ecdsa.PublicKey:
		if alg == "ES256" && len(signature) == 64 {
			ok = ecdsa.Verify(k, hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
		}
	}
	if !ok {
		return refuse("metadata: wrong signature (%s)", alg)
	}
	return nil
}

func (b blob) metadata() *Metadata {
	m := &Metadata{Number: b.No, models: map[string]Model{}}
	m.NextUpdate, _ = time.Parse(time.DateOnly, b.NextUpdate)
	for _, e := range b.Entries {
		if e.AAGUID == "" {
			continue // U2F and UAF models, which have none
		}
		model := Model{Name: e.Statement.Description}
		for _, text := range e.Statement.Roots {
			der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
			if err != nil {
				continue
			}
			if c, err := x509.ParseCertificate(der); err == nil {
				model.Roots = append(model.Roots, c)
			}
		}
		for _, r := range e.Reports {
			switch r.Status {
			case "REVOKED", "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE", "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE":
				model.Compromised = true
			case "UPDATE_AVAILABLE":
				// devices in the field get the update; certification says no more of one
				model.Compromised = false
			}
		}
		m.models[strings.ToLower(strings.ReplaceAll(e.AAGUID, "-", ""))] = model
	}
	return m
}
