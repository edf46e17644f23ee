package fido

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

// mds signs blobs as the metadata service does.
type mds struct {
	root, leaf *x509.Certificate
	key        *ecdsa.PrivateKey
}

func newMDS(t testing.TB, name string) mds {
	t.Helper()
	make := func(subject string, ca bool, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: subject}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
			IsCA: ca, BasicConstraintsValid: true, DNSNames: []string{subject}}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c, key
	}
	var m mds
	var rootKey *ecdsa.PrivateKey
	m.root, rootKey = make("Sample Root", true, nil, nil)
	m.leaf, m.key = make(name, false, m.root, rootKey)
	return m
}

func (m mds) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(m.root)
	return p
}

func (m mds) sign(t testing.TB, alg string, payload any) []byte {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]any{"alg": alg, "x5c": []string{base64.StdEncoding.EncodeToString(m.leaf.Raw)}}) + "." + part(payload)
	hash := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, m.key, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return []byte(text + "." + base64.RawURLEncoding.EncodeToString(signature))
}

func entry(aaguid, name string, root *x509.Certificate, states ...string) map[string]any {
	var reports []any
	for _, s := range states {
		reports = append(reports, map[string]any{"status": s, "effectiveDate": "2026-01-01"})
	}
	return map[string]any{"aaguid": aaguid, "statusReports": reports, "timeOfLastStatusChange": "2026-01-01",
		"metadataStatement": map[string]any{"description": name, "attestationRootCertificates": []string{base64.StdEncoding.EncodeToString(root.Raw)}}}
}

func TestMetadata(t *testing.T) {
	m := newMDS(t, MetadataHost)
	payload := map[string]any{"no": 7, "nextUpdate": "2026-07-01", "entries": []any{
		entry("01020300-0000-0000-0000-000000000000", "Model One", m.root, "NOT_FIDO_CERTIFIED", "FIDO_CERTIFIED_L1"),
		entry("02020300-0000-0000-0000-000000000000", "Model Two", m.root, "FIDO_CERTIFIED", "REVOKED"),
		entry("03020300-0000-0000-0000-000000000000", "Model Three", m.root, "USER_VERIFICATION_BYPASS", "UPDATE_AVAILABLE"),
		map[string]any{"attestationCertificateKeyIdentifiers": []string{"00"}, "metadataStatement": map[string]any{}},
	}}
	blob := m.sign(t, "ES256", payload)
	got, err := ParseMetadata(blob, m.pool(), now)
	if err != nil {
		t.Fatal(err)
	}
	one := got.Model("01020300000000000000000000000000")
	if got.Number != 7 || got.Len() != 3 || one.Name != "Model One" || len(one.Roots) != 1 || one.Compromised {
		t.Fatalf("%+v, %+v", got, one)
	}
	if !got.Model("02020300-0000-0000-0000-000000000000").Compromised || got.Model("03020300000000000000000000000000").Compromised {
		t.Fatal("status reports are misread")
	}
	if got := (*Metadata)(nil).Model("01020300000000000000000000000000"); got.Name != "" {
		t.Fatal("no metadata knows a model")
	}
	parts := strings.Split(string(blob), ".")
	for name, c := range map[string]struct {
		blob []byte
		pool *x509.CertPool
		at   time.Time
	}{
		"another authority":   {blob, newMDS(t, MetadataHost).pool(), now},
		"the system's":        {blob, nil, now},
		"too late":            {blob, m.pool(), now.AddDate(10, 0, 0)},
		"another payload":     {[]byte(parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"no":8}`)) + "." + parts[2]), m.pool(), now},
		"without a signature": {[]byte(parts[0] + "." + parts[1] + "."), m.pool(), now},
		"another algorithm":   {m.sign(t, "none", payload), m.pool(), now},
		"no blob":             {[]byte("{}"), m.pool(), now},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ParseMetadata(c.blob, c.pool, c.at); !errors.Is(err, ErrRefused) || got != nil {
				t.Fatalf("%v, %v", got, err)
			}
		})
	}
}

func FuzzMetadata(f *testing.F) {
	m := newMDS(f, MetadataHost)
	f.Add(m.sign(f, "ES256", map[string]any{"no": 1, "entries": []any{entry("01020300-0000-0000-0000-000000000000", "Model", m.root, "REVOKED")}}))
	pool := m.pool()
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := ParseMetadata(data, pool, now); err != nil && (got != nil || !errors.Is(err, ErrRefused)) {
			t.Fatalf("%v with %v", got, err)
		}
	})
}
