package local

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
)

// files lists what is in and beside the folder of the CA.
func (f *fixture) files() []string {
	f.t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Dir(f.dir), func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, strings.TrimPrefix(name, f.dir+"/"))
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// Names of files are made of subjects, and never leave the folders or take the
// place of what is not theirs.
func TestSign_HostileSubjects(t *testing.T) {
	f := newFixture(t, "ecdsa")
	// all in one folder, as "ca create" has it
	c := f.open(&process{}, setRequests, "", setIssued, "", setKey, "ca.key")
	f.write("openssl.cnf", strings.Replace(f.read("openssl.cnf"), "$dir/issued", "$dir", 1))
	f.write("notes.pem", "mine\n")
	first := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=first"))
	keep := []string{"ca.key", "ca.pem", "notes.pem", "1000.pem", "openssl.cnf", "templates.yaml"}
	before := map[string]string{}
	for _, name := range keep {
		before[name] = f.read(name)
	}
	_ = first
	for i, cn := range []string{
		"../../elsewhere", "/etc/passwd", "..", ".", "-out", "--config=x", ".hidden", "ca", "notes", "1000", "crl", "ocsp", "ocspkey", "a/b\\c", "x; rm -rf *", "$HOME`id`", "ü", "👾",
		strings.Repeat("long", 60), "index.txt", "a|b>c<d", "con", " ", "%2e%2e%2f",
	} {
		had := f.files()
		cert := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN="+cn))
		if cert.Subject.CommonName != cn {
			t.Errorf("%q became %q", cn, cert.Subject.CommonName)
		}
		f.verify(cert)
		serial := fmt.Sprintf("%X", 0x1001+i)
		for _, name := range f.files() {
			if slices.Contains(had, name) || name == "leaf.pem" || name == serial+".pem" || name == "serial.old" || name == "index.txt.old" {
				continue
			}
			base := filepath.Base(name)
			if base != name || strings.ContainsAny(base, " /\\;|<>$`*%") || base[0] == '.' || base[0] == '-' || len(base) > 255 || !strings.HasSuffix(base, ".pem") && !strings.HasSuffix(base, ".req") {
				t.Errorf("%q makes the file %q", cn, name)
			}
		}
		for name, text := range before {
			if f.read(name) != text {
				t.Fatalf("%q changes %s", cn, name)
			}
		}
		if f.read(serial+".pem") == "" {
			t.Errorf("%q: no copy by the number", cn)
		}
	}
	for _, cn := range []string{"a\nV\t", "a\tb", "nul\x00", "\x1b[31m", "a\u2028b"} {
		if _, err := c.Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, "CN="+cn)); !is503(err) {
			t.Errorf("%q: %v", cn, err)
		}
	}
	if _, err := parseIndex(f.read("index.txt")); err != nil {
		t.Error(err)
	}
	f.openSSLSigns("at last") // openssl takes the index
}

func is503(err error) bool {
	e, ok := errors.AsType[*mfaerr.Error](err)
	return ok && e.Code == mfaerr.CodeCA && e.Kind == mfaerr.Request
}

// Who enrols the same name again replaces the copy under that name, and the
// older one stays under its number.
func TestSign_SameSubjectAgain(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=Alice Archer", "emailAddress=a@example.org"))
	first := f.read("issued/Alice_Archer_a@example.org.pem")
	f.sign(c, request(t, testKeys()["rsa"], nil, "CN=Alice Archer", "emailAddress=a@example.org"))
	if second := f.read("issued/Alice_Archer_a@example.org.pem"); second == first || second != f.read("issued/1001.pem") || first != f.read("issued/1000.pem") {
		t.Error("the copies are not those of the certificates")
	}
	if !strings.Contains(f.read("requests/Alice_Archer_a@example.org.req"), "CERTIFICATE REQUEST") {
		t.Error("the request is not kept")
	}
	f.write("openssl.cnf", strings.Replace(f.read("openssl.cnf"), "unique_subject = no", "unique_subject = yes", 1))
	if _, err := c.Sign(t.Context(), request(t, testKeys()["rsa"], nil, "CN=Alice Archer", "emailAddress=a@example.org")); !is503(err) {
		t.Errorf("unique_subject: %v", err)
	}
	f.write("index.txt.attr", "unique_subject = no\n")
	f.sign(c, request(t, testKeys()["rsa"], nil, "CN=Alice Archer", "emailAddress=a@example.org"))
}

func TestSign_Refused(t *testing.T) {
	f := newFixture(t, "rsa")
	c := f.open(&process{})
	rsaKey, ecKey := testKeys()["rsa"], testKeys()["ecdsa"]
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	with := func(r ca.Request, change func(*ca.Request)) ca.Request {
		change(&r)
		return r
	}
	broken := request(t, ecKey, nil, "CN=x")
	broken.CSR.Signature[5] ^= 1
	for name, r := range map[string]ca.Request{
		"no common name":        request(t, ecKey, nil, "O=Example"),
		"an empty common name":  request(t, ecKey, nil, "CN="),
		"unknown template":      with(request(t, ecKey, nil, "CN=x"), func(r *ca.Request) { r.Template = "gone" }),
		"template out of range": with(request(t, ecKey, nil, "CN=x"), func(r *ca.Request) { r.Template = "long" }),
		"short key":             request(t, short, nil, "CN=x"),
		"wrong signature":       broken,
		"the name of the CA":    request(t, ecKey, nil, "O=Example", "CN=Test root"),
		"no request":            {},
		"too long":              request(t, ecKey, nil, "CN="+strings.Repeat("x", mostName)),
	} {
		if _, err := c.Sign(t.Context(), r); !is503(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Sign(t.Context(), with(request(t, rsaKey, nil, "CN=x"), func(r *ca.Request) { r.Template = "broken" })); err == nil || is503(err) {
		t.Errorf("a template whose section is not there: %v", err)
	}
	if f.read("serial") != "1000\n" || f.read("index.txt") != "" {
		t.Errorf("a refusal leaves %q, %q", f.read("serial"), f.read("index.txt"))
	}
	for file, content := range map[string]string{"ca.key": "rubbish", "ca.pem": "", "openssl.cnf": "[x", "index.txt": "V\tx", "serial": "zz"} {
		old := f.read(file)
		f.write(file, content)
		if _, err := c.Sign(t.Context(), request(t, ecKey, nil, "CN=x")); err == nil {
			t.Errorf("signed with %s = %q", file, content)
		}
		if err := c.Check(t.Context()); (err == nil) != (file == "serial") {
			t.Errorf("check with %s = %q: %v", file, content, err)
		}
		f.write(file, old)
	}
	if err := os.Rename(filepath.Join(f.dir, "requests"), filepath.Join(f.dir, "away")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sign(t.Context(), request(t, ecKey, nil, "CN=x")); err == nil || f.read("index.txt") != "" {
		t.Errorf("nowhere to keep the request: %v, %q", err, f.read("index.txt"))
	}
}

// What a request wants beyond its template is dropped, or refused, and never
// given: it could ask to be a CA.
func TestSign_MoreThanTheTemplate(t *testing.T) {
	ask := func(r *x509.CertificateRequest) {
		r.DNSNames = []string{"www.example.org"}
		r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}}
	}
	for _, c := range []struct {
		extras, copied string
		change         func(*x509.CertificateRequest)
		more           []string
		dns            int
		refused        bool
	}{
		{extrasDrop, "none", ask, nil, 0, false},
		{extrasDrop, "copy", ask, nil, 1, false},
		{extrasDrop, "copyall", ask, nil, 1, false},
		{extrasRefuse, "copy", ask, nil, 0, true},
		{extrasRefuse, "none", ask, nil, 0, true},
		{extrasRefuse, "none", nil, nil, 0, false},
		{extrasRefuse, "none", nil, []string{"OU=not in the policy"}, 0, true},
		{extrasRefuse, "copy", func(r *x509.CertificateRequest) { r.DNSNames = []string{"www.example.org"} }, nil, 1, false},
	} {
		f := newFixture(t, "ecdsa")
		f.write("openssl.cnf", strings.ReplaceAll(fieldConfig, "EXTRAS", c.copied))
		issued, err := f.open(&process{}, setExtras, c.extras).Sign(t.Context(), request(t, testKeys()["ecdsa"], c.change, append([]string{"CN=x"}, c.more...)...))
		if c.refused {
			if !is503(err) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		if issued.Certificate.IsCA || len(issued.Certificate.DNSNames) != c.dns {
			t.Errorf("%+v: is a CA: %t, names %v", c, issued.Certificate.IsCA, issued.Certificate.DNSNames)
		}
		f.verify(issued.Certificate)
	}
}

// Two servers with one folder and many requests: every number once, all in the
// index, and a list that has what was revoked.
func TestSign_ManyAtOnce(t *testing.T) {
	f := newFixture(t, "ecdsa")
	servers := []*connector{f.open(nobody{}), f.open(nobody{})}
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]*x509.Certificate{}
	for i := range 32 {
		wg.Go(func() {
			c := servers[i%2]
			issued, err := c.Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, fmt.Sprintf("CN=user %d", i)))
			if err != nil {
				t.Error(err)
				return
			}
			if i%4 == 0 {
				if err := servers[(i+1)%2].Revoke(t.Context(), issued.Certificate, ca.Superseded); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.CRL(t.Context()); err != nil {
				t.Error(err)
			}
			mu.Lock()
			got[issued.Certificate.SerialNumber.Text(16)] = issued.Certificate
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(got) != 32 {
		t.Errorf("%d numbers for 32 certificates", len(got))
	}
	x := must(parseIndex(f.read("index.txt")))
	for n, cert := range got {
		if e := x.find(cert.SerialNumber); e == nil || e.subject != "/CN="+cert.Subject.CommonName {
			t.Errorf("%s is not in the index: %v", n, e)
		}
	}
	list := must(x509.ParseRevocationList(must(servers[0].CRL(t.Context()))))
	if len(x.entries) != 32 || len(list.RevokedCertificateEntries) != 8 || f.read("serial") != "1020\n" {
		t.Errorf("%d in the index, %d revoked, next %q", len(x.entries), len(list.RevokedCertificateEntries), f.read("serial"))
	}
	f.openSSLSigns("afterwards")
	f.openssl("crl", "-in", "crl.pem", "-CAfile", "ca.pem", "-noout", "-verify")
}

// TestCrash_Child is no test: TestCrash runs it as the program that dies.
func TestCrash_Child(t *testing.T) {
	dir, step := os.Getenv("CRASH_DIR"), os.Getenv("CRASH_STEP")
	if dir == "" {
		t.Skip("run by TestCrash")
	}
	f := &fixture{t: t, dir: dir, now: must(parseIndexTime(os.Getenv("CRASH_NOW")))}
	c := f.open(&process{})
	c.after = func(reached string) {
		if reached == step {
			os.Exit(42)
		}
	}
	_, _ = c.Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, "CN=dies"))
}

// A program that dies between two steps leaves no certificate that the index does
// not list, no number that is used twice, and no lock.
func TestCrash(t *testing.T) {
	for _, step := range []string{"serial", "index", "files"} {
		t.Run(step, func(t *testing.T) {
			f := newFixture(t, "ecdsa")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrash_Child$")
			cmd.Env = append(os.Environ(), "CRASH_DIR="+f.dir, "CRASH_STEP="+step, "CRASH_NOW="+indexTime(f.now))
			out, err := cmd.CombinedOutput()
			if e, ok := errors.AsType[*exec.ExitError](err); !ok || e.ExitCode() != 42 {
				t.Fatalf("the child did not die: %v\n%s", err, out)
			}
			x := must(parseIndex(f.read("index.txt")))
			for _, name := range f.files() {
				if strings.HasPrefix(name, "issued/") && strings.HasSuffix(name, ".pem") && len(x.entries) == 0 {
					t.Errorf("%s is not in the index", name)
				}
			}
			if want := map[string]int{"serial": 0, "index": 1, "files": 1}[step]; len(x.entries) != want {
				t.Errorf("%d in the index, want %d", len(x.entries), want)
			}
			c := f.open(&process{})
			if next := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=lives")); next.SerialNumber.Int64() != 0x1001 {
				t.Errorf("the next number is %x", next.SerialNumber)
			}
			if _, err := c.CRL(t.Context()); err != nil {
				t.Error(err)
			}
			f.openSSLSigns("goes on")
		})
	}
}

// An openssl that died between signing and listing left a copy: its number is not
// used again.
func TestSerial_NeverTwice(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{})
	f.write("issued/1000.pem", "of an openssl that died")
	f.write("index.txt", "E\t200101000000Z\t\t1001\tunknown\t/CN=old\n")
	if cert := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=x")); cert.SerialNumber.Int64() != 0x1002 {
		t.Errorf("number %x", cert.SerialNumber)
	}
	if err := os.Remove(filepath.Join(f.dir, "serial")); err != nil {
		t.Fatal(err)
	}
	if cert := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=y")); cert.SerialNumber.Int64() != 0x1003 {
		t.Errorf("number %x after the file was lost", cert.SerialNumber)
	}
	f.write("openssl.cnf", strings.Replace(f.read("openssl.cnf"), "serial = $dir/serial", "rand_serial = yes", 1))
	if cert := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=z")); cert.SerialNumber.BitLen() < 100 || cert.SerialNumber.BitLen() > 159 {
		t.Errorf("random number %x", cert.SerialNumber)
	}
}

func TestSign_EncryptedKeys(t *testing.T) {
	f := newFixture(t, "rsa")
	plain := f.read("ca.key")
	for name, args := range map[string][]string{
		"PKCS#8":      {"pkcs8", "-topk8", "-in", "plain.key", "-out", "ca.key", "-passout", "pass:word"},
		"traditional": {"rsa", "-traditional", "-aes256", "-in", "plain.key", "-out", "ca.key", "-passout", "pass:word"},
	} {
		f.write("plain.key", plain)
		f.openssl(args...)
		if !strings.Contains(f.read("ca.key"), "ENCRYPTED") {
			t.Fatalf("%s: the key is not encrypted", name)
		}
		f.verify(f.sign(f.open(&process{}, setPassword, "word"), request(t, testKeys()["ecdsa"], nil, "CN=x")))
		for _, wrong := range []string{"", "wrong"} {
			if _, err := f.open(&process{}, setPassword, wrong).Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, "CN=x")); err == nil || strings.Contains(err.Error(), "word\"") {
				t.Errorf("%s with the password %q: %v", name, wrong, err)
			}
		}
	}
}

func TestPolicy(t *testing.T) {
	f := newFixture(t, "ecdsa")
	for _, c := range []struct {
		rules   string
		subject []string
		want    string // "" is refused
	}{
		{"organizationName = match\ncommonName = supplied", []string{"O=Example", "CN=x"}, "/O=Example/CN=x"},
		{"organizationName = match\ncommonName = supplied", []string{"O=Other", "CN=x"}, ""},
		{"organizationName = match\ncommonName = supplied", []string{"CN=x"}, ""},
		{"commonName = supplied\norganizationalUnitName = optional", []string{"OU=a", "CN=x", "OU=b", "L=dropped"}, "/CN=x/OU=a/OU=b"},
		{"CN = optional\nUID = supplied", []string{"UID=4711"}, "/UID=4711"},
	} {
		f.write("openssl.cnf", strings.Replace(strings.ReplaceAll(fieldConfig, "EXTRAS", "none"), "[ anything ]\ncountryName = optional\norganizationName = optional\ncommonName = supplied\nemailAddress = optional\n", "[ anything ]\n"+c.rules+"\n", 1))
		issued, err := f.open(&process{}).Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, c.subject...))
		if c.want == "" {
			if !is503(err) {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		} else if got := must(parseName(issued.Certificate.RawSubject)).oneLine(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Addresses of the settings come into certificates whose section names none.
func TestSign_Addresses(t *testing.T) {
	f := newFixture(t, "ecdsa")
	c := f.open(&process{}, setCRLAddress, "http://a/crl", setOCSPAddress, "http://a/ocsp", setCAAddress, "http://a/ca")
	cert := f.sign(c, request(t, testKeys()["ecdsa"], nil, "CN=x"))
	if got := fmt.Sprint(cert.CRLDistributionPoints, cert.OCSPServer, cert.IssuingCertificateURL); got != "[http://a/crl] [http://a/ocsp] [http://a/ca]" {
		t.Error(got)
	}
	f.verify(cert)
	r := request(t, testKeys()["ecdsa"], nil, "CN=x", "emailAddress=a@b")
	r.Template = "staff"
	if cert := f.sign(c, r); cert.OCSPServer[0] != "http://ocsp.example.org/" || len(cert.OCSPServer) != 1 {
		t.Errorf("with a section that has its own: %v", cert.OCSPServer)
	}
	if _, err := f.open(&process{}, setCRLAddress, "not an address").Sign(t.Context(), request(t, testKeys()["ecdsa"], nil, "CN=x")); err == nil {
		t.Error("an address with blanks")
	}
}
