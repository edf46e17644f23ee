package local

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
)

// mostIndex bounds the index: some 500 000 certificates.
const mostIndex = 64 << 20

// Sign issues a certificate. What it refuses has the number 503: programs know
// it as that of local CAs.
func (c *connector) Sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	issued, err := c.sign(ctx, r)
	if no, ok := errors.AsType[*ca.Refused](err); ok {
		return ca.Issued{}, mfaerr.NewRequest(mfaerr.CodeCA, "%s", no.Reason)
	}
	return issued, err
}

func (c *connector) sign(ctx context.Context, r ca.Request) (ca.Issued, error) {
	o, err := c.order(r)
	if err != nil {
		return ca.Issued{}, err
	}
	var out ca.Issued
	err = c.locked(ctx, func(a *authority) error {
		t, subject, err := c.grant(a, o)
		if err != nil {
			return err
		}
		t.NotBefore, t.NotAfter = a.now, a.now.AddDate(0, 0, o.days)
		if out.Certificate, err = c.issue(a, t, subject, o); err == nil {
			out.Chain = a.chain
		}
		return err
	})
	if err != nil {
		return ca.Issued{}, err
	}
	return out, nil
}

// issue signs a certificate and writes it down. The order matters: a serial
// number is used up before it is signed, and a certificate is in the index before
// anybody sees it. After a crash between two steps a number is missing, or the
// index lists a certificate that nobody has; never the other way round.
func (c *connector) issue(a *authority, t *x509.Certificate, subject name, o *order) (*x509.Certificate, error) {
	if a.now.After(a.certificate.NotAfter) || a.now.Before(a.certificate.NotBefore) {
		return nil, &ca.Refused{Reason: "the certificate of the CA is not valid now"}
	}
	if t.NotAfter.After(a.certificate.NotAfter) {
		t.NotAfter = a.certificate.NotAfter
	}
	x, err := a.readIndex()
	if err != nil {
		return nil, err
	}
	line := subject.oneLine()
	if a.unique && x.valid(line) {
		return nil, &ca.Refused{Reason: "there is a valid certificate for the subject already, and the CA allows one only (unique_subject)"}
	}
	if t.SerialNumber, err = a.takeSerial(x); err != nil {
		return nil, err
	}
	c.reached("serial")
	t.SignatureAlgorithm = a.algorithm
	der, err := x509.CreateCertificate(rand.Reader, t, a.certificate, o.public, a.key)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("the certificate that was made: %w", err)
	}
	serial := ca.SerialText(cert.SerialNumber)
	before := x.String()
	x.add(entry{flag: flagValid, expires: indexTime(cert.NotAfter), serial: serial, file: "unknown", subject: line}, cert.SerialNumber)
	if err := a.writeIndex(before, x); err != nil {
		return nil, err
	}
	c.reached("index")
	if err := c.keepAll(a, cert, subject, o); err != nil {
		// It is handed out to nobody: the list need not have it.
		return nil, errors.Join(err, os.Remove(a.copyOf(serial)), writeFile(a.database, []byte(before), 0o644))
	}
	c.reached("files")
	return cert, nil
}

// reached is where tests end the program.
func (c *connector) reached(step string) {
	if c.after != nil {
		c.after(step)
	}
}

// copyOf is where a certificate is kept by its number.
func (a *authority) copyOf(serial string) string { return filepath.Join(a.issued, serial+".pem") }

// keepAll writes the certificate by its number, and request and certificate by
// the names of the subject.
func (c *connector) keepAll(a *authority, cert *x509.Certificate, subject name, o *order) error {
	serial := ca.SerialText(cert.SerialNumber)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := writeFile(a.copyOf(serial), text, 0o644); err != nil {
		return err
	}
	if o.text == nil {
		return nil // the CA's own: there is no request
	}
	base, ending, requestEnding := fileName(o.subject), ".pem", ".req"
	if o.spkac {
		text, ending, requestEnding = cert.Raw, ".der", ".txt"
	}
	if err := c.keep(setIssued, base, ending, serial, text, func(old []byte) bool { return sameSubject(old, cert) }); err != nil {
		return err
	}
	return c.keep(setRequests, base, requestEnding, serial, o.text, isRequest)
}

// sameSubject reports whether a file holds a certificate of the same CA for the
// same subject, which a newer one may replace. A copy by its number is none:
// its name is not that of its subject.
func sameSubject(file []byte, cert *x509.Certificate) bool {
	if block, _ := pem.Decode(file); block != nil {
		file = block.Bytes
	}
	old, err := x509.ParseCertificate(file)
	return err == nil && string(old.RawSubject) == string(cert.RawSubject) && string(old.RawIssuer) == string(cert.RawIssuer)
}

func isRequest(file []byte) bool {
	s := string(file)
	return strings.Contains(s, "-----BEGIN CERTIFICATE REQUEST-----") || strings.Contains(s, "SPKAC=")
}

// reserved reports whether a file is one of the CA's own, or could be the copy of
// a certificate by its number: those are no names for others.
func (c *connector) reserved(file string) bool {
	for _, s := range []string{setKey, setCertificate, setConfig, setTemplates} {
		if v := c.values.String(s, ""); v != "" && filepath.Clean(c.path(v)) == filepath.Clean(file) {
			return true
		}
	}
	if filepath.Clean(c.crlFile()) == filepath.Clean(file) {
		return true
	}
	base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	_, err := parseSerial(base)
	return err == nil || strings.EqualFold(base, ocspName) || strings.EqualFold(base, ocspKeyName)
}

// readIndex reads the list of certificates. One that is missing is an error: an
// empty one would forget what was revoked.
func (a *authority) readIndex() (*index, error) {
	info, err := os.Stat(a.database)
	if err != nil {
		return nil, fmt.Errorf("the index of the CA: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > mostIndex {
		return nil, errors.New("the index of the CA is no file, or too large")
	}
	b, err := os.ReadFile(a.database)
	if err != nil {
		return nil, fmt.Errorf("the index of the CA: %w", err)
	}
	return parseIndex(string(b))
}

// writeIndex puts a list in the place of the old one, which stays beside it with
// the ending ".old", as openssl has it.
func (a *authority) writeIndex(before string, x *index) error {
	if err := writeFile(a.database+".old", []byte(before), 0o644); err != nil {
		return err
	}
	return writeFile(a.database, []byte(x.String()), 0o644)
}

// randomBits is the length of random serial numbers.
const randomBits = 159

// takeSerial uses up a serial number: the one of the file, or a random one where
// the configuration wants that. A number that was ever used is not used again.
func (a *authority) takeSerial(x *index) (*big.Int, error) {
	one := big.NewInt(1)
	used := func(n *big.Int) bool {
		if n.Sign() <= 0 || x.find(n) != nil {
			return true
		}
		_, err := os.Lstat(a.copyOf(ca.SerialText(n)))
		return !errors.Is(err, fs.ErrNotExist)
	}
	if a.randomSerial {
		for range 10 {
			n, err := rand.Int(rand.Reader, new(big.Int).Lsh(one, randomBits))
			if err != nil || !used(n) {
				return n, err
			}
		}
		return nil, errors.New("no random serial number is free")
	}
	n := new(big.Int)
	b, err := readFile(a.serial)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for _, e := range x.entries { // lost: behind all that are known
			if s, err := parseSerial(e.serial); err == nil && s.Cmp(n) >= 0 {
				n.Add(s, one)
			}
		}
	case err != nil:
		return nil, fmt.Errorf("the serial number of the CA: %w", err)
	default:
		if n, err = parseSerial(string(b)); err != nil {
			return nil, fmt.Errorf("the serial number of the CA: %w", err)
		}
	}
	for used(n) {
		n.Add(n, one)
	}
	next := ca.SerialText(new(big.Int).Add(n, one)) + "\n"
	if b != nil {
		if err := writeFile(a.serial+".old", b, 0o644); err != nil {
			return nil, err
		}
	}
	return n, writeFile(a.serial, []byte(next), 0o644)
}

// requestedNames are the alternative names of a request, as far as they are a
// list of names.
func requestedNames(value []byte) (pkix.Extension, error) {
	var list []asn1.RawValue
	if rest, err := asn1.Unmarshal(value, &list); err != nil || len(rest) > 0 || len(list) == 0 || len(list) > mostAttributes {
		return pkix.Extension{}, &ca.Refused{Reason: "the alternative names of the request cannot be read"}
	}
	return pkix.Extension{Id: oidAltName, Value: value}, nil
}

// days is a span of days.
func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
