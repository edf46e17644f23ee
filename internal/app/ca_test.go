package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ocsp"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/transfer"
)

// caAnswers sets up a CA without asking.
type caAnswers map[string]string

func (a caAnswers) Option(name string) string { return a[name] }
func (caAnswers) Say(string)                  {}
func (a caAnswers) Ask(option, question, _ string) (string, error) {
	if v := a[option]; v != "" {
		return v, nil
	}
	return "", errors.New("nobody answers " + question)
}

// newCA makes a local CA with the connector "pki" and returns its folder.
func newCA(t *testing.T, in *apptest.Installation) string {
	t.Helper()
	dir := filepath.Join(in.Dir, "pki")
	a := in.Serve().App
	_, err := a.CreateCA(t.Context(), "local", "pki", "", caAnswers{"key": "ecdsa", "keysize": "256", "directory": dir, "days": "700", "dn": "/CN=Staff CA", "crl-days": "20", "crl-overlap": "2", "yes": "y"})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func csrText(t *testing.T, cn string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func issuedIn(t *testing.T, r *apptest.Reply) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(r.Text("detail.certificate")))
	if block == nil {
		t.Fatalf("no certificate: %s", r.Raw)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sendBody is a call with a body of another kind than parameters.
func sendBody(t *testing.T, n *apptest.Node, method, path string, body []byte, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, n.Server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r, err := n.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, data
}

// Everybody may have the list of revoked certificates, the CA's certificate and
// an answer about one certificate.
func TestCA_Published(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	newCA(t, in)
	r, der := sendBody(t, n, "GET", "/certificate/ca/pki.crt", nil)
	root, err := x509.ParseCertificate(der)
	if err != nil || r.Header.Get("Content-Type") != "application/pkix-cert" || root.Subject.CommonName != "Staff CA" {
		t.Fatalf("certificate of the CA: %s, %v", r.Header.Get("Content-Type"), err)
	}
	enrolled := n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "PKI", "request": csrText(t, "alice")})
	cert := issuedIn(t, enrolled)
	list := func() *x509.RevocationList {
		t.Helper()
		r, der := sendBody(t, n, "GET", "/certificate/crl/pki", nil)
		l, err := x509.ParseRevocationList(der)
		if err != nil || r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/pkix-crl" || l.CheckSignatureFrom(root) != nil || !strings.Contains(r.Header.Get("Cache-Control"), "max-age") {
			t.Fatalf("list: %d %v %v", r.StatusCode, r.Header, err)
		}
		again, same := sendBody(t, n, "GET", "/certificate/crl/pki", nil, "If-None-Match", r.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || len(same) != 0 {
			t.Errorf("the same list again: %d, %d bytes", again.StatusCode, len(same))
		}
		return l
	}
	if l := list(); len(l.RevokedCertificateEntries) != 0 {
		t.Errorf("revoked: %v", l.RevokedCertificateEntries)
	}
	q, err := ocsp.CreateRequest(cert, root, nil)
	if err != nil {
		t.Fatal(err)
	}
	status := func(what string, want int, get func() (*http.Response, []byte)) {
		t.Helper()
		r, der := get()
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != "application/ocsp-response" {
			t.Fatalf("%s: %d %s", what, r.StatusCode, der)
		}
		answer, err := ocsp.ParseResponseForCert(der, cert, root)
		if err != nil || answer.Status != want {
			t.Errorf("%s: %v, %v", what, answer, err)
		}
	}
	post := func() (*http.Response, []byte) {
		return sendBody(t, n, "POST", "/certificate/ocsp/pki", q, "Content-Type", "application/ocsp-request")
	}
	status("posted", ocsp.Good, post)
	coded := base64.StdEncoding.EncodeToString(q)
	for what, path := range map[string]string{"escaped": url.QueryEscape(coded), "as it is": coded, "escaped twice": url.QueryEscape(url.QueryEscape(coded))} {
		status(what, ocsp.Good, func() (*http.Response, []byte) { return sendBody(t, n, "GET", "/certificate/ocsp/pki/"+path, nil) })
	}
	n.Must("POST /token/revoke/"+enrolled.Text("detail.serial"), nil)
	if l := list(); len(l.RevokedCertificateEntries) != 1 || l.RevokedCertificateEntries[0].SerialNumber.Cmp(cert.SerialNumber) != 0 {
		t.Errorf("revoked: %v", l.RevokedCertificateEntries)
	}
	status("revoked", ocsp.Revoked, post)

	for path, want := range map[string]int{"/certificate/crl/gone": 404, "/certificate/ca/gone": 404, "/certificate/ocsp/gone/MAA=": 404} {
		if r, _ := sendBody(t, n, "GET", path, nil); r.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, r.StatusCode, want)
		}
	}
	if r, der := sendBody(t, n, "POST", "/certificate/ocsp/pki", []byte("rubbish")); r.StatusCode != 200 || !bytes.Equal(der, []byte{0x30, 3, 10, 1, 1}) {
		t.Errorf("rubbish: %d %x", r.StatusCode, der)
	}
	if r, _ := sendBody(t, n, "POST", "/certificate/ocsp/pki", make([]byte, 1<<20)); r.StatusCode != 400 {
		t.Errorf("a large body: %d", r.StatusCode)
	}
	// slashes in a row in base64 are none of the path's
	raw := append([]byte{0x30, 0x82}, bytes.Repeat([]byte{0xff}, 9)...)
	if r, der := sendBody(t, n, "GET", "/certificate/ocsp/pki/"+base64.StdEncoding.EncodeToString(raw), nil); r.StatusCode != 200 || r.Request.URL.Path == "" || len(der) != 5 {
		t.Errorf("slashes: %d %x", r.StatusCode, der)
	}
}

// Two servers that share database and folder give each certificate a number of
// its own.
func TestCA_TwoServers(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			newCA(t, in)
			nodes := []*apptest.Node{in.Serve(), in.AnotherNode()}
			var mu sync.Mutex
			var wg sync.WaitGroup
			numbers := map[string]bool{}
			for i := range 12 {
				request := csrText(t, fmt.Sprintf("user %d", i))
				as := apptest.As(nodes[i%2].JWT("admin", "", "admin"))
				wg.Go(func() {
					r, err := nodes[i%2].Try("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "pki", "request": request}, as)
					if err != nil || r.Status != 200 {
						t.Errorf("%v %s", err, r.Raw)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					block, _ := pem.Decode([]byte(r.Text("detail.certificate")))
					if c, err := x509.ParseCertificate(block.Bytes); err == nil {
						numbers[c.SerialNumber.String()] = true
					}
				})
			}
			wg.Wait()
			if len(numbers) != 12 {
				t.Errorf("%d numbers for 12 certificates", len(numbers))
			}
		})
	}
}

// A connector that cannot be used is listed with the reason, and never stops
// others; secrets are not shown, and stay secrets.
func TestCA_Connectors(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	newCA(t, in)
	n.Must("POST /caconnector/half", apptest.P{"type": "local", "cakey": "/x", "cakey_password": "very secret", "pin": "4711", "type.pin": "password"})
	data := func() map[string]any {
		t.Helper()
		r := n.Must("GET /caconnector/half", nil)
		if bytes.Contains(r.Raw, []byte("very secret")) || bytes.Contains(r.Raw, []byte("4711")) {
			t.Errorf("secrets are shown: %s", r.Raw)
		}
		if e := r.Text("result.value.0.error"); !strings.Contains(e, "cacert") {
			t.Errorf("reason %q", e)
		}
		d, _ := r.At("result.value.0.data").(map[string]any)
		return d
	}
	if d := data(); d["cakey_password"] != "__CENSORED__" || d["pin"] != "__CENSORED__" || d["cakey"] != "/x" {
		t.Errorf("shown %v", d)
	}
	// what was shown comes back, and nobody unmasks it with another type
	n.Must("POST /caconnector/half", apptest.P{"type": "local", "cakey_password": "__CENSORED__", "pin": "__CENSORED__", "type.pin": "string", "cakey": "/y"})
	data()
	list, err := n.App.Store.CAConnectors(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		for _, o := range d.Options {
			if d.Name == "half" && (o.Key == "pin" || o.Key == "cakey_password") {
				clear, err := n.App.Keys.DecryptPassword(o.Value)
				if err != nil || clear != map[string]string{"pin": "4711", "cakey_password": "very secret"}[o.Key] || o.Type != "password" {
					t.Errorf("%s is stored as %q (%s): %v", o.Key, clear, o.Type, err)
				}
			}
		}
	}
	names := n.Must("GET /system/names/caconnector", nil)
	if got := fmt.Sprint(names.At("result.value")); !strings.Contains(got, "pki") || strings.Contains(got, "half") || strings.Contains(got, "cakey") {
		t.Errorf("offered for enrolment: %s", got)
	}
	if r := n.Admin("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "half", "request": csrText(t, "x")}); r.Status != 400 || r.ErrorCode() != 503 {
		t.Errorf("enrolment with half a connector: %d %s", r.Status, r.Raw)
	}
	issuedIn(t, n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "pki", "request": csrText(t, "x")}))
	for _, p := range []apptest.P{
		{"type": "local", "x": strings.Repeat("x", 2001)}, {"type": "local", strings.Repeat("k", 256): "x"}, {"type": "nothing"}, {"type": "local", "desc.x": "y"},
	} {
		if r := n.Admin("POST /caconnector/other", p); r.Status != 400 || r.ErrorCode() != 905 {
			t.Errorf("%.40v: %d %s", p, r.Status, r.Raw)
		}
	}
	if !slices.Contains([]int{400, 404}, n.Admin("GET /caconnector/specific/nothing", nil).Status) {
		t.Error("options of a type that does not exist")
	}
}

// Connectors move to another installation with their secrets, which are sealed
// there with its own keys.
func TestCA_Transfer(t *testing.T) {
	from, to := apptest.New(t, apptest.Options{}), apptest.New(t, apptest.Options{})
	from.Serve().Must("POST /caconnector/pki", apptest.P{"type": "local", "cakey": "/k", "cacert": "/c", "cakey_password": "very secret", "pin": "4711", "type.pin": "password", "note": "mine", "desc.note": "why"})
	a, b := from.Serve().App, to.Serve().App
	data, err := app.Transfer(a.Config, a.Store, app.Deps{}).Export(t.Context(), []string{"caconnector"}, "")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there already
		if _, err := app.Transfer(b.Config, b.Store, app.Deps{}).Import(t.Context(), data, []string{"caconnector"}, transfer.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	list, err := b.Store.CAConnectors(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	got := map[string]string{}
	for _, o := range list[0].Options {
		if o.Type == "password" {
			if strings.Contains(o.Value, "secret") || strings.Contains(o.Value, "4711") {
				t.Errorf("%s is stored in clear", o.Key)
			}
			if o.Value, err = b.Keys.DecryptPassword(o.Value); err != nil {
				t.Error(err)
			}
			o.Value += " sealed"
		}
		got[o.Key] = o.Value
	}
	if want := (map[string]string{"cakey": "/k", "cacert": "/c", "cakey_password": "very secret sealed", "pin": "4711 sealed", "note": "mine", "name": "pki"}); !maps.Equal(got, want) {
		t.Errorf("arrived: %v, want %v", got, want)
	}
}
