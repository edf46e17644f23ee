// Package sshca is an authority for certificates of SSH users: a key in a file,
// which SSH servers trust by TrustedUserCAKeys. It signs no X.509 certificates.
package sshca

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/secret"
)

const (
	minRSA        = 2048 // bits
	maxPrincipals = 256
	maxText       = 1024 // bytes of one name
)

// Kind makes such authorities.
type Kind struct{ Rand io.Reader }

// Name is the type in the database.
func (Kind) Name() string { return "ssh" }

// Fields are the settings.
func (Kind) Fields() []field.Field {
	return []field.Field{
		{Name: "key", Type: "string", Required: true, Help: "File with the private key, as ssh-keygen makes it."},
		{Name: "passphrase", Type: "password", Help: "Its passphrase."},
	}
}

// Open makes a connector. The key is read when it is needed.
func (k Kind) Open(c ca.Config, _ ca.Deps) (ca.Connector, error) {
	random := k.Rand
	if random == nil {
		random = rand.Reader
	}
	return &authority{file: c.Values.String("key", ""), passphrase: c.Values.Secret("passphrase"), rand: random}, nil
}

type authority struct {
	file       string
	passphrase secret.String
	rand       io.Reader
}

var (
	_ ca.Connector = (*authority)(nil)
	_ ca.SSHSigner = (*authority)(nil)
	_ ca.Checker   = (*authority)(nil)
)

// Sign is for X.509, which an SSH key cannot sign.
func (*authority) Sign(context.Context, ca.Request) (ca.Issued, error) {
	return ca.Issued{}, &ca.Refused{Reason: "this authority signs certificates for SSH only"}
}

// Revoke is for X.509. Certificates of SSH users end by themselves.
func (*authority) Revoke(context.Context, *x509.Certificate, ca.Reason) error {
	return errors.New("this authority has no X.509 certificates")
}

// Check reads the key.
func (o *authority) Check(context.Context) error {
	_, err := o.signer()
	return err
}

// SSHKey is the public key.
func (o *authority) SSHKey(context.Context) (string, error) {
	s, err := o.signer()
	if err != nil {
		return "", err
	}
	return line(s.PublicKey()), nil
}

// SignSSH signs a certificate. Names that could be read as something else in a
// server's files are refused.
func (o *authority) SignSSH(_ context.Context, r ca.SSHRequest) (string, error) {
	signer, err := o.signer()
	if err != nil {
		return "", err
	}
	key, err := userKey(r.Key)
	if err != nil {
		return "", err
	}
	if err := check(r); err != nil {
		return "", err
	}
	var serial [8]byte
	if _, err := io.ReadFull(o.rand, serial[:]); err != nil {
		return "", err
	}
	c := &ssh.Certificate{
		Key: key, Serial: binary.BigEndian.Uint64(serial[:]), CertType: ssh.UserCert, KeyId: r.KeyID, ValidPrincipals: r.Principals,
		ValidAfter: uint64(r.From.Unix()), ValidBefore: uint64(r.Until.Unix()),
		Permissions: ssh.Permissions{Extensions: map[string]string{}},
	}
	for _, e := range r.Extensions {
		c.Extensions[e] = ""
	}
	if r.SourceAddress != "" {
		c.CriticalOptions = map[string]string{"source-address": r.SourceAddress}
	}
	if err := c.SignCert(o.rand, signer); err != nil {
		return "", fmt.Errorf("SSH certificate: %w", err)
	}
	return line(c), nil
}

// check refuses what a certificate must not say.
func check(r ca.SSHRequest) error {
	if len(r.Principals) == 0 || len(r.Principals) > maxPrincipals {
		return &ca.Refused{Reason: "a certificate names at least one account, which this one would not"}
	}
	for _, p := range r.Principals {
		if p == "" || len(p) > maxText || strings.ContainsFunc(p, func(c rune) bool { return c == ',' || unicode.IsSpace(c) || unicode.IsControl(c) }) {
			return &ca.Refused{Reason: fmt.Sprintf("%q is no name of an account", p)}
		}
	}
	if len(r.KeyID) > maxText || strings.ContainsFunc(r.KeyID, unicode.IsControl) {
		return &ca.Refused{Reason: "the identity of the certificate is no line of text"}
	}
	if !r.Until.After(r.From) || r.From.Unix() < 0 {
		return &ca.Refused{Reason: "the certificate would never be valid"}
	}
	for _, e := range r.Extensions {
		if !slices.Contains(Extensions(), e) {
			return &ca.Refused{Reason: fmt.Sprintf("there is no extension %q", e)}
		}
	}
	for network := range strings.SplitSeq(r.SourceAddress, ",") {
		if r.SourceAddress == "" {
			break
		}
		if _, err := netip.ParsePrefix(network); err != nil {
			if _, err := netip.ParseAddr(network); err != nil {
				return &ca.Refused{Reason: fmt.Sprintf("%q is no network", network)}
			}
		}
	}
	return nil
}

// Extensions are those that OpenSSH knows for users.
func Extensions() []string {
	return []string{"permit-X11-forwarding", "permit-agent-forwarding", "permit-port-forwarding", "permit-pty", "permit-user-rc", "no-touch-required"}
}

// userKey reads the key that is certified.
func userKey(text string) (ssh.PublicKey, error) {
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil || len(options) > 0 || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, &ca.Refused{Reason: "the SSH key of the token cannot be read"}
	}
	if _, isCertificate := key.(*ssh.Certificate); isCertificate {
		return nil, &ca.Refused{Reason: "the SSH key of the token is a certificate itself"}
	}
	switch key.Type() {
	case "ssh-dss":
		return nil, &ca.Refused{Reason: "DSA keys are not certified"}
	case ssh.KeyAlgoRSA:
		if c, ok := key.(ssh.CryptoPublicKey); ok {
			if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); !ok || k.N.BitLen() < minRSA {
				return nil, &ca.Refused{Reason: fmt.Sprintf("RSA keys of less than %d bits are not certified", minRSA)}
			}
		}
	}
	return key, nil
}

// signer reads the authority's key. RSA keys sign with SHA-512: servers do not
// take SHA-1 any more.
func (o *authority) signer() (ssh.Signer, error) {
	text, err := os.ReadFile(o.file)
	if err != nil {
		return nil, fmt.Errorf("key of the SSH authority: %w", err)
	}
	var s ssh.Signer
	if p := o.passphrase.Reveal(); p != "" {
		s, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(p))
	} else {
		s, err = ssh.ParsePrivateKey(text)
	}
	if err != nil {
		return nil, fmt.Errorf("key of the SSH authority: %w", err)
	}
	if s.PublicKey().Type() != ssh.KeyAlgoRSA {
		return s, nil
	}
	a, ok := s.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("key of the SSH authority: it cannot sign")
	}
	return ssh.NewSignerWithAlgorithms(a, []string{ssh.KeyAlgoRSASHA512})
}

func line(k ssh.PublicKey) string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k))) }
