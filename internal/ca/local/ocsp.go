package local

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"edumfa/internal/ocspwire"
	"edumfa/internal/pemkey"
	"edumfa/internal/secret"
)

// Who signs responses.
const (
	signerDelegated = "delegated"
	signerCA        = "ca"
)

// Names of the files of the delegated signer, beside the index.
const (
	ocspName    = "ocsp"
	ocspKeyName = "ocspkey"
)

// Spans of the responder.
const (
	// ocspValid is how long a response holds; a client may keep it that long.
	ocspValid = time.Hour
	// ocspSignerValid is how long a delegated signer is valid, and ocspSignerLeft how
	// much of it is left when the next one is made.
	ocspSignerValid = 30 * 24 * time.Hour
	ocspSignerLeft  = 7 * 24 * time.Hour
)

// mostResponses bounds the responses that are kept.
const mostResponses = 4096

// responder answers questions about single certificates (RFC 6960).
type responder struct {
	mu      sync.Mutex
	files   [4]stamp // index, certificate and key of the CA, configuration
	auth    *authority
	list    *index
	signer  *ocspwire.Signer
	until   time.Time // of the signer
	answers map[string]answer
}

type answer struct {
	der   []byte
	until time.Time
}

// OCSP answers a request. Whatever is wrong with it, or here, is a response too.
func (c *connector) OCSP(ctx context.Context, request []byte, now time.Time) ([]byte, error) {
	q, err := ocspwire.ParseRequest(request)
	if err != nil {
		return ocspwire.Failure(ocspwire.Malformed)
	}
	now = now.UTC().Truncate(time.Second)
	c.ocsp.mu.Lock()
	defer c.ocsp.mu.Unlock()
	if err := c.refresh(ctx, now); err != nil {
		c.deps.Log.ErrorContext(ctx, "OCSP responder", "connector", c.name, "error", err)
		return ocspwire.Failure(ocspwire.InternalError)
	}
	key := string(q.RawList)
	if kept, ok := c.ocsp.answers[key]; ok && q.Nonce == nil && now.Before(kept.until) {
		return kept.der, nil
	}
	r := ocspwire.Response{Produced: now, Nonce: q.Nonce}
	for _, id := range q.List {
		r.List = append(r.List, c.status(id, now))
	}
	der, err := ocspwire.Sign(r, *c.ocsp.signer)
	if err != nil {
		return nil, err
	}
	if q.Nonce == nil {
		if len(c.ocsp.answers) >= mostResponses {
			clear(c.ocsp.answers)
		}
		c.ocsp.answers[key] = answer{der, now.Add(ocspValid / 2)}
	}
	return der, nil
}

// refresh reads the files that have changed, and takes care of the signer.
func (c *connector) refresh(ctx context.Context, now time.Time) error {
	r := &c.ocsp
	var o *options
	if r.auth != nil {
		o = r.auth.options // as long as the file is the same
	} else {
		var err error
		if o, err = c.readOptions(); err != nil {
			return err
		}
	}
	files := [4]stamp{stampOf(o.database), stampOf(c.path(c.values[setCertificate])), stampOf(c.path(c.values[setKey])), stampOf(c.path(c.values.String(setConfig, systemConfig)))}
	if r.auth != nil && r.files == files && now.Before(r.until) {
		return nil
	}
	a, err := c.open()
	if err != nil {
		return err
	}
	if err := c.findSigner(ctx, a); err != nil {
		return err
	}
	files[0] = stampOf(a.database) // the signer may be a new line of it
	list, err := a.readIndex()
	if err != nil {
		return err
	}
	r.auth, r.list, r.files, r.answers = a, list, files, map[string]answer{}
	return nil
}

// status is what is known of one certificate.
func (c *connector) status(id ocspwire.CertID, now time.Time) ocspwire.Single {
	s := ocspwire.Single{ID: id, Status: ocspwire.Unknown, ThisUpdate: now, NextUpdate: now.Add(ocspValid)}
	a := c.ocsp.auth
	if id.Serial == nil || !id.Issued(a.certificate) {
		return s
	}
	e := c.ocsp.list.find(id.Serial)
	if e == nil {
		return s
	}
	s.Status = ocspwire.Good
	if e.flag == flagRevoked {
		if r, err := e.revocation(); err == nil {
			s.Status, s.Revoked, s.Reason = ocspwire.Revoked, r.at, int(r.reason)
		}
	}
	return s
}

// findSigner takes the delegated signer of the files, or makes one. Where none
// can be made, and where the settings want it, the CA signs itself.
func (c *connector) findSigner(ctx context.Context, a *authority) error {
	r := &c.ocsp
	own := func() {
		r.signer = &ocspwire.Signer{Key: a.key, Hash: a.hash, Certificate: a.certificate}
		r.until = a.now.Add(ocspValid)
	}
	if c.values.String(setOCSPSigner, signerDelegated) == signerCA {
		own()
		return nil
	}
	if c.readSigner(a) {
		return nil
	}
	err := c.locked(ctx, func(a *authority) error {
		if c.readSigner(a) { // another server was faster
			return nil
		}
		if err := c.makeSigner(a); err != nil {
			return err
		}
		if !c.readSigner(a) {
			return errors.New("the new signer cannot be used")
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.deps.Log.WarnContext(ctx, "no delegated OCSP signer; the CA signs itself", "connector", c.name, "error", err)
		own()
		return nil
	}
	return err
}

func (a *authority) signerFile(base string) string {
	return filepath.Join(filepath.Dir(a.database), base+".pem")
}

// readSigner takes the signer of the files when it is one of this CA, not
// revoked, and valid for a while.
func (c *connector) readSigner(a *authority) bool {
	text, err := readFile(a.signerFile(ocspName))
	if err != nil {
		return false
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || a.issuedHere(cert, false) != nil || !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return false
	}
	text, err = readFile(a.signerFile(ocspKeyName))
	if err != nil {
		return false
	}
	key, err := pemkey.Parse(text, secret.String{})
	if err != nil {
		return false
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return false
	}
	list, err := a.readIndex()
	if err != nil {
		return false
	}
	e := list.find(cert.SerialNumber)
	left := min(ocspSignerLeft, cert.NotAfter.Sub(cert.NotBefore)/4)
	until := cert.NotAfter.Add(-left)
	if e == nil || e.flag != flagValid || a.now.Before(cert.NotBefore) || !a.now.Before(until) {
		return false
	}
	c.ocsp.signer = &ocspwire.Signer{Key: key, Hash: crypto.SHA256, Certificate: cert, Delegated: true}
	c.ocsp.until = until
	return true
}

// makeSigner issues a certificate that may sign responses and nothing else
// (RFC 6960, 4.2.2.2), and which is not asked about itself.
func (c *connector) makeSigner(a *authority) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	var parts []attribute
	for _, at := range a.name.attributes() {
		if !at.Type.Equal(oidCommonName) && !at.Type.Equal(oidEmail) {
			parts = append(parts, at)
		}
	}
	// each of its own, because a CA can be set to one certificate for a subject
	cn, err := asn1.MarshalWithParams("OCSP responder "+a.now.Format("20060102150405"), "utf8")
	if err != nil {
		return err
	}
	parts = append(parts, attribute{Type: oidCommonName, Value: asn1.RawValue{FullBytes: cn}})
	raw, err := nameOf(parts).der()
	if err != nil {
		return err
	}
	subject, err := parseName(raw)
	if err != nil {
		return err
	}
	t := &x509.Certificate{RawSubject: raw, NotBefore: a.now, NotAfter: a.now.Add(ocspSignerValid)}
	x := extender{issuer: a.certificate, public: spki, subject: subject}
	for _, e := range []struct{ name, value string }{
		{"basicConstraints", "critical,CA:FALSE"}, {"keyUsage", "critical,digitalSignature"}, {"extendedKeyUsage", "critical,OCSPSigning"},
		{"noCheck", "ignored"}, {"subjectKeyIdentifier", "hash"}, {"authorityKeyIdentifier", "keyid,issuer"},
	} {
		ext, err := x.extension(e.name, e.value)
		if err != nil {
			return err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, ext)
	}
	// The key first: without its certificate it is worth nothing.
	if err := writeFile(a.signerFile(ocspKeyName), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	cert, err := c.issue(a, t, subject, &order{subject: subject, public: &key.PublicKey, spki: spki})
	if err != nil {
		return err
	}
	return writeFile(a.signerFile(ocspName), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o644)
}
