package microsoft

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/ca"
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
	"edumfa/test/server/caworker"
)

const theCA = `dc1.example.org\Staff CA`

func connect(t *testing.T, w *caworker.Worker, more field.Values) *worker {
	t.Helper()
	v := field.Values{setHost: w.Host, setPort: w.Port, setCA: theCA, setTLS: "False", setProxy: "0"}
	maps.Copy(v, more)
	c, err := Kind{}.Open(ca.Config{Name: "ms", Values: v}, ca.Deps{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	out := c.(*worker)
	t.Cleanup(func() { _ = out.Close() })
	return out
}

func request(t *testing.T, name string) *x509.CertificateRequest {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func number(t *testing.T, err error) int {
	t.Helper()
	e, is := errors.AsType[*mfaerr.Error](err)
	if !is {
		t.Fatalf("no error for clients: %v", err)
	}
	return e.Code
}

func TestSign(t *testing.T) {
	server := caworker.Start(t, nil)
	w, csr := connect(t, server, nil), request(t, "alice")
	got, err := w.Sign(t.Context(), ca.Request{CSR: csr, Template: "Badge"})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Certificate.CheckSignatureFrom(server.Cert); err != nil || got.Certificate.Subject.CommonName != "alice" || got.RequestID != "41" || got.Pending {
		t.Errorf("%v: %+v", err, got)
	}
	if diff := cmp.Diff([]string{"SubmitCSR template=Badge ca=" + theCA, "GetCertificate id=41"}, server.Calls()); diff != "" {
		t.Error(diff)
	}
}

// A request with another subject than the certificate shall have is not sent:
// the authority would sign what the caller wrote into it.
func TestSign_Subject(t *testing.T) {
	server := caworker.Start(t, nil)
	w, csr := connect(t, server, nil), request(t, "alice")
	if _, err := w.Sign(t.Context(), ca.Request{CSR: csr, Template: "Badge", Subject: csr.RawSubject}); err != nil {
		t.Error(err)
	}
	other := request(t, "administrator")
	var refused *ca.Refused
	if _, err := w.Sign(t.Context(), ca.Request{CSR: other, Template: "Badge", Subject: csr.RawSubject}); !errors.As(err, &refused) {
		t.Error(err)
	}
	if n := len(server.Calls()); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestSign_Refused(t *testing.T) {
	for _, c := range []struct {
		name        string
		disposition int
		message     string
		template    string
		want        string
	}{
		{"denied", caworker.Denied, "Denied by Policy Module", "Badge", "Denied by Policy Module"},
		{"failed", caworker.Failed, "", "Badge", "disposition 1"},
		{"incomplete", caworker.Incomplete, "", "Badge", "disposition 0"},
		{"issued elsewhere is no answer to a new request", caworker.OutOfBand, "", "Badge", "disposition 4"},
		{"the worker misses something", caworker.Issued, "", "", "something is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := caworker.Start(t, nil)
			server.Answer(c.disposition, c.message)
			_, err := connect(t, server, nil).Sign(t.Context(), ca.Request{CSR: request(t, "alice"), Template: c.template})
			var refused *ca.Refused
			if !errors.As(err, &refused) || refused.Reason != c.want {
				t.Error(err)
			}
		})
	}
}

func TestSign_ForAnotherKey(t *testing.T) {
	server := caworker.Start(t, nil)
	server.WrongKey()
	if _, err := connect(t, server, nil).Sign(t.Context(), ca.Request{CSR: request(t, "alice"), Template: "Badge"}); number(t, err) != mfaerr.CodeCA {
		t.Error(err)
	}
}

func TestPending(t *testing.T) {
	server := caworker.Start(t, nil)
	server.Answer(caworker.Pending, "Taken under submission")
	w := connect(t, server, nil)
	got, err := w.Sign(t.Context(), ca.Request{CSR: request(t, "alice"), Template: "Badge"})
	if err != nil || !got.Pending || got.RequestID != "41" || got.Certificate != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		disposition int
		want        ca.State
	}{{caworker.Pending, ca.Waiting}, {caworker.Incomplete, ca.Waiting}, {caworker.Denied, ca.Denied}, {caworker.Issued, ca.Granted}, {caworker.OutOfBand, ca.Granted}} {
		server.Decide(41, c.disposition)
		state, is, err := w.Pending(t.Context(), "41")
		if err != nil || state != c.want || (is.Certificate != nil) != (state == ca.Granted) {
			t.Errorf("disposition %d: %v, %+v, %v", c.disposition, state, is, err)
		}
	}
	if _, _, err := w.Pending(t.Context(), "41; 42"); number(t, err) != mfaerr.CodeCA {
		t.Error(err)
	}
}

func TestRevoke(t *testing.T) {
	server := caworker.Start(t, nil)
	w := connect(t, server, nil)
	got, err := w.Sign(t.Context(), ca.Request{CSR: request(t, "alice"), Template: "Badge"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Revoke(t.Context(), got.Certificate, ca.KeyCompromise); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"29 reason 1"}, server.Revoked()); diff != "" {
		t.Error(diff)
	}
	server.Old()
	if err := w.Revoke(t.Context(), got.Certificate, ca.Unspecified); err != nil {
		t.Errorf("a worker that cannot revoke: %v", err)
	}
}

func TestTemplatesAndChoices(t *testing.T) {
	w := connect(t, caworker.Start(t, nil), nil)
	templates, err := w.Templates(t.Context())
	if diff := cmp.Diff(map[string]any{"Badge": "", "Laptop": ""}, templates); diff != "" || err != nil {
		t.Error(diff, err)
	}
	choices, err := w.Choices(t.Context())
	if diff := cmp.Diff(map[string]any{"available_cas": []any{theCA, `dc2.example.org\Lab CA`}}, choices); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// A worker that hangs costs the time its caller gives it, and after some failures
// none at all; one that comes back is used again.
func TestHangsAndComesBack(t *testing.T) {
	server := caworker.Start(t, nil)
	now := time.Now()
	w := connect(t, server, nil)
	w.conn.breaker = newBreaker(func() time.Time { return now })
	server.Hang()
	for range failures {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := w.Templates(ctx); number(t, err) != mfaerr.CodeCA {
			t.Error(err)
		}
		cancel()
	}
	began := time.Now()
	if _, err := w.Templates(t.Context()); number(t, err) != mfaerr.CodeCA || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	server.Resume()
	now = now.Add(pause)
	if _, err := w.Templates(t.Context()); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestRestarts(t *testing.T) {
	server := caworker.Start(t, nil)
	w := connect(t, server, nil)
	if err := w.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := w.Check(t.Context()); number(t, err) != mfaerr.CodeCA {
		t.Error(err)
	}
	server.Restart()
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("the worker is back: %v", err)
	}
}

func TestGarbage(t *testing.T) {
	server := caworker.Start(t, nil)
	w := connect(t, server, nil)
	for _, b := range [][]byte{{0xff}, {0x0a, 0xff, 0x01}, []byte("<html>")} {
		server.Garbage(b)
		if _, err := w.Sign(t.Context(), ca.Request{CSR: request(t, "alice"), Template: "Badge"}); err == nil {
			t.Errorf("%x is an answer", b)
		}
	}
}

func TestTLS(t *testing.T) {
	root, rootKey := caworker.Authority(t, "Root")
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(name string, usage x509.ExtKeyUsage) []byte {
		c := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{usage}}
		der, err := x509.CreateCertificate(rand.Reader, c, root, key.Public(), rootKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	write := func(name, kind string, der []byte) string {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	clients := x509.NewCertPool()
	clients.AddCert(root)
	server := caworker.Start(t, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf("worker", x509.ExtKeyUsageServerAuth)}, PrivateKey: key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: clients,
	})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", must(x509.MarshalECPrivateKey(key)), []byte("word"), x509.PEMCipherAES256) //nolint:staticcheck // files of the field have it
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "locked"), pem.EncodeToMemory(locked), 0o600); err != nil {
		t.Fatal(err)
	}
	stranger, _ := caworker.Authority(t, "Root")
	good := field.Values{setTLS: "True", setTLSRoot: write("root", "CERTIFICATE", root.Raw), setTLSCert: write("client", "CERTIFICATE", leaf("edumfa", x509.ExtKeyUsageClientAuth)), setTLSKey: write("key", "PRIVATE KEY", der)}
	for _, c := range []struct {
		name string
		with field.Values
		want string // of the error
	}{
		{"right", nil, ""},
		{"key with a password", field.Values{setTLSKey: filepath.Join(dir, "locked"), setPassword: "word"}, ""},
		{"wrong password", field.Values{setTLSKey: filepath.Join(dir, "locked"), setPassword: "sword"}, "Invalid TLS"},
		{"no password", field.Values{setTLSKey: filepath.Join(dir, "locked")}, "Invalid TLS"},
		{"password without need", field.Values{setPassword: "word"}, "Invalid TLS"},
		{"no file", field.Values{setTLSCert: filepath.Join(dir, "gone")}, "Invalid TLS"},
		{"no PEM", field.Values{setTLSRoot: filepath.Join(dir, "locked")}, "Invalid TLS"},
		{"another authority", field.Values{setTLSRoot: write("stranger", "CERTIFICATE", stranger.Raw)}, "cannot be reached"},
		{"no TLS at all", field.Values{setTLS: "False"}, "cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := maps.Clone(good)
			maps.Copy(v, c.with)
			err := connect(t, server, v).Check(t.Context())
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Error(err)
			}
		})
	}
	// a relative name starts in the folder of the installation
	rel := maps.Clone(good)
	rel[setTLSKey] = "key"
	w := connect(t, server, rel)
	w.conn.dir = dir
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOpen_Refuses(t *testing.T) {
	for _, c := range []struct {
		name string
		v    field.Values
	}{
		{"no host", field.Values{setPort: "1"}},
		{"no port", field.Values{setHost: "h"}},
		{"port is no number", field.Values{setHost: "h", setPort: "http"}},
		{"TLS without files", field.Values{setHost: "h", setPort: "1", setTLS: "True", setTLSRoot: "x", setTLSCert: "y"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := (Kind{}).Open(ca.Config{Name: "x", Values: c.v}, ca.Deps{Now: time.Now}); number(t, err) != mfaerr.CodeCA {
				t.Error(err)
			}
		})
	}
}

func TestFields_Secret(t *testing.T) {
	var secrets []string
	for _, f := range (Kind{}).Fields() {
		if f.Secret() {
			secrets = append(secrets, f.Name)
		}
	}
	if !slices.Equal(secrets, []string{setPassword}) {
		t.Error(secrets)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte(message{}.text(1, "csr").text(2, "Badge").number(3, 41)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0x0a, 0x05, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := message(b).read()
		if err != nil && (got.numbers != nil || got.texts != nil) {
			t.Error("an error with a message")
		}
		size := 0
		for _, list := range got.texts {
			for _, s := range list {
				size += len(s)
			}
		}
		if size > len(b) {
			t.Error("more text than was sent")
		}
		_ = got.text(1)
		_, _ = got.status(2)
	})
}
