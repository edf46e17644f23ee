package local

import (
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
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/opensslcnf"
)

// plan is what a new CA is to be.
type plan struct {
	dir              string
	key              string // rsa, ecdsa or ed25519
	bits             int    // of an RSA key, or of a curve
	days             int
	subject          string
	crlDays, overlap int
}

// Create makes a CA in a folder: key, certificate, empty lists and configuration.
// What is there already is left alone, and is an error.
func (Kind) Create(ctx context.Context, c ca.Creation) (field.Values, error) {
	p, err := ask(c)
	if err != nil {
		return nil, err
	}
	subject, err := parseSlashes(p.subject)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(p.dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	for _, name := range []string{"cakey.pem", "cacert.pem", "index.txt", "serial", "openssl.cnf"} {
		if _, err := os.Lstat(filepath.Join(p.dir, name)); !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("there is a file %s already", filepath.Join(p.dir, name))
		}
	}
	key, err := p.makeKey()
	if err != nil {
		return nil, err
	}
	config := strings.NewReplacer("default_crl_days = 30", "default_crl_days = "+strconv.Itoa(p.crlDays)).Replace(usualConfig)
	chain, err := p.certify(ctx, c, key, subject, config)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, cert := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})...)
	}
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{"cakey.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600}, {"cacert.pem", text, 0o644},
		{"index.txt", nil, 0o644}, {"serial", []byte("1000\n"), 0o644}, {"crlnumber", []byte("01\n"), 0o644}, {"openssl.cnf", []byte(config), 0o644},
	} {
		if err := writeFile(filepath.Join(p.dir, f.name), f.data, f.mode); err != nil {
			return nil, err
		}
	}
	c.Say("The key of the CA is in " + filepath.Join(p.dir, "cakey.pem") + ".\nIt must be readable for the user that the server runs as, and for nobody else.")
	in := func(name string) string { return filepath.Join(p.dir, name) }
	return field.Values{
		setFolder: p.dir, setKey: in("cakey.pem"), setCertificate: in("cacert.pem"), setIssued: p.dir, setRequests: p.dir, setCRL: in("crl.pem"),
		setConfig: in("openssl.cnf"), setCRLValidity: strconv.Itoa(p.crlDays), setCRLOverlap: strconv.Itoa(p.overlap),
	}, nil
}

// ask asks until the answers are confirmed.
func ask(c ca.Creation) (plan, error) {
	usual := plan{dir: "./ca", key: "rsa", bits: 4096, days: 1800, subject: "/CN=" + c.Name, crlDays: 30, overlap: 5}
	if k := c.Option("key"); k != "" {
		usual.key = k
	}
	switch usual.key {
	case "rsa":
	case "ecdsa", "ed25519":
		usual.bits = 256
	default:
		return plan{}, fmt.Errorf("there are no keys of the kind %q; there are rsa, ecdsa and ed25519", usual.key)
	}
	for {
		p, err := usual.questions(c)
		if err != nil {
			return plan{}, err
		}
		c.Say(p.String())
		yes, err := c.Ask("yes", "Is this configuration correct? [y/n] ", "n")
		if err != nil {
			return plan{}, err
		}
		if strings.EqualFold(yes, "y") {
			return p, nil
		}
		usual = p
	}
}

func (p plan) questions(c ca.Creation) (plan, error) {
	var err error
	text := func(option, question, usual string) string {
		if err != nil {
			return ""
		}
		var a string
		a, err = c.Ask(option, fmt.Sprintf("%s [%s]: ", question, usual), usual)
		return strings.TrimSpace(a)
	}
	number := func(option, question string, usual, least, most int) int {
		for err == nil {
			n, bad := strconv.Atoi(text(option, question, strconv.Itoa(usual)))
			if err == nil && bad == nil && n >= least && n <= most {
				return n
			}
			complaint := fmt.Sprintf("A number between %d and %d is expected.", least, most)
			if c.Option(option) != "" && err == nil {
				err = fmt.Errorf("--%s: %s", option, complaint)
			}
			c.Say(complaint)
		}
		return 0
	}
	p.dir = text("directory", "In which directory do you want to create the CA", p.dir)
	switch p.key {
	case "rsa":
		p.bits = number("keysize", "What should be the keysize of the CA (2048/4096/8192)", p.bits, 2048, 16384)
	case "ecdsa":
		for p.bits = number("keysize", "Which curve should the CA use, in bits (256/384/521)", p.bits, 256, 521); err == nil && p.bits != 256 && p.bits != 384 && p.bits != 521; {
			if c.Option("keysize") != "" {
				return p, errors.New("--keysize: curves have 256, 384 or 521 bits")
			}
			p.bits = number("keysize", "Which curve should the CA use, in bits (256/384/521)", 256, 256, 521)
		}
	}
	p.days = number("days", "How many days should the CA be valid", p.days, 1, mostDays)
	p.subject = text("dn", "What is the DN of the CA", p.subject)
	p.crlDays = number("crl-days", "How many days should the CRL be valid", p.crlDays, 1, 3660)
	p.overlap = number("crl-overlap", "What should be the overlap period of the CRL in days", p.overlap, 0, 3660)
	if err == nil {
		p.dir, err = filepath.Abs(p.dir)
	}
	return p, err
}

// String shows the plan.
func (p plan) String() string {
	return fmt.Sprintf("%s\n\n  Directory  : %s\n  CA DN      : %s\n  CA Key     : %s, %d bits\n  CA Validity: %d\n\n  CRL validity: %d\n  CRL overlap : %d\n",
		strings.Repeat("=", 60), p.dir, p.subject, p.key, p.bits, p.days, p.crlDays, p.overlap)
}

func (p plan) makeKey() (crypto.Signer, error) {
	switch p.key {
	case "ecdsa":
		curve := map[int]elliptic.Curve{256: elliptic.P256(), 384: elliptic.P384(), 521: elliptic.P521()}[p.bits]
		return ecdsa.GenerateKey(curve, rand.Reader)
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return rsa.GenerateKey(rand.Reader, p.bits)
}

// certify makes the certificate of the CA, DER, and those above it.
func (p plan) certify(ctx context.Context, c ca.Creation, key crypto.Signer, subject name, config string) ([][]byte, error) {
	raw, err := subject.der()
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	f, err := opensslcnf.Parse(config, nil)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{RawSubject: raw, RawSubjectPublicKeyInfo: spki}
	if c.Issuer != nil {
		issuer, ok := c.Issuer.(*connector)
		if !ok {
			return nil, errors.New("only a local CA can sign the certificate of another one")
		}
		return issuer.signAuthority(ctx, p, t, subject, key.Public(), f)
	}
	x := extender{file: f, issuer: t, public: spki, subject: subject, self: true}
	if t.ExtraExtensions, err = x.section("v3_ca"); err != nil {
		return nil, err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), randomBits)); err != nil {
		return nil, err
	}
	t.SerialNumber.Add(t.SerialNumber, big.NewInt(1))
	hash := crypto.SHA256
	if p.key == "ecdsa" && p.bits > 256 {
		hash = crypto.SHA384
	}
	if t.SignatureAlgorithm, err = signatureAlgorithm(key.Public(), hash); err != nil {
		return nil, err
	}
	t.NotBefore = c.Deps.Now().UTC().Truncate(time.Second)
	t.NotAfter = t.NotBefore.AddDate(0, 0, p.days)
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	return [][]byte{der}, err
}

// signAuthority signs the certificate of an authority below this one, which can
// have none below itself.
func (c *connector) signAuthority(ctx context.Context, p plan, t *x509.Certificate, subject name, public crypto.PublicKey, f *opensslcnf.File) ([][]byte, error) {
	var out [][]byte
	err := c.locked(ctx, func(a *authority) error {
		if subject.oneLine() == a.name.oneLine() {
			return errors.New("an authority below another one needs a name of its own")
		}
		x := extender{file: f, issuer: a.certificate, public: t.RawSubjectPublicKeyInfo, subject: subject}
		for _, e := range []struct{ name, value string }{
			{"basicConstraints", "critical,CA:TRUE,pathlen:0"}, {"keyUsage", "critical,keyCertSign,cRLSign"},
			{"subjectKeyIdentifier", "hash"}, {"authorityKeyIdentifier", "keyid,issuer"},
		} {
			ext, err := x.extension(e.name, e.value)
			if err != nil {
				return err
			}
			t.ExtraExtensions = append(t.ExtraExtensions, ext)
		}
		if err := c.addresses(t, x); err != nil {
			return err
		}
		t.NotBefore, t.NotAfter = a.now, a.now.AddDate(0, 0, p.days)
		cert, err := c.issue(a, t, subject, &order{subject: subject, public: public, spki: t.RawSubjectPublicKeyInfo})
		if err != nil {
			return err
		}
		out = [][]byte{cert.Raw}
		for _, above := range a.chain {
			out = append(out, above.Raw)
		}
		return nil
	})
	return out, err
}

// parseSlashes reads a name as openssl takes it at the command line:
// /CN=Staff CA/O=Example. A backslash makes the next character an ordinary one.
func parseSlashes(s string) (name, error) {
	if !strings.HasPrefix(s, "/") {
		return nil, errors.New("a DN begins with a slash: /CN=Staff CA/O=Example")
	}
	var parts []string
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '/':
			parts = append(parts, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	parts = append(parts, b.String())
	var list []attribute
	for _, p := range parts {
		key, value, ok := strings.Cut(p, "=")
		if p == "" {
			continue
		}
		oid, known := attributeOID(strings.TrimSpace(key))
		if !ok || !known || value == "" {
			return nil, fmt.Errorf("the part %q of the DN is not known", p)
		}
		params := ""
		if oid.Equal(oidEmail) {
			params = "ia5"
		}
		der, err := asn1.MarshalWithParams(value, params)
		if err != nil {
			return nil, fmt.Errorf("the part %q of the DN cannot be written", p)
		}
		at := attribute{Type: oid}
		if _, err := asn1.Unmarshal(der, &at.Value); err != nil {
			return nil, err
		}
		list = append(list, at)
	}
	if len(list) == 0 {
		return nil, errors.New("the DN is empty")
	}
	n := nameOf(list)
	return n, n.check()
}
