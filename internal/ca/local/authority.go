package local

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/filelock"
	"edumfa/internal/pemkey"
)

// authority is the CA as its files have it at one moment.
type authority struct {
	*options
	certificate *x509.Certificate
	chain       []*x509.Certificate // the CA's own first
	key         crypto.Signer
	algorithm   x509.SignatureAlgorithm
	name        name
	now         time.Time // whole seconds, UTC
}

// open reads configuration, certificate and key.
func (c *connector) open() (*authority, error) {
	o, err := c.readOptions()
	if err != nil {
		return nil, err
	}
	a := &authority{options: o, now: c.deps.Now().UTC().Truncate(time.Second)}
	if a.chain, err = c.certificates(); err != nil {
		return nil, err
	}
	a.certificate = a.chain[0]
	if a.name, err = parseName(a.certificate.RawSubject); err != nil {
		return nil, fmt.Errorf("the certificate of the CA: %w", err)
	}
	text, err := readFile(c.path(c.values[setKey]))
	if err != nil {
		return nil, fmt.Errorf("the key of the CA: %w", err)
	}
	if a.key, err = pemkey.Parse(text, c.values.Secret(setPassword)); err != nil {
		return nil, fmt.Errorf("the key of the CA: %w", err)
	}
	public, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(a.certificate.PublicKey) {
		return nil, errors.New("the key and the certificate of the CA do not belong together")
	}
	a.algorithm, err = signatureAlgorithm(a.key.Public(), a.hash)
	return a, err
}

// certificates are those of the file of the CA's certificate: its own, and those
// above it.
func (c *connector) certificates() ([]*x509.Certificate, error) {
	text, err := readFile(c.path(c.values[setCertificate]))
	if err != nil {
		return nil, fmt.Errorf("the certificate of the CA: %w", err)
	}
	var out []*x509.Certificate
	for len(out) < 10 {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" && block.Type != "TRUSTED CERTIFICATE" && block.Type != "X509 CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("the certificate of the CA: %w", err)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, errors.New("the certificate of the CA: the file holds no PEM certificate")
	}
	return out, nil
}

// Chain are the CA's certificate and those above it, as far as the file has them.
func (c *connector) Chain(context.Context) ([]*x509.Certificate, error) { return c.certificates() }

// Check reads everything and looks for the folder.
func (c *connector) Check(context.Context) error {
	a, err := c.open()
	if err != nil {
		return err
	}
	_, err = a.readIndex()
	return err
}

// signatureAlgorithm is how a key signs.
func signatureAlgorithm(public crypto.PublicKey, hash crypto.Hash) (x509.SignatureAlgorithm, error) {
	by := map[crypto.Hash]x509.SignatureAlgorithm{}
	switch public.(type) {
	case *rsa.PublicKey:
		by = map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.SHA256WithRSA, crypto.SHA384: x509.SHA384WithRSA, crypto.SHA512: x509.SHA512WithRSA}
	case *ecdsa.PublicKey:
		by = map[crypto.Hash]x509.SignatureAlgorithm{crypto.SHA256: x509.ECDSAWithSHA256, crypto.SHA384: x509.ECDSAWithSHA384, crypto.SHA512: x509.ECDSAWithSHA512}
	case ed25519.PublicKey:
		return x509.PureEd25519, nil
	}
	if a, ok := by[hash]; ok {
		return a, nil
	}
	return 0, errors.New("the key of the CA is of a kind that cannot sign here")
}

// locked runs f with the files of the CA for itself: against other servers with
// the database, against other programs with a lock on a file.
func (c *connector) locked(ctx context.Context, f func(a *authority) error) error {
	o, err := c.readOptions()
	if err != nil {
		return err
	}
	return c.deps.Lock.Hold(ctx, "ca "+o.database, func(ctx context.Context) error {
		release, err := filelock.Hold(ctx, o.database+".lock")
		if err != nil {
			return fmt.Errorf("the folder of the CA: %w", err)
		}
		defer release()
		a, err := c.open() // read under the lock
		if err != nil {
			return err
		}
		return f(a)
	})
}

// checkKey refuses keys that nobody should have a certificate for.
func (c *connector) checkKey(public crypto.PublicKey) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		least, err := c.values.Int(setLeastRSA, usualLeastRSA)
		if err != nil {
			return err
		}
		if k.N.BitLen() < least {
			return &ca.Refused{Reason: fmt.Sprintf("an RSA key of %d bits is too short, %d are demanded", k.N.BitLen(), least)}
		}
		if k.N.BitLen() > mostRSA || k.E < 3 || k.E%2 == 0 {
			return &ca.Refused{Reason: "the RSA key is not a usual one"}
		}
		return nil
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	}
	return &ca.Refused{Reason: "keys of this kind are not known"}
}

// Bounds of RSA keys, in bits.
const (
	usualLeastRSA = 2048
	mostRSA       = 16384
)
