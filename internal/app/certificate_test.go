package app_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/task"
	"edumfa/test/need"
	"edumfa/test/server/caworker"
)

// certAnswers make a CA without asking anybody.
type certAnswers map[string]string

func (a certAnswers) Ask(option, _, usual string) (string, error) {
	if v, ok := a[option]; ok {
		return v, nil
	}
	return usual, nil
}
func (a certAnswers) Option(name string) string { return a[name] }
func (a certAnswers) Say(string)                {}

// localCA makes a CA in the installation's folder and its connector.
func localCA(t *testing.T, n *apptest.Node, dir, name string) {
	t.Helper()
	if _, err := n.App.CreateCA(t.Context(), "local", name, "", certAnswers{"directory": filepath.Join(dir, name), "key": "ecdsa", "yes": "y"}); err != nil {
		t.Fatal(err)
	}
	n.App.Snapshots.Invalidate()
}

func certificateRequest(t *testing.T, cn string) string {
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

func x509Of(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("no certificate: %q", text)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Many enrolments at once, over two servers with one CA, give each token a
// certificate of its own, and OpenSSL verifies them all.
func TestCertificate_Parallel(t *testing.T) {
	openssl := need.Program(t, "openssl", "openssl")
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			a := in.Serve()
			localCA(t, a, in.Dir, "staff")
			nodes := []*apptest.Node{a, in.AnotherNode()}
			const many = 32
			replies, requests := make([]*apptest.Reply, many), make([]string, many)
			for i := range requests {
				requests[i] = certificateRequest(t, "alice")
			}
			var wait sync.WaitGroup
			for i := range many {
				wait.Go(func() {
					replies[i] = nodes[i%2].Admin("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "staff", "request": requests[i]})
				})
			}
			wait.Wait()
			serials, tokens := map[string]bool{}, map[string]bool{}
			dir := t.TempDir()
			args := []string{"verify", "-CAfile", filepath.Join(in.Dir, "staff", "cacert.pem")}
			for i, r := range replies {
				if r.Status != http.StatusOK {
					t.Fatalf("%s", r.Raw)
				}
				text := r.Text("detail.certificate")
				serials[x509Of(t, text).SerialNumber.String()], tokens[r.Text("detail.serial")] = true, true
				file := filepath.Join(dir, r.Text("detail.serial"))
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, file)
				block, _ := pem.Decode([]byte(requests[i]))
				csr, err := x509.ParseCertificateRequest(block.Bytes)
				if err != nil || !x509Of(t, text).PublicKey.(*ecdsa.PublicKey).Equal(csr.PublicKey) {
					t.Errorf("certificate %d is for another key: %v", i, err)
				}
			}
			if len(serials) != many || len(tokens) != many {
				t.Errorf("%d serial numbers, %d tokens", len(serials), len(tokens))
			}
			if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
				t.Errorf("openssl: %s", out)
			}
		})
	}
}

// msWorker makes a connector for a worker of a Microsoft CA.
func msWorker(t *testing.T, n *apptest.Node) *caworker.Worker {
	t.Helper()
	w := caworker.Start(t, nil)
	n.Must("POST /caconnector/ms", apptest.P{"type": "microsoft", "hostname": w.Host, "port": w.Port, "ca": `dc\Staff`, "http_proxy": "0"})
	return w
}

// A worker that hangs makes no list wait without end, and decides nothing.
func TestCertificate_PendingWithAHangingWorker(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	n := in.Serve()
	w := msWorker(t, n)
	w.Answer(caworker.Pending, "")
	for range 20 {
		n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "ms", "template": "Badge", "request": certificateRequest(t, "alice")})
	}
	w.Hang()
	began := time.Now()
	r := n.Admin("GET /token/", apptest.P{"rollout_state": "pending", "pagesize": "50"})
	if took := time.Since(began); took > 10*time.Second || r.At("result.value.count") != 20.0 {
		t.Errorf("%v after %v", r.At("result.value.count"), took)
	}
	w.Resume()
}

func TestCertificate_PendingAtTheWorker(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	a, b := in.Serve(), in.AnotherNode()
	w := msWorker(t, a)
	w.Answer(caworker.Pending, "")
	list := func(n *apptest.Node, serial, path string) any {
		return n.Admin("GET /token/", apptest.P{"serial": serial}).At("result.value.tokens.0." + path)
	}
	enrol := func() string {
		return a.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "ms", "template": "Badge", "request": certificateRequest(t, "alice")}).Text("detail.serial")
	}
	granted, denied, revoked := enrol(), enrol(), enrol()
	if s := list(b, granted, "rollout_state"); s != "pending" {
		t.Errorf("%v", s)
	}
	w.Decide(41, caworker.Issued)
	w.Decide(42, caworker.Denied)
	if s := list(b, granted, "rollout_state"); s != "enrolled" {
		t.Errorf("%v", s)
	}
	if c := x509Of(t, list(a, granted, "info.certificate").(string)); c.CheckSignatureFrom(w.Cert) != nil {
		t.Error("not the worker's certificate")
	}
	if s := list(b, denied, "rollout_state"); s != "denied" {
		t.Errorf("%v", s)
	}
	// revoked before the authority decided: what it issues is taken back
	a.Must("POST /token/revoke/"+revoked, nil)
	w.Decide(43, caworker.Issued)
	list(b, revoked, "rollout_state")
	a.Must("POST /token/revoke/"+granted, apptest.P{"reason": "keyCompromise"})
	if got := w.Revoked(); !slices.Equal(got, []string{"2b reason 5", "29 reason 1"}) {
		t.Errorf("%v", got)
	}
	if r := a.Admin("POST /token/revoke/"+denied, apptest.P{"reason": "boredom"}); r.ErrorCode() != 905 {
		t.Errorf("%s", r.Raw)
	}
}

// A refusal leaves nothing behind, and neither does a worker that is away.
func TestCertificate_RefusedLeavesNothing(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			n := apptest.New(t, apptest.Options{Engine: e}).Serve()
			w := msWorker(t, n)
			w.Answer(caworker.Denied, "Denied by Policy Module")
			p := apptest.P{"type": "certificate", "user": "alice", "ca": "ms", "template": "Badge", "genkey": "1", "pin": "word"}
			if r := n.Admin("POST /token/init", p); r.ErrorCode() != 504 {
				t.Errorf("%s", r.Raw)
			}
			w.Stop()
			if r := n.Admin("POST /token/init", p); r.ErrorCode() != 503 {
				t.Errorf("%s", r.Raw)
			}
			if c := n.Admin("GET /token/", nil).At("result.value.count"); c != 0.0 {
				t.Errorf("%v tokens", c)
			}
		})
	}
}

// The PIN of a certificate token can always be read, whoever sets it, and opens
// the file with the private key.
func TestCertificate_PIN(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	n := in.Serve()
	localCA(t, n, in.Dir, "staff")
	serial := n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "staff", "genkey": "1", "pin": "first"}).Text("detail.serial")
	opens := func(pin string) bool {
		t.Helper()
		openssl := need.Program(t, "openssl", "openssl")
		text, _ := n.Admin("GET /token/", apptest.P{"serial": serial}).At("result.value.tokens.0.info.pkcs12").(string)
		file, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(openssl, "pkcs12", "-nodes", "-passin", "pass:"+pin)
		cmd.Stdin = bytes.NewReader(file)
		return cmd.Run() == nil
	}
	if !opens("first") {
		t.Error("the PIN of the enrolment does not open it")
	}
	n.Must("POST /token/setpin/"+serial, apptest.P{"otppin": "second"})
	if opens("first") || !opens("second") {
		t.Error("the new PIN does not count")
	}
	n.Must("POST /token/unassign", apptest.P{"serial": serial})
	if _, has := n.Admin("GET /token/", apptest.P{"serial": serial}).At("result.value.tokens.0.info").(map[string]any)["pkcs12"]; has {
		t.Error("without a PIN the key is handed out")
	}
}

// With the policy, a private key is handed out once: here with the enrolment, or
// with the list of the token when the authority took its time.
func TestCertificate_KeyHandedOutOnce(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	w := msWorker(t, n)
	n.Must("POST /policy/once", apptest.P{"scope": "enrollment", "action": "certificate_discard_privatekey", "realm": "realm1", "active": "true"})
	p := apptest.P{"type": "certificate", "user": "alice", "ca": "ms", "template": "Badge", "genkey": "1", "pin": "word"}
	info := func(p apptest.P) map[string]any {
		return n.Admin("GET /token/", p).At("result.value.tokens.0.info").(map[string]any)
	}
	r := n.Must("POST /token/init", p)
	if r.Text("detail.pkcs12") == "" {
		t.Error("not handed out with the enrolment")
	}
	if i := info(apptest.P{"serial": r.Text("detail.serial")}); i["pkcs12"] != nil || i["privatekey"] != nil {
		t.Errorf("handed out twice: %v", i)
	}
	n.Must("DELETE /token/"+r.Text("detail.serial"), nil)
	w.Answer(caworker.Pending, "")
	serial := n.Must("POST /token/init", p).Text("detail.serial")
	w.Decide(42, caworker.Issued)
	if i := info(apptest.P{"user": "alice"}); i["pkcs12"] == nil {
		t.Errorf("not shown in the list of the user: %v", i)
	}
	if i := info(apptest.P{"serial": serial}); i["pkcs12"] == nil {
		t.Errorf("not handed out: %v", i)
	}
	if i := info(apptest.P{"serial": serial}); i["pkcs12"] != nil || i["privatekey"] != nil {
		t.Errorf("handed out twice: %v", i)
	}
}

// spkacOf is what the element keygen made.
func spkacOf(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := asn1.Marshal(struct {
		Key       asn1.RawValue
		Challenge string `asn1:"ia5"`
	}{asn1.RawValue{FullBytes: spki}, "x"})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(inner)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(struct {
		Inner     asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: inner}, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// The pages of browser requests obey policies, enrol for their caller alone, and
// write nothing into the page that a browser would run.
func TestCertificate_BrowserPages(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	n := in.Serve()
	localCA(t, n, in.Dir, "staff")
	alice := n.JWT("alice", "realm1", "user")
	post := func(path string, v url.Values) (int, string) {
		t.Helper()
		resp, err := http.PostForm(n.Server.URL+path, v)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var b bytes.Buffer
		if _, err := b.ReadFrom(resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, b.String()
	}
	if code, page := post("/certificate", url.Values{"authtoken": {alice}, "ca": {`"><script>alert(1)</script>`}}); code != 200 || strings.Contains(page, "<script") {
		t.Errorf("%d: %s", code, page)
	}
	code, page := post("/certificate/enroll", url.Values{"authtoken": {alice}, "ca": {"staff"}, "requestkey": {spkacOf(t)}, "user": {"bob"}, "serial": {"MINE1"}, "certificate_ca_connector": {"x"}})
	if code != 200 || !strings.Contains(page, "BEGIN CERTIFICATE") {
		t.Fatalf("%d: %s", code, page)
	}
	row := n.Admin("GET /token/", nil)
	if row.At("result.value.count") != 1.0 || row.At("result.value.tokens.0.username") != "alice" || row.At("result.value.tokens.0.serial") == "MINE1" {
		t.Errorf("%s", row.Raw)
	}
	cert := x509Of(t, row.Text("result.value.tokens.0.info.certificate"))
	if s := cert.Subject; s.CommonName != "alice" || !slices.Equal(s.Organization, []string{"realm1"}) {
		t.Errorf("%s", s)
	}
	n.Must("POST /policy/hotp_only", apptest.P{"scope": "user", "action": "enrollHOTP", "realm": "realm1", "active": "true"})
	if code, page := post("/certificate/enroll", url.Values{"authtoken": {alice}, "ca": {"staff"}, "requestkey": {spkacOf(t)}}); code != 403 {
		t.Errorf("against the policy: %d: %s", code, page)
	}
}

// runTask runs a periodic task at once.
func runTask(t *testing.T, n *apptest.Node, module string, o task.Values) string {
	t.Helper()
	i := slices.IndexFunc(n.App.Tasks.Kinds, func(k task.Kind) bool { return k.Module() == module })
	if i < 0 {
		t.Fatalf("there is no task %s", module)
	}
	report, err := n.App.Tasks.Kinds[i].Run(t.Context(), o)
	if err != nil {
		t.Errorf("%s: %v", module, err)
	}
	return report
}

// A certificate that ends is told about on the days that an event asks for, and
// is renewed by the same request, so that its key stays.
func TestCertificate_Ends(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
			in := apptest.New(t, apptest.Options{Engine: e, Now: c.now})
			n := in.Serve()
			localCA(t, n, in.Dir, "staff")
			n.Must("POST /event", apptest.P{"name": "ends", "event": "certificate_expires", "position": "post", "handlermodule": "Token", "action": "set description",
				"conditions": map[string]any{"certificate_days_left": "<15"}, "active": true, "option.description": "ends soon"})
			r := n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "staff", "request": certificateRequest(t, "alice")})
			serial, before := r.Text("detail.serial"), x509Of(t, r.Text("detail.certificate"))
			description := func() string {
				return n.Admin("GET /token/", apptest.P{"serial": serial}).Text("result.value.tokens.0.description")
			}
			if report := runTask(t, n, "ExpiringCertificates", task.Values{"action": "renew"}); !strings.HasPrefix(report, "0 ") {
				t.Errorf("a year before: %s", report)
			}
			c.add(340 * 24 * time.Hour)
			if runTask(t, n, "ExpiringCertificates", task.Values{"action": "event"}); description() != "" {
				t.Errorf("25 days before: %q", description())
			}
			c.add(12 * 24 * time.Hour)
			if report := runTask(t, n, "ExpiringCertificates", task.Values{"action": "event"}); description() != "ends soon" {
				t.Errorf("13 days before: %q: %s", description(), report)
			}
			runTask(t, n, "ExpiringCertificates", task.Values{"action": "renew", "dry_run": "1"})
			renewed := func() *x509.Certificate {
				return x509Of(t, n.Admin("GET /token/", apptest.P{"serial": serial}).Text("result.value.tokens.0.info.certificate"))
			}
			if !renewed().Equal(before) {
				t.Error("renewed by a dry run")
			}
			runTask(t, n, "ExpiringCertificates", task.Values{"action": "renew"})
			after := renewed()
			if after.Equal(before) || !after.NotAfter.After(before.NotAfter) || !after.PublicKey.(*ecdsa.PublicKey).Equal(before.PublicKey) || after.Subject.String() != before.Subject.String() {
				t.Errorf("%v", after)
			}
			if report := runTask(t, n, "ExpiringCertificates", task.Values{"action": "renew"}); !strings.HasPrefix(report, "0 ") {
				t.Errorf("renewed twice: %s", report)
			}
			if rows := n.Admin("GET /audit/", apptest.P{"action": "TASK*", "serial": serial}); rows.At("result.value.count") != 1.0 {
				t.Errorf("%s", rows.Raw)
			}
		})
	}
}

// The task asks about what is pending, so that nobody has to look at a list.
func TestCertificate_PendingTask(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	w := msWorker(t, n)
	w.Answer(caworker.Pending, "")
	for range 3 {
		n.Must("POST /token/init", apptest.P{"type": "certificate", "user": "alice", "ca": "ms", "template": "Badge", "request": certificateRequest(t, "alice")})
	}
	w.Decide(41, caworker.Issued)
	w.Decide(42, caworker.Denied)
	if report := runTask(t, n, "PendingCertificates", nil); report != "2 of 3 pending certificates decided" {
		t.Error(report)
	}
	if report := runTask(t, n, "PendingCertificates", nil); report != "0 of 1 pending certificates decided" {
		t.Error(report)
	}
}

// Policies as administrators write them: a subject with blanks and braces, and a
// folder with a blank in its name.
func TestCertificate_PoliciesAsWritten(t *testing.T) {
	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
	n := in.Serve()
	localCA(t, n, in.Dir, "staff")
	n.Must("POST /policy/subject", apptest.P{"scope": "enrollment", "realm": "realm1", "active": "true",
		"action": "certificate_subject=/O=Example GmbH/OU={realm}/CN={givenname} {surname}/emailAddress={email}, certificate_require_attestation=verify, certificate_attestation_touch_policy=always cached"})
	makerCert, makerKey := caworker.Authority(t, "Key Maker")
	folder := filepath.Join(in.Dir, "trusted makers")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "maker.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: makerCert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Must("POST /policy/folder", apptest.P{"scope": "admin", "realm": "", "active": "true", "action": "*, certificate_trusted_Attestation_CA_path=" + folder})
	request := certificateRequest(t, "administrator")
	block, _ := pem.Decode([]byte(request))
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	attest := func(touch byte) string {
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "YubiKey PIV Attestation 9a"},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 41482, 3, 8}, Value: []byte{2, touch}}}}, makerCert, csr.PublicKey, makerKey)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	p := apptest.P{"type": "certificate", "user": "alice", "ca": "staff", "request": request}
	if r := n.Admin("POST /token/init", p); r.ErrorCode() != 303 {
		t.Errorf("without an attestation: %s", r.Raw)
	}
	p["attestation"] = attest(1)
	if r := n.Admin("POST /token/init", p); r.ErrorCode() != 303 {
		t.Errorf("a key that asks for no touch: %s", r.Raw)
	}
	p["attestation"] = attest(3)
	r := n.Must("POST /token/init", p)
	s := x509Of(t, r.Text("detail.certificate")).Subject
	if !slices.Equal(s.Organization, []string{"Example GmbH"}) || !slices.Equal(s.OrganizationalUnit, []string{"realm1"}) || !strings.HasPrefix(s.CommonName, "Alice ") {
		t.Errorf("%s", s)
	}
	info, _ := n.Admin("GET /token/", apptest.P{"serial": r.Text("detail.serial")}).At("result.value.tokens.0.info").(map[string]any)
	if info["attestation_touch_policy"] != "cached" || info["attestation_pin_policy"] != "once" {
		t.Errorf("%v", info)
	}
}
