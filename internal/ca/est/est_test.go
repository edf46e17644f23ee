package est

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"edumfa/internal/ca"
	"edumfa/internal/ca/catest"
	"edumfa/internal/field"
)

// server answers as RFC 7030 says.
type server struct {
	t         *testing.T
	authority *catest.Authority

	mu     sync.Mutex
	state  string // what becomes of requests: "", pending, denied, broken
	labels []string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if what == "cacerts" {
		s.send(w, s.authority.Cert)
		return
	}
	if user, password, _ := r.BasicAuth(); user != "ra" || password != "s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.labels = append(s.labels, strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/.well-known/est/"), what))
	if r.Header.Get("Content-Type") != "application/pkcs10" || what != "simpleenroll" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch s.state {
	case "pending":
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusAccepted)
		return
	case "denied":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "not\r\n in the list")
		return
	case "broken":
		_, _ = io.WriteString(w, "MIIB")
		return
	}
	body, _ := io.ReadAll(r.Body)
	der, err := base64.StdEncoding.DecodeString(string(body))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.send(w, s.authority.Cert, s.authority.Issue(s.t, csr.Subject, csr.PublicKey))
}

func (s *server) send(w http.ResponseWriter, list ...*x509.Certificate) {
	var raw []byte
	for _, c := range list {
		raw = append(raw, c.Raw...)
	}
	der, err := pkcs7.DegenerateCertificate(raw)
	if err != nil {
		s.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/pkcs7-mime; smime-type=certs-only")
	text := base64.StdEncoding.EncodeToString(der)
	for len(text) > 64 {
		_, _ = io.WriteString(w, text[:64]+"\r\n")
		text = text[64:]
	}
	_, _ = io.WriteString(w, text)
}

func start(t *testing.T) (*server, ca.Connector) {
	t.Helper()
	s := &server{t: t, authority: catest.NewAuthority(t)}
	files := s.authority.ServerFiles(t)
	h := httptest.NewUnstartedServer(s)
	pair, err := tls.LoadX509KeyPair(filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	h.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	h.StartTLS()
	t.Cleanup(h.Close)
	c, err := Kind().Open(ca.Config{Values: field.Values{
		"url": h.URL, "username": "ra", "password": "s3cret", "labels": "staff, guests", "ssl_ca_cert": filepath.Join(files, "ca.pem"), "timeout": "5",
	}}, ca.Deps{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestSign(t *testing.T) {
	s, c := start(t)
	csr := catest.CSR(t, "alice")
	for _, template := range []string{"", "staff"} {
		issued, err := c.Sign(t.Context(), ca.Request{CSR: csr, Template: template})
		if err != nil {
			t.Fatal(err)
		}
		if issued.Certificate.Subject.CommonName != "alice" || len(issued.Chain) != 1 || !issued.Chain[0].Equal(s.authority.Cert) {
			t.Errorf("issued %+v", issued)
		}
	}
	if len(s.labels) != 2 || s.labels[0] != "" || s.labels[1] != "staff/" {
		t.Errorf("labels %q", s.labels)
	}
}

func TestPending(t *testing.T) {
	s, c := start(t)
	s.state = "pending"
	issued, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice"), Template: "staff"})
	if err != nil || !issued.Pending || issued.RequestID == "" {
		t.Fatalf("issued %+v, error %v", issued, err)
	}
	for _, want := range []struct {
		state string
		is    ca.State
	}{{"pending", ca.Waiting}, {"denied", ca.Denied}, {"", ca.Granted}} {
		s.mu.Lock()
		s.state = want.state
		s.mu.Unlock()
		state, later, err := c.(ca.Pender).Pending(t.Context(), issued.RequestID)
		if err != nil || state != want.is || (later.Certificate != nil) != (want.is == ca.Granted) {
			t.Errorf("state %q: %v %+v, error %v", want.state, state, later, err)
		}
	}
	for _, id := range []string{"", "7", "staff|%%", "staff|AAAA"} {
		if _, _, err := c.(ca.Pender).Pending(t.Context(), id); err == nil {
			t.Errorf("%q is taken for a request", id)
		}
	}
}

func TestSign_Refused(t *testing.T) {
	s, c := start(t)
	s.state = "denied"
	_, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")})
	if refused, ok := errors.AsType[*ca.Refused](err); !ok || refused.Reason != "not in the list" {
		t.Errorf("error %v", err)
	}
	s.mu.Lock()
	s.state = "broken"
	s.mu.Unlock()
	if _, err = c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")}); err == nil {
		t.Error("a broken answer was taken")
	}
}

func TestChainAndHealth(t *testing.T) {
	s, c := start(t)
	chain, err := c.(ca.Chained).Chain(t.Context())
	if err != nil || len(chain) != 1 || !chain[0].Equal(s.authority.Cert) {
		t.Errorf("chain %v, error %v", chain, err)
	}
	if err := c.(ca.Checker).Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Revoke(t.Context(), s.authority.Cert, ca.Unspecified); err == nil {
		t.Error("a protocol without revocation revoked")
	}
}

func FuzzCertificates(f *testing.F) {
	a := catest.NewAuthority(f)
	der, err := pkcs7.DegenerateCertificate(a.Cert.Raw)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(base64.StdEncoding.EncodeToString(der)))
	f.Add([]byte("MIIB"))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := certificates(body)
		if err == nil && len(list) == 0 {
			t.Error("neither certificates nor an error")
		}
	})
}
