package certificate

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// trustedFolder has the chains of makers where no policy names a folder.
const trustedFolder = "/etc/edumfa/trusted_attestation_ca"

// Bounds of a folder with chains.
const (
	maxChainFiles = 1000
	maxChainFile  = 1 << 20 // bytes
)

// attestRule is what policies want of attestation certificates.
type attestRule struct {
	verify, require bool
	device          deviceRule
}

func readAttestRule(e *tokentype.Env) (attestRule, error) {
	if e.Rules == nil {
		return attestRule{}, nil
	}
	word, _, err := e.Rules.Word(policy.ScopeEnrollment, actAttest)
	if err != nil {
		return attestRule{}, err
	}
	r := attestRule{verify: word == attestVerify || word == attestRequire, require: word == attestRequire}
	if r.device, err = readDeviceRule(e); err != nil {
		return r, err
	}
	if r.device.any() { // what a device is like is known only from an attestation
		r.verify, r.require = true, true
	}
	return r, nil
}

func errAttestationRequired() error {
	return mfaerr.NewPolicy("A policy requires that you provide an attestation certificate.")
}

// unattestable refuses ways to enrol in which nobody attests where the key is.
func (r attestRule) unattestable() error {
	if r.require {
		return errAttestationRequired()
	}
	return nil
}

// apply checks an attestation, which may be followed by certificates above it,
// and keeps what it says about the device. It is always for the key; only
// policies want to know who signed it.
func (r attestRule) apply(e *tokentype.Env, t *token.Token, attestation string, key crypto.PublicKey) error {
	if attestation == "" {
		return r.unattestable()
	}
	list, err := parseCertificates(attestation)
	if err != nil {
		return mfaerr.NewParameter("The attestation certificate cannot be read: %s.", err)
	}
	if k, can := list[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !can || !k.Equal(key) {
		return mfaerr.NewRequest(codeGeneral, "certificate request does not match attestation certificate.")
	}
	folders, err := trustedFolders(e)
	if err != nil {
		return err
	}
	if !attested(list, folders, e.Now) {
		if r.verify {
			return mfaerr.NewRequest(codeGeneral, "Failed to verify certificate chain of attestation certificate.")
		}
		return nil // what nobody vouches for is not kept
	}
	d, err := readDevice(list[0])
	if err != nil {
		return mfaerr.NewParameter("The attestation certificate cannot be read: %s.", err)
	}
	if err := r.device.check(d); err != nil {
		return err
	}
	d.keep(t)
	return nil
}

// trustedFolders are the folders that policies of the caller's scope name.
func trustedFolders(e *tokentype.Env) ([]string, error) {
	if rules, can := e.Caller.(tokentype.WholeRules); can {
		list, err := rules.Values("", actTrusted)
		if err != nil || len(list) > 0 {
			return list, err
		}
	}
	return []string{trustedFolder}, nil
}

// attested reports whether a chain of the folders vouches for the first of the
// certificates; the others may help to get there.
func attested(list []*x509.Certificate, folders []string, now time.Time) bool {
	for _, folder := range folders {
		for _, chain := range readChains(folder) {
			if vouches(chain, list, now) {
				return true
			}
		}
	}
	return false
}

// readChains reads every file of a folder: PEM certificates, the trusted one
// first, with text between them. What cannot be read vouches for nothing.
func readChains(folder string) [][]*x509.Certificate {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	var out [][]*x509.Certificate
	for _, entry := range entries[:min(len(entries), maxChainFiles)] {
		name := filepath.Join(folder, entry.Name())
		info, err := os.Stat(name) // a link to a file counts as one
		if err != nil || !info.Mode().IsRegular() || info.Size() > maxChainFile {
			continue
		}
		text, err := fs.ReadFile(os.DirFS(folder), entry.Name())
		if err != nil {
			continue
		}
		if chain := parseChain(text); len(chain) > 0 {
			out = append(out, chain)
		}
	}
	return out
}

func parseChain(text []byte) []*x509.Certificate {
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return chain
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil
		}
		chain = append(chain, c)
	}
}

// vouches verifies the path (RFC 5280, 6.1) from the first of list to the first
// of the file, which is trusted: dates, basic constraints, key usage, path
// length, names. The file may hold a chain or a tree, everyone in it issued by
// one before him. Only an end of it issues attestations, so that a file with a
// maker's root and one batch trusts that batch alone.
func vouches(file, list []*x509.Certificate, now time.Time) bool {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(file[0])
	for i, c := range file[1:] {
		if !slices.ContainsFunc(file[:i+1], func(above *x509.Certificate) bool { return issued(above, c) }) {
			return false
		}
		between.AddCert(c)
	}
	for _, c := range list[1:] {
		between.AddCert(c)
	}
	paths, err := list[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(paths, func(path []*x509.Certificate) bool {
		i := slices.IndexFunc(path, func(c *x509.Certificate) bool { return slices.ContainsFunc(file, c.Equal) })
		return i > 0 && !slices.ContainsFunc(file, func(below *x509.Certificate) bool { return !below.Equal(path[i]) && issued(path[i], below) })
	})
}

func issued(above, c *x509.Certificate) bool {
	return bytes.Equal(above.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(above) == nil
}
