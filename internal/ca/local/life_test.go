package local

import (
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"edumfa/internal/ca"
)

// openSSLSigns has openssl issue a certificate in the folder.
func (f *fixture) openSSLSigns(cn string) *x509.Certificate {
	f.t.Helper()
	r := request(f.t, testKeys()["ecdsa"], nil, "CN="+cn)
	f.write("theirs.req", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: r.CSR.Raw})))
	f.openssl("ca", "-batch", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-extensions", "server", "-days", "30", "-in", "theirs.req", "-out", "theirs.pem", "-notext")
	block, _ := pem.Decode([]byte(f.read("theirs.pem")))
	return must(x509.ParseCertificate(block.Bytes))
}

func (f *fixture) numbers(list *x509.RevocationList) map[int64]int {
	out := map[int64]int{}
	for _, e := range list.RevokedCertificateEntries {
		out[e.SerialNumber.Int64()] = e.ReasonCode
	}
	return out
}

// A folder is used by openssl and by us in turns: numbers go on, each sees what
// the other revoked, and lists of revoked certificates follow each other.
func TestFolder_InTurnsWithOpenSSL(t *testing.T) {
	f := newFixture(t, "rsa")
	c := f.open(&process{})
	first := f.openSSLSigns("one")
	second := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=Zwei Müller"))
	third := f.openSSLSigns("three")
	fourth := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=four"))
	for i, cert := range []*x509.Certificate{first, second, third, fourth} {
		if cert.SerialNumber.Int64() != int64(0x1000+i) {
			t.Errorf("certificate %d has the number %x", i+1, cert.SerialNumber)
		}
		f.verify(cert)
	}
	f.openssl("ca", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-revoke", "issued/1001.pem", "-crl_reason", "superseded")
	if err := c.Revoke(t.Context(), first, ca.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	if path, err := c.MakeCRL(t.Context(), false); path != "crl.pem" || err != nil {
		t.Fatalf("%q, %v", path, err)
	}
	check := func(number int64, want map[int64]int) {
		t.Helper()
		f.openssl("crl", "-in", "crl.pem", "-CAfile", "ca.pem", "-noout", "-verify")
		block, _ := pem.Decode([]byte(f.read("crl.pem")))
		list := must(x509.ParseRevocationList(block.Bytes))
		if list.Number.Int64() != number {
			t.Errorf("the list has the number %d, want %d", list.Number, number)
		}
		if got := f.numbers(list); len(got) != len(want) {
			t.Errorf("revoked: %v, want %v", got, want)
		}
		for n, reason := range want {
			if got, ok := f.numbers(list)[n]; !ok || got != reason {
				t.Errorf("revoked: %v, want %v", f.numbers(list), want)
			}
		}
	}
	check(1, map[int64]int{0x1000: 1, 0x1001: 4})
	f.openssl("ca", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-gencrl", "-out", "crl.pem")
	check(2, map[int64]int{0x1000: 1, 0x1001: 4})
	f.openssl("ca", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-revoke", "issued/1002.pem")
	if _, err := c.MakeCRL(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	check(3, map[int64]int{0x1000: 1, 0x1001: 4, 0x1002: 0})
	for serial, revoked := range map[*x509.Certificate]bool{first: true, second: true, third: true, fourth: false} {
		f.write("leaf.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serial.Raw})))
		out, err := f.tryOpenssl("verify", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", "leaf.pem")
		if (err != nil) != revoked || revoked && !strings.Contains(out, "revoked") {
			t.Errorf("%s: %v %s", serial.Subject, err, out)
		}
	}
}

func TestRevoke(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	cert := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=alice"))
	if err := c.Revoke(t.Context(), cert, ca.Reason(7)); refused(err) == "" {
		t.Errorf("a reason that does not exist: %v", err)
	}
	if err := c.Revoke(t.Context(), cert, ca.CessationOfOperation); err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke(t.Context(), cert, ca.Unspecified); !errors.Is(err, ca.ErrRevoked) {
		t.Errorf("again: %v", err)
	}
	if line := f.read("index.txt"); !strings.HasPrefix(line, "R\t") || !strings.Contains(line, "Z,cessationOfOperation\t1000\tunknown\t/CN=alice\n") {
		t.Errorf("index %q", line)
	}
	// a certificate that was lost from the index
	f.write("index.txt", "")
	if err := c.Revoke(t.Context(), cert, ca.Unspecified); err != nil || !strings.Contains(f.read("index.txt"), "Z,unspecified\t1000\t") {
		t.Errorf("not listed: %v, %q", err, f.read("index.txt"))
	}
	other := newFixture(t, "ecdsa")
	foreign := other.sign(other.open(&process{}), request(t, testKeys()["rsa"], nil, "CN=alice"))
	if err := c.Revoke(t.Context(), foreign, ca.Unspecified); refused(err) == "" {
		t.Errorf("a certificate of a CA of the same name: %v", err)
	}
	f.write("ca.key", "rubbish")
	if err := c.Revoke(t.Context(), cert, ca.Unspecified); err == nil {
		t.Error("revoked without a key for the list")
	}
}

func refused(err error) string {
	if r, ok := errors.AsType[*ca.Refused](err); ok {
		return r.Reason
	}
	return ""
}

// A list is made when there is none, when something is revoked, and when the old
// one ends soon; not when it is asked for.
func TestCRL_WhenItIsDue(t *testing.T) {
	f := newFixture(t, "rsa")
	lock := &process{}
	c := f.open(lock)
	get := func(number int64, what string) {
		t.Helper()
		der, err := c.CRL(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list := must(x509.ParseRevocationList(der))
		if list.Number.Int64() != number || list.NextUpdate.Sub(list.ThisUpdate) != 14*24*time.Hour {
			t.Errorf("%s: number %d for %s, want %d", what, list.Number, list.NextUpdate.Sub(list.ThisUpdate), number)
		}
	}
	get(1, "the first")
	get(1, "asked again")
	cert := f.sign(c, request(t, testKeys()["rsa"], nil, "CN=alice"))
	get(1, "a new certificate")
	if err := c.Revoke(t.Context(), cert, ca.Unspecified); err != nil {
		t.Fatal(err)
	}
	get(2, "a revoked certificate")
	if path, err := c.MakeCRL(t.Context(), true); path != "" || err != nil {
		t.Errorf("not due: %q, %v", path, err)
	}
	start := f.now
	f.now = start.Add(10 * 24 * time.Hour)
	get(2, "before the overlap")
	f.now = start.Add(11*24*time.Hour + time.Second)
	get(3, "within the overlap")
	if path, err := c.MakeCRL(t.Context(), false); path == "" || err != nil {
		t.Errorf("made anyway: %q, %v", path, err)
	}
	get(4, "made by hand")
	c = f.open(lock, setCRLOverlap, "20") // longer than the list is valid
	get(4, "with an endless overlap")
	if path, err := c.MakeCRL(t.Context(), true); path == "" || err != nil {
		t.Errorf("due with an endless overlap: %q, %v", path, err)
	}
	f.write("crl.pem", "rubbish")
	f.write("crlnumber", "0A\n")
	get(10, "an unreadable list")
	if err := os.Remove(filepath.Join(f.dir, "crlnumber")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.MakeCRL(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	get(11, "a lost number")
}

// CAs of the field do not say that they may sign lists, and the configuration may
// not say how long one holds.
func TestCRL_OfOldCAs(t *testing.T) {
	f := newFixture(t, "rsa")
	f.write("plain.cnf", "[req]\ndistinguished_name=dn\n[dn]\n[root]\nbasicConstraints=CA:TRUE\n")
	f.openssl("req", "-x509", "-config", "plain.cnf", "-extensions", "root", "-days", "100", "-subj", "/CN=Old", "-key", "ca.key", "-out", "ca.pem")
	f.now = time.Now().Truncate(time.Second)
	f.write("openssl.cnf", strings.Replace(f.read("openssl.cnf"), "default_crl_days = 14\n", "", 1))
	for validity, days := range map[string]int{"9": 9, "": 30} {
		c := f.open(&process{}, setCRLValidity, validity)
		if _, err := c.MakeCRL(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		f.openssl("crl", "-in", "crl.pem", "-CAfile", "ca.pem", "-noout", "-verify")
		list := must(x509.ParseRevocationList(must(c.CRL(t.Context()))))
		if got := int(list.NextUpdate.Sub(list.ThisUpdate).Hours() / 24); got != days {
			t.Errorf("%q: %d days, want %d", validity, got, days)
		}
	}
}

// What openssl writes about revoked certificates is read: reasons with what
// belongs to them.
func TestCRL_ReasonsOfOpenSSL(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	for i, args := range [][]string{
		{"-crl_hold", "holdInstructionCallIssuer"}, {"-crl_compromise", "20200102030405Z"}, {"-crl_CA_compromise", "20200102030405Z"}, {"-crl_reason", "affiliationChanged"}, {},
	} {
		f.sign(c, request(t, testKeys()["rsa"], nil, "CN=x"))
		f.openssl(append([]string{"ca", "-config", "openssl.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-revoke", "issued/" + ca.SerialText(big.NewInt(int64(0x1000+i))) + ".pem"}, args...)...)
	}
	list := must(x509.ParseRevocationList(must(c.CRL(t.Context()))))
	got := f.numbers(list)
	for n, reason := range map[int64]int{0x1000: 6, 0x1001: 1, 0x1002: 2, 0x1003: 3, 0x1004: 0} {
		if got[n] != reason {
			t.Errorf("%x: reason %d, want %d", n, got[n], reason)
		}
	}
	text := f.openssl("crl", "-in", "crl.pem", "-noout", "-text")
	if strings.Count(text, "Invalidity Date") != 2 || strings.Count(text, "Jan  2 03:04:05 2020 GMT") != 2 {
		t.Errorf("since when keys are lost is missing:\n%s", text)
	}
}

// Requests of browsers of old, as openssl makes them: certificates are kept in
// DER.
func TestSign_SPKAC(t *testing.T) {
	f := newFixture(t, "rsa")
	c := f.open(&process{})
	f.openssl("genrsa", "-out", "browser.key", "2048")
	text := f.openssl("spkac", "-key", "browser.key", "-challenge", "x", "-digest", "sha256") + "CN=of the text\n"
	cert := f.sign(c, ca.Request{SPKAC: text, CommonName: "../alice"})
	if cert.Subject.CommonName != "../alice" {
		t.Errorf("subject %s", cert.Subject)
	}
	f.verify(cert)
	var der, kept bool
	for _, name := range f.files() {
		if strings.HasPrefix(name, "issued/") && strings.HasSuffix(name, ".der") {
			der = f.read(name) == string(cert.Raw)
		}
		kept = kept || strings.HasPrefix(name, "requests/") && strings.HasSuffix(name, ".txt") && f.read(name) == text
	}
	if !der || !kept {
		t.Errorf("kept: certificate %t, request %t in %v", der, kept, f.files())
	}
	if cert := f.sign(c, ca.Request{SPKAC: text}); cert.Subject.CommonName != "of the text" {
		t.Errorf("subject %s", cert.Subject)
	}
	for _, bad := range []string{"", "SPKAC=rubbish", strings.Replace(text, "MII", "MIJ", 1)} {
		if _, err := c.Sign(t.Context(), ca.Request{SPKAC: bad, CommonName: "x"}); !is503(err) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

// Templates are read when they are asked for; one that is not there is none.
func TestTemplates(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	if got := must(c.Templates(t.Context())); len(got) != 4 || got["staff"].(map[string]any)["days"] != int64(200) {
		t.Errorf("templates %v", got)
	}
	f.write("templates.yaml", "")
	if got, err := c.Templates(t.Context()); got != nil || err != nil {
		t.Errorf("an empty file: %v, %v", got, err)
	}
	for _, bad := range []string{"a: [b\n", "- a\n", "text\n"} {
		f.write("templates.yaml", bad)
		if _, err := c.Templates(t.Context()); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, setting := range []string{"elsewhere.yaml", ""} {
		if got, err := f.open(&process{}, setTemplates, setting).Templates(t.Context()); got == nil || len(got) != 0 || err != nil {
			t.Errorf("%q: %v, %v", setting, got, err)
		}
	}
}

func TestOpen_Settings(t *testing.T) {
	for _, wrong := range [][2]string{{setExtras, "maybe"}, {setOCSPSigner, "me"}, {setCRLOverlap, "two"}, {setLeastRSA, "-1"}} {
		v := (&fixture{dir: "/x"}).settings()
		v[wrong[0]] = wrong[1]
		if _, err := ca.Open(Kind{}, ca.Config{Values: v}, ca.Deps{}); !is503(err) || !strings.Contains(err.Error(), wrong[0]) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	for _, missing := range []string{setKey, setCertificate} {
		v := (&fixture{dir: "/x"}).settings()
		delete(v, missing)
		if _, err := ca.Open(Kind{}, ca.Config{Values: v}, ca.Deps{}); !is503(err) || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
