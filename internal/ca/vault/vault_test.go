package vault_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/x509"

	"edumfa/internal/ca"
	"edumfa/internal/ca/catest"
	"edumfa/internal/ca/vault"
	"edumfa/internal/field"
)

// engine answers as the public documentation of the PKI secrets engine says.
type engine struct {
	t         *testing.T
	authority *catest.Authority

	mu      sync.Mutex
	tokens  map[string]bool
	logins  int
	revoked []string
	sealed  bool
	wrong   bool // answers with a certificate for another key
}

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	if r.Header.Get("X-Vault-Namespace") != "campus" {
		e.refuse(w, http.StatusNotFound, "no handler for route")
		return
	}
	var in map[string]string
	if body, _ := io.ReadAll(r.Body); len(body) > 0 && json.Unmarshal(body, &in) != nil {
		e.refuse(w, http.StatusBadRequest, "cannot parse")
		return
	}
	switch path {
	case "sys/health":
		if e.sealed {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return
	case "auth/approle/login":
		if in["role_id"] != "r" || in["secret_id"] != "s3cret" {
			e.refuse(w, http.StatusBadRequest, "invalid role or secret ID")
			return
		}
		e.logins++
		token := "hvs." + strings.Repeat("x", e.logins)
		e.tokens[token] = true
		e.answer(w, map[string]any{"auth": map[string]any{"client_token": token, "lease_duration": 3600}})
		return
	case "pki/crl":
		_, _ = w.Write(e.authority.CRL(e.t))
		return
	case "pki/ca_chain":
		_, _ = w.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.authority.Cert.Raw}))
		return
	}
	if !e.tokens[r.Header.Get("X-Vault-Token")] {
		e.refuse(w, http.StatusForbidden, "permission denied")
		return
	}
	switch {
	case path == "pki/sign/staff" && r.Method == http.MethodPost:
		block, _ := pem.Decode([]byte(in["csr"]))
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil || in["common_name"] != csr.Subject.CommonName {
			e.refuse(w, http.StatusBadRequest, "csr could not be parsed")
			return
		}
		key := csr.PublicKey
		if e.wrong {
			key = e.authority.Key.Public()
		}
		c := e.authority.Issue(e.t, csr.Subject, key)
		e.answer(w, map[string]any{"data": map[string]any{"certificate": pemOf(c), "issuing_ca": pemOf(e.authority.Cert), "ca_chain": []string{pemOf(e.authority.Cert)}}})
	case strings.HasPrefix(path, "pki/sign/"):
		e.refuse(w, http.StatusBadRequest, "unknown role: "+path[len("pki/sign/"):])
	case path == "pki/roles" && r.URL.Query().Get("list") == "true":
		e.answer(w, map[string]any{"data": map[string]any{"keys": []string{"guests", "staff"}}})
	case path == "pki/revoke":
		e.revoked = append(e.revoked, in["serial_number"])
		e.answer(w, map[string]any{"data": map[string]any{"revocation_time": 1}})
	case path == "pki/crl/rotate":
		e.answer(w, map[string]any{"data": map[string]any{"success": true}})
	default:
		e.refuse(w, http.StatusNotFound, "unsupported path")
	}
}

func (e *engine) answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (e *engine) refuse(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	e.answer(w, map[string]any{"errors": []string{text}})
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func start(t *testing.T, more field.Values) (*engine, ca.Connector) {
	t.Helper()
	e := &engine{t: t, authority: catest.NewAuthority(t), tokens: map[string]bool{"root": true}}
	files := e.authority.ServerFiles(t)
	s := httptest.NewUnstartedServer(e)
	pair, err := tls.LoadX509KeyPair(filepath.Join(files, "cert.pem"), filepath.Join(files, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.StartTLS()
	t.Cleanup(s.Close)
	v := field.Values{"url": s.URL, "role": "staff", "namespace": "campus", "ssl_ca_cert": filepath.Join(files, "ca.pem"), "timeout": "5"}
	for k, x := range more {
		v[k] = x
	}
	c, err := vault.Kind().Open(ca.Config{Name: "v", Values: v}, ca.Deps{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

func TestSign(t *testing.T) {
	for name, login := range map[string]field.Values{
		"with a token":   {"token": "root"},
		"by an AppRole":  {"role_id": "r", "secret_id": "s3cret"},
		"by a template":  {"token": "root", "role": "guests"},
		"another mount ": {"token": "root", "mount": "/pki/"},
	} {
		t.Run(name, func(t *testing.T) {
			e, c := start(t, login)
			csr := catest.CSR(t, "alice")
			issued, err := c.Sign(t.Context(), ca.Request{CSR: csr, Template: "staff"})
			if err != nil {
				t.Fatal(err)
			}
			if issued.Pending || issued.Certificate.Subject.CommonName != "alice" || len(issued.Chain) != 1 {
				t.Errorf("issued %+v", issued)
			}
			if err := issued.Certificate.CheckSignatureFrom(e.authority.Cert); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSign_Refused(t *testing.T) {
	_, c := start(t, field.Values{"token": "root"})
	_, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice"), Template: "../../sys/seal"})
	refused, ok := errors.AsType[*ca.Refused](err)
	if !ok || !strings.Contains(refused.Reason, "unknown role") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Sign(t.Context(), ca.Request{SPKAC: "x"}); err == nil {
		t.Error("a request of a browser was signed")
	}
	if _, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice"), Subject: catest.CSR(t, "bob").RawSubject}); err == nil {
		t.Error("a request with another subject was signed as it is")
	}
	_, other := start(t, field.Values{"token": "stolen"})
	_, err = other.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")})
	if err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "stolen") {
		t.Errorf("error %v", err)
	}
}

func TestSign_CertificateForAnotherKey(t *testing.T) {
	e, c := start(t, field.Values{"token": "root"})
	e.wrong = true
	if _, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")}); err == nil {
		t.Error("a certificate for another key was taken")
	}
}

// TestAppRole_TokenIsRenewed drops the token at the server: the next call logs in
// again, once.
func TestAppRole_TokenIsRenewed(t *testing.T) {
	e, c := start(t, field.Values{"role_id": "r", "secret_id": "s3cret"})
	for range 2 {
		if _, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")}); err != nil {
			t.Fatal(err)
		}
	}
	if e.logins != 1 {
		t.Errorf("%d logins for two requests", e.logins)
	}
	e.mu.Lock()
	clear(e.tokens)
	e.mu.Unlock()
	if _, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")}); err != nil {
		t.Fatal(err)
	}
	if e.logins != 2 {
		t.Errorf("%d logins after the token was dropped", e.logins)
	}
}

func TestRevokeListsAndHealth(t *testing.T) {
	e, c := start(t, field.Values{"token": "root"})
	issued, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Revoke(t.Context(), issued.Certificate, ca.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	if len(e.revoked) != 1 || e.revoked[0] != "10:02" {
		t.Errorf("revoked %v", e.revoked)
	}
	templates, err := c.(ca.Templater).Templates(t.Context())
	if err != nil || len(templates) != 2 {
		t.Errorf("templates %v, error %v", templates, err)
	}
	if crl, err := c.(ca.CRLMaker).CRL(t.Context()); err != nil || len(crl) == 0 {
		t.Errorf("CRL of %d bytes, error %v", len(crl), err)
	}
	if path, err := c.(ca.CRLMaker).MakeCRL(t.Context(), false); err != nil || path == "" {
		t.Errorf("path %q, error %v", path, err)
	}
	if chain, err := c.(ca.Chained).Chain(t.Context()); err != nil || len(chain) != 1 {
		t.Errorf("chain %v, error %v", chain, err)
	}
	if err := c.(ca.Checker).Check(t.Context()); err != nil {
		t.Error(err)
	}
	e.mu.Lock()
	e.sealed = true
	e.mu.Unlock()
	if err := c.(ca.Checker).Check(t.Context()); err == nil {
		t.Error("a sealed server is healthy")
	}
}

func TestOpen_BadSettings(t *testing.T) {
	good := field.Values{"url": "https://vault.example.org:8200", "role": "staff", "token": "t"}
	for name, change := range map[string]field.Values{
		"no address":          {"url": ""},
		"http":                {"url": "http://vault.example.org"},
		"password in address": {"url": "https://a:b@vault.example.org"},
		"no role":             {"role": ""},
		"no login":            {"token": ""},
		"timeout":             {"timeout": "0"},
		"key alone":           {"ssl_client_key": "/nowhere"},
		"no such file":        {"ssl_ca_cert": "/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			v := field.Values{}
			for k, x := range good {
				v[k] = x
			}
			for k, x := range change {
				v[k] = x
			}
			if _, err := vault.Kind().Open(ca.Config{Values: v}, ca.Deps{Now: time.Now}); err == nil {
				t.Error("opened")
			}
		})
	}
}

// TestServerIsGone asks a server that is not there: an error each time, and after
// three of them without asking.
func TestServerIsGone(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := vault.Kind().Open(ca.Config{Values: field.Values{"url": s.URL, "role": "staff", "token": "t"}}, ca.Deps{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		_, err := c.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "alice")})
		if err == nil {
			t.Fatal("signed")
		}
		if open := strings.Contains(err.Error(), "circuit is open"); open != (i >= 3) {
			t.Errorf("try %d: %v", i, err)
		}
	}
}
