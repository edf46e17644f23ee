package local

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"edumfa/internal/ca"
)

// ask lets openssl make a request and judge the response.
func (f *fixture) ask(c *connector, serials []int64, more ...string) string {
	f.t.Helper()
	args := append([]string{"ocsp", "-issuer", "ca.pem", "-reqout", "q.der"}, more...)
	for _, s := range serials {
		args = append(args, "-serial", fmt.Sprintf("0x%x", s))
	}
	f.openssl(args...)
	der, err := c.OCSP(f.t.Context(), []byte(f.read("q.der")), f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write("r.der", string(der))
	args = append([]string{"ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-respin", "r.der", "-reqin", "q.der", "-no_nonce"}, slices.DeleteFunc(slices.Clone(more), func(m string) bool { return m == "-nonce" })...)
	for _, s := range serials {
		args = append(args, "-serial", fmt.Sprintf("0x%x", s))
	}
	out := f.openssl(args...)
	if !strings.Contains(out, "Response verify OK") {
		f.t.Errorf("the response is not taken: %s", out)
	}
	return out
}

func TestOCSP_OpenSSLAsks(t *testing.T) {
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		for _, signer := range []string{signerDelegated, signerCA} {
			t.Run(kind+" "+signer, func(t *testing.T) {
				f := newFixture(t, kind)
				c := f.open(&process{}, setOCSPSigner, signer)
				good := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=good"))
				bad := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=bad"))
				if err := c.Revoke(t.Context(), bad, ca.KeyCompromise); err != nil {
					t.Fatal(err)
				}
				for _, more := range [][]string{{"-no_nonce"}, {"-nonce"}, {"-no_nonce", "-sha256"}} {
					out := f.ask(c, []int64{good.SerialNumber.Int64(), bad.SerialNumber.Int64(), 0x7777}, more...)
					for _, want := range []string{"0x1000: good", "0x1001: revoked", "Reason: keyCompromise", "0x7777: unknown"} {
						if !strings.Contains(out, want) {
							t.Errorf("%v: %q is missing in %s", more, want, out)
						}
					}
					if strings.Contains(out, "no nonce") {
						t.Errorf("%v: %s", more, out)
					}
				}
				if _, err := os.Stat(filepath.Join(f.dir, "ocsp.pem")); (err == nil) != (signer == signerDelegated) {
					t.Errorf("delegated signer: %v", err)
				}
			})
		}
	}
}

// The delegated signer is one of the CA for this alone, listed, kept with a key
// that others cannot read, shared by servers, and replaced before it ends or when
// it is revoked.
func TestOCSP_DelegatedSigner(t *testing.T) {
	f := newFixture(t, "rsa")
	lock := &process{}
	c := f.open(lock)
	f.ask(c, []int64{0x1000}, "-no_nonce")
	read := func() *x509.Certificate {
		block, _ := pem.Decode([]byte(f.read("ocsp.pem")))
		return must(x509.ParseCertificate(block.Bytes))
	}
	first := read()
	f.verify(first, "-purpose", "ocsphelper")
	if len(first.ExtKeyUsage) != 1 || first.ExtKeyUsage[0] != x509.ExtKeyUsageOCSPSigning || first.IsCA || !strings.Contains(f.openssl("x509", "-in", "ocsp.pem", "-noout", "-text"), "OCSP No Check") {
		t.Errorf("the signer may do more: %v", first.ExtKeyUsage)
	}
	if info := must(os.Stat(filepath.Join(f.dir, "ocspkey.pem"))); info.Mode().Perm() != 0o600 {
		t.Errorf("its key has the mode %o", info.Mode().Perm())
	}
	if !strings.Contains(f.read("index.txt"), "/O=Example/CN=OCSP responder ") {
		t.Errorf("it is not listed: %s", f.read("index.txt"))
	}
	f.ask(f.open(lock), []int64{0x1000}, "-no_nonce")
	if read().SerialNumber.Cmp(first.SerialNumber) != 0 {
		t.Error("another server made another signer")
	}
	start := f.now
	f.now = start.Add(ocspSignerValid - ocspSignerLeft + time.Hour)
	if _, err := c.OCSP(t.Context(), []byte(f.read("q.der")), f.now); err != nil {
		t.Fatal(err)
	}
	second := read()
	if second.SerialNumber.Cmp(first.SerialNumber) == 0 {
		t.Error("the signer is not replaced before its end")
	}
	if err := c.Revoke(t.Context(), second, ca.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	if _, err := c.OCSP(t.Context(), []byte(f.read("q.der")), f.now); err != nil {
		t.Fatal(err)
	}
	if read().SerialNumber.Cmp(second.SerialNumber) == 0 {
		t.Error("a revoked signer is used")
	}
}

// Responses are kept while nothing changes, and never longer.
func TestOCSP_Kept(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	cert := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=alice"))
	f.ask(c, []int64{0x1000}, "-no_nonce")
	q := []byte(f.read("q.der"))
	ask := func() string { return string(must(c.OCSP(t.Context(), q, f.now))) }
	first := ask()
	f.now = f.now.Add(ocspValid / 4)
	if ask() != first {
		t.Error("a response is signed again")
	}
	f.now = f.now.Add(ocspValid / 2)
	if ask() == first {
		t.Error("a response is too old")
	}
	if err := c.Revoke(t.Context(), cert, ca.Superseded); err != nil {
		t.Fatal(err)
	}
	f.write("r.der", ask())
	if out := f.openssl("ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-respin", "r.der", "-reqin", "q.der", "-serial", "0x1000"); !strings.Contains(out, "revoked\n") { // the clock of openssl says something else
		t.Errorf("after it is revoked: %s", out)
	}
	foreign := newFixture(t, "ecdsa")
	foreign.openssl("ocsp", "-issuer", "ca.pem", "-reqout", "q.der", "-serial", "0x1000")
	der := must(c.OCSP(t.Context(), []byte(foreign.read("q.der")), f.now))
	foreign.write("r.der", string(der))
	if out := foreign.openssl("ocsp", "-issuer", "ca.pem", "-noverify", "-respin", "r.der", "-serial", "0x1000"); !strings.Contains(out, "unknown\n") {
		t.Errorf("of another CA: %s", out)
	}
	if der := must(c.OCSP(t.Context(), []byte("rubbish"), f.now)); string(der) != "\x30\x03\x0a\x01\x01" {
		t.Errorf("rubbish: %x", der)
	}
	f.write("ca.key", "rubbish")
	if der := must(f.open(&process{}).OCSP(t.Context(), q, f.now)); string(der) != "\x30\x03\x0a\x01\x02" {
		t.Errorf("without a key: %x", der)
	}
}
