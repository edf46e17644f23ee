package local

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/test/need"
)

// fieldConfig is a configuration as installations have it.
const fieldConfig = `
[ ca ]
default_ca = the_ca
[ the_ca ]
dir = .
database = $dir/index.txt
new_certs_dir = $dir/issued
certificate = $dir/ca.pem
serial = $dir/serial
crlnumber = $dir/crlnumber
private_key = $dir/ca.key
x509_extensions = user
default_days = 90
default_crl_days = 14
default_md = sha256
unique_subject = no
copy_extensions = EXTRAS
policy = anything
[ anything ]
countryName = optional
organizationName = optional
commonName = supplied
emailAddress = optional
[ server ]
basicConstraints = CA:FALSE
keyUsage = digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid,issuer:always
nsCertType = server
nsComment = "made by a test"
[ user ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, nonRepudiation, digitalSignature
extendedKeyUsage = clientAuth, emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://crl.example.org/staff.crl
authorityInfoAccess = OCSP;URI:http://ocsp.example.org/, caIssuers;URI:http://example.org/ca.crt
subjectAltName = email:copy
certificatePolicies = 1.2.3.4, @cps
[ cps ]
policyIdentifier = 1.3.5.8
CPS.1 = http://example.org/cps
[ req ]
distinguished_name = dn
[ dn ]
[ root ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`

// process keeps the requests of one process apart, as the database does for
// several.
type process struct{ mu sync.Mutex }

func (p *process) Hold(ctx context.Context, _ string, f func(ctx context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return f(ctx)
}

// nobody keeps nothing apart: the lock on the file has to.
type nobody struct{}

func (nobody) Hold(ctx context.Context, _ string, f func(ctx context.Context) error) error {
	return f(ctx)
}

// fixture is the folder of a CA that openssl made.
type fixture struct {
	t   *testing.T
	dir string
	now time.Time
}

func keyArguments(kind string) []string {
	switch kind {
	case "ecdsa":
		return []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"}
	case "ed25519":
		return []string{"-newkey", "ed25519"}
	}
	return []string{"-newkey", "rsa:2048"}
}

func newFixture(t *testing.T, kind string, more ...string) *fixture {
	f := &fixture{t: t, dir: t.TempDir()}
	for _, d := range []string{"issued", "requests"} {
		if err := os.Mkdir(filepath.Join(f.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.write("openssl.cnf", strings.ReplaceAll(fieldConfig, "EXTRAS", "none"))
	f.write("index.txt", "")
	f.write("serial", "1000\n")
	f.write("crlnumber", "01\n")
	f.write("templates.yaml", "staff:\n  days: 200\n  extensions: user\nshort:\n  days: 2\nbroken:\n  extensions: nowhere\nlong:\n  days: 100000\n")
	args := append([]string{"req", "-x509", "-config", "openssl.cnf", "-extensions", "root", "-days", "1000", "-subj", "/O=Example/CN=Test root", "-keyout", "ca.key", "-out", "ca.pem"}, keyArguments(kind)...)
	if len(more) == 0 {
		more = []string{"-nodes"}
	}
	f.openssl(append(args, more...)...)
	f.now = time.Now().Truncate(time.Second)
	return f
}

func (f *fixture) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) read(name string) string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// openssl runs the command in the folder.
func (f *fixture) openssl(args ...string) string {
	f.t.Helper()
	out, err := f.tryOpenssl(args...)
	if err != nil {
		f.t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (f *fixture) tryOpenssl(args ...string) (string, error) {
	cmd := exec.CommandContext(f.t.Context(), need.Program(f.t, "openssl", "openssl"), args...)
	cmd.Dir = f.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (f *fixture) settings() field.Values {
	return field.Values{
		setKey: "ca.key", setCertificate: "ca.pem", setConfig: "openssl.cnf", setFolder: f.dir, setRequests: "requests", setIssued: "issued",
		setCRL: "crl.pem", setCRLOverlap: "3", setTemplates: "templates.yaml",
	}
}

func (f *fixture) open(lock ca.Lock, change ...string) *connector {
	f.t.Helper()
	v := f.settings()
	for i := 0; i < len(change); i += 2 {
		v[change[i]] = change[i+1]
	}
	c, err := Kind{}.Open(ca.Config{Name: "test", Values: v}, ca.Deps{
		Now: func() time.Time { return f.now }, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(f.t.Output(), nil)), Dir: f.dir, Lock: lock,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return c.(*connector)
}

var testKeys = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return map[string]crypto.Signer{"rsa": r, "ecdsa": e, "ed25519": d}
})

// request makes a request of openssl's name of a subject, with more fields.
func request(t testing.TB, key crypto.Signer, change func(*x509.CertificateRequest), parts ...string) ca.Request {
	t.Helper()
	var list []attribute
	for _, p := range parts {
		n, v, _ := strings.Cut(p, "=")
		oid, ok := attributeOID(n)
		if !ok {
			t.Fatalf("attribute %q", n)
		}
		at := attribute{Type: oid}
		at.Value.Tag, at.Value.Bytes = asn1.TagUTF8String, []byte(v)
		switch n {
		case "C":
			at.Value.Tag = asn1.TagPrintableString
		case "emailAddress":
			at.Value.Tag = asn1.TagIA5String
		}
		list = append(list, at)
	}
	raw, err := nameOf(list).der()
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.CertificateRequest{RawSubject: raw}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	return ca.Request{CSR: csr}
}

func (f *fixture) sign(c *connector, r ca.Request) *x509.Certificate {
	f.t.Helper()
	issued, err := c.Sign(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	return issued.Certificate
}

// verify lets openssl look at a certificate.
func (f *fixture) verify(cert *x509.Certificate, more ...string) {
	f.t.Helper()
	f.write("leaf.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})))
	f.openssl(append(append([]string{"verify", "-x509_strict", "-CAfile", "ca.pem"}, more...), "leaf.pem")...)
}

func TestSign_EveryKindOfKey(t *testing.T) {
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, kind)
			c := f.open(&process{})
			for name, key := range testKeys() {
				r := request(t, key, nil, "C=DE", "CN=of "+name, "O=Example", "emailAddress=a@example.org", "OU=not in the policy")
				r.Template = "staff"
				cert := f.sign(c, r)
				f.verify(cert, "-purpose", "sslclient")
				if got, want := must(parseName(cert.RawSubject)).oneLine(), "/C=DE/O=Example/CN=of "+name+"/emailAddress=a@example.org"; got != want {
					t.Errorf("subject %s, want %s", got, want)
				}
				if !cert.NotAfter.Equal(f.now.AddDate(0, 0, 200)) || cert.KeyUsage != x509.KeyUsageContentCommitment|x509.KeyUsageDigitalSignature ||
					fmt.Sprint(cert.CRLDistributionPoints, cert.OCSPServer, cert.IssuingCertificateURL, cert.EmailAddresses) != "[http://crl.example.org/staff.crl] [http://ocsp.example.org/] [http://example.org/ca.crt] [a@example.org]" {
					t.Errorf("content: until %s, usage %b, %v %v %v %v", cert.NotAfter, cert.KeyUsage, cert.CRLDistributionPoints, cert.OCSPServer, cert.IssuingCertificateURL, cert.EmailAddresses)
				}
				if !bytes.Equal(cert.SubjectKeyId, must(keyID(cert.RawSubjectPublicKeyInfo))) {
					t.Error("the number of the key is not its hash")
				}
			}
			if got := f.read("serial"); got != "1003\n" {
				t.Errorf("next serial number %q", got)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The same section makes the same extensions as with openssl.
func TestSign_ExtensionsAsOpenSSL(t *testing.T) {
	for _, section := range []string{"server", "user"} {
		f := newFixture(t, "rsa")
		f.write("templates.yaml", "t:\n  extensions: "+section+"\n")
		r := request(t, testKeys()["rsa"], nil, "C=DE", "CN=alice", "emailAddress=a@example.org")
		r.Template = "t"
		ours := f.sign(f.open(&process{}), r)
		f.write("a.req", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.CSR.Raw})))
		f.openssl("ca", "-batch", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-extensions", section, "-days", "365", "-in", "a.req", "-out", "theirs.pem")
		text := f.read("theirs.pem")
		block, _ := pem.Decode([]byte(text[strings.Index(text, "-----BEGIN"):]))
		theirs := must(x509.ParseCertificate(block.Bytes))
		if !bytes.Equal(ours.RawSubject, theirs.RawSubject) || !bytes.Equal(ours.RawIssuer, theirs.RawIssuer) {
			t.Errorf("%s: names: %s, %s", section, ours.Subject, theirs.Subject)
		}
		for i, e := range theirs.Extensions {
			if i >= len(ours.Extensions) || !e.Id.Equal(ours.Extensions[i].Id) || e.Critical != ours.Extensions[i].Critical || !bytes.Equal(e.Value, ours.Extensions[i].Value) {
				t.Errorf("%s: extension %s: %x, want %x", section, e.Id, ours.Extensions[min(i, len(ours.Extensions)-1)].Value, e.Value)
			}
		}
		if theirs.SerialNumber.Int64() != ours.SerialNumber.Int64()+1 {
			t.Errorf("%s: openssl goes on with %x", section, theirs.SerialNumber)
		}
		lines := strings.Split(strings.TrimSpace(f.read("index.txt")), "\n")
		if a, b := strings.Split(lines[0], "\t"), strings.Split(lines[1], "\t"); len(lines) != 2 || a[0] != b[0] || a[4] != b[4] || a[5] != b[5] || len(a[1]) != len(b[1]) {
			t.Errorf("%s: index %q", section, lines)
		}
	}
}

// Configurations that "ca create" of the field wrote: names of object identifiers
// of their own, sections of addresses that nobody filled, a comment of Netscape,
// and one certificate for a subject.
func TestSign_ConfigurationOfTheField(t *testing.T) {
	f := newFixture(t, "rsa")
	f.write("openssl.cnf", `
HOME = .
RANDFILE = $ENV::HOME/.rnd
oid_section = our_oids
[ our_oids ]
badgeLogin = Badge Login, 1.3.6.1.4.1.99999.1
[ ca ]
default_ca = CA_default
[ CA_default ]
dir = .
certs = $dir
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
RANDFILE = $dir/.rand
default_crl_days= 30	# how long before next CRL
default_md = sha256
preserve = no
policy = policy_anything
[ policy_anything ]
organizationName = optional
commonName = supplied
[ user ]
keyUsage = nonRepudiation, digitalSignature, keyEncipherment
basicConstraints = CA:FALSE
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid,issuer:always
crlDistributionPoints = @nobody_filled_this
authorityInfoAccess = caIssuers;URI:http://www.example.com/yourCA.crt
extendedKeyUsage = clientAuth, badgeLogin
subjectAltName = otherName:badgeLogin;UTF8:4711
[ server ]
nsCertType = server
nsComment = "a comment"
basicConstraints=CA:FALSE
extendedKeyUsage=serverAuth
[ nobody_filled_this ]
`)
	c := f.open(&process{}, setIssued, "", setRequests, "")
	r := request(t, testKeys()["rsa"], nil, "CN=alice")
	r.Template = "staff"
	cert := f.sign(c, r)
	f.verify(cert)
	if len(cert.CRLDistributionPoints) != 0 || len(cert.UnknownExtKeyUsage) != 1 || cert.UnknownExtKeyUsage[0].String() != "1.3.6.1.4.1.99999.1" {
		t.Errorf("lists %v, purposes %v", cert.CRLDistributionPoints, cert.UnknownExtKeyUsage)
	}
	f.verify(f.sign(c, request(t, testKeys()["rsa"], nil, "CN=www.example.org")))
	if _, err := c.Sign(t.Context(), r); !is503(err) {
		t.Errorf("a second certificate for the subject: %v", err)
	}
	if err := c.Revoke(t.Context(), cert, ca.Superseded); err != nil {
		t.Fatal(err)
	}
	f.sign(c, r)
}
