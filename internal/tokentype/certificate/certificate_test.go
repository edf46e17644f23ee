package certificate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/mfaerr"
	"edumfa/internal/resolver"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/typetest"
	"edumfa/test/need"
)

// authority is a connector in memory.
type authority struct {
	t       testing.TB
	key     crypto.Signer
	cert    *x509.Certificate
	answer  string // "", pending, refused, away
	state   ca.State
	asked   []ca.Request
	revoked []string
	csr     *x509.CertificateRequest
	forKey  crypto.PublicKey // instead of the request's
}

func newAuthority(t testing.TB) *authority {
	key := ecKey(t)
	a := &authority{t: t, key: key}
	a.cert = issue(t, nil, key, &x509.Certificate{RawSubject: name(t, "CN", "Authority"), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, key.Public())
	return a
}

func (a *authority) Sign(_ context.Context, r ca.Request) (ca.Issued, error) {
	a.asked = append(a.asked, r)
	switch a.answer {
	case "refused":
		return ca.Issued{}, &ca.Refused{Reason: "Denied by Policy Module"}
	case "away":
		return ca.Issued{}, errors.New("dial tcp: connection refused")
	case "pending":
		a.csr = r.CSR
		return ca.Issued{Pending: true, RequestID: "41"}, nil
	}
	return ca.Issued{Certificate: a.issue(r)}, nil
}

func (a *authority) issue(r ca.Request) *x509.Certificate {
	template := &x509.Certificate{RawSubject: r.Subject, KeyUsage: x509.KeyUsageDigitalSignature}
	var key crypto.PublicKey
	if r.CSR != nil {
		key = r.CSR.PublicKey
		if template.RawSubject == nil {
			template.RawSubject = r.CSR.RawSubject
		}
	} else {
		s, err := ca.ParseSPKAC(r.SPKAC)
		if err != nil {
			a.t.Fatal(err)
		}
		key, template.RawSubject = s.PublicKey, name(a.t, "CN", r.CommonName)
	}
	if a.forKey != nil {
		key = a.forKey
	}
	return issue(a.t, a.cert, a.key, template, key)
}

func (a *authority) Pending(context.Context, string) (ca.State, ca.Issued, error) {
	if a.state == ca.Granted {
		return ca.Granted, ca.Issued{Certificate: a.issue(ca.Request{CSR: a.csr})}, nil
	}
	return a.state, ca.Issued{}, nil
}

func (a *authority) Revoke(_ context.Context, c *x509.Certificate, reason ca.Reason) error {
	serial := ca.SerialText(c.SerialNumber)
	if slices.ContainsFunc(a.revoked, func(s string) bool { return strings.HasPrefix(s, serial) }) {
		return ca.ErrRevoked
	}
	a.revoked = append(a.revoked, serial+" "+string('0'+rune(reason)))
	return nil
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// name is a subject of attributes and values.
func name(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b []byte
	var err error
	list := make([]string, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, "/"+pairs[i]+"="+pairs[i+1])
	}
	parts, err := parseSubject(strings.Join(list, ""))
	if err != nil {
		t.Fatal(err)
	}
	e := &tokentype.Env{}
	var attributes = make([]attributeValue, 0, len(parts))
	for _, p := range parts {
		attributes = append(attributes, attribute(p.name, p.fill(e, nil)))
	}
	if b, err = marshal(attributes); err != nil {
		t.Fatal(err)
	}
	return b
}

var theTime = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// issue signs a certificate; without a parent by itself.
func issue(t testing.TB, parent *x509.Certificate, signer crypto.Signer, c *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = serial
	if c.NotBefore.IsZero() {
		c.NotBefore, c.NotAfter = theTime.Add(-time.Hour), theTime.AddDate(1, 0, 0)
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pemOf(list ...*x509.Certificate) string {
	var b bytes.Buffer
	for _, c := range list {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

func request(t testing.TB, key crypto.Signer, subject []byte) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{RawSubject: subject}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// rules are policies, by action.
type rules map[string]string

func (r rules) Text(_, action string) (string, bool, error) { v, ok := r[action]; return v, ok, nil }
func (r rules) Word(_, action string) (string, bool, error) { return r.Text("", action) }
func (r rules) On(_, action string) (bool, error)           { _, ok := r[action]; return ok, nil }
func (r rules) Words(_, action string) ([]string, error)    { return strings.Fields(r[action]), nil }
func (r rules) Values(_, action string) ([]string, error) {
	if v, ok := r[action]; ok {
		return []string{v}, nil
	}
	return nil, nil
}

// keys are typetest's with PINs that can be read.
type keys struct{ typetest.Keys }

func (keys) OpenPIN(stored string) (string, error) {
	pin, ok := strings.CutPrefix(stored, "@@")
	if !ok {
		return "", errors.New("hashed")
	}
	return pin, nil
}

// fixture is one enrolment.
type fixture struct {
	t     *testing.T
	ca    *authority
	rules rules
	env   *tokentype.Env
	token *token.Token
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, ca: newAuthority(t), rules: rules{}, token: typetest.Token("certificate", "", 6, nil)}
	f.env = typetest.Env(theTime, nil, nil)
	f.env.Keys, f.env.Rules, f.env.Caller = keys{}, f.rules, f.rules
	f.env.OwnerLogin, f.env.OwnerRealm = "alice", "realm1"
	f.env.Owner = func(context.Context, *token.Token) (resolver.Attributes, error) {
		return resolver.Attributes{"email": "alice@example.org", "givenname": "Alice, CN=root/OU=x"}, nil
	}
	f.env.CA = func(name string) (ca.Connector, string, error) {
		if strings.EqualFold(name, "staff") {
			return f.ca, "Staff", nil
		}
		return nil, "", mfaerr.NewRequest(mfaerr.CodeCA, "There is no CA connector with the name '%s'.", name)
	}
	return f
}

// enrol does what the enrolment service does.
func (f *fixture) enrol(p typetest.Params) (map[string]any, error) {
	f.t.Helper()
	out, err := Type{}.Enroll(f.t.Context(), f.env, f.token, p)
	if err != nil || out.Outside == nil {
		return out.Detail, err
	}
	return out.Outside.Ask(f.t.Context(), f.token)
}

func (f *fixture) must(p typetest.Params) map[string]any {
	f.t.Helper()
	d, err := f.enrol(p)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func code(err error) int {
	if e, is := errors.AsType[*mfaerr.Error](err); is {
		return e.Code
	}
	return 0
}

func TestEnroll_Request(t *testing.T) {
	f, key := newFixture(t), ecKey(t)
	d := f.must(typetest.Params{"request": request(t, key, name(t, "O", "Example", "CN", "alice")), "ca": "staff", "template": "badge"})
	cert, err := ownCertificate(f.token)
	if err != nil || cert.CheckSignatureFrom(f.ca.cert) != nil || !key.PublicKey.Equal(cert.PublicKey) || cert.Subject.String() != "CN=alice,O=Example" {
		t.Errorf("%v: %v", err, cert)
	}
	if d["certificate"] != f.token.InfoText(infoCertificate) || d["rollout_state"] != "" || f.token.InfoText(infoCA) != "Staff" || f.ca.asked[0].Template != "badge" {
		t.Errorf("%v, %v", d, f.token.Info)
	}
	if _, has := d["pkcs12"]; has {
		t.Error("a PKCS#12 file without a private key")
	}
}

func TestEnroll_Refuses(t *testing.T) {
	key := ecKey(t)
	good := request(t, key, name(t, "CN", "alice"))
	der, _ := pem.Decode([]byte(good))
	broken := slices.Clone(der.Bytes)
	broken[len(broken)-1] ^= 1
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	self := issue(t, nil, key, &x509.Certificate{RawSubject: name(t, "CN", "alice")}, key.Public())
	other := newAuthority(t)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		params typetest.Params
		rules  rules
		want   int
	}{
		{"nothing to enrol", typetest.Params{"ca": "staff"}, nil, mfaerr.CodeParameter},
		{"no connector is named", typetest.Params{"request": good}, nil, mfaerr.CodeParameter},
		{"no such connector", typetest.Params{"request": good, "ca": "gone"}, nil, mfaerr.CodeCA},
		{"a policy names none that is there", typetest.Params{"request": good, "ca": "staff"}, rules{actConnector: "gone"}, mfaerr.CodeCA},
		{"no PEM", typetest.Params{"request": "MIIB", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"no request inside", typetest.Params{"request": "-----BEGIN CERTIFICATE REQUEST-----\nbm8=\n-----END CERTIFICATE REQUEST-----\n", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"something behind the request", typetest.Params{"request": good + "x", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"too large", typetest.Params{"request": strings.Repeat("x", maxText+1), "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"a signature that does not fit", typetest.Params{"request": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: broken})), "ca": "staff"}, nil, codeGeneral},
		{"a weak curve", typetest.Params{"request": request(t, p224, name(t, "CN", "alice")), "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"SPKAC without its sign", typetest.Params{"request": "SPKAC=MA==\nCN=alice\n", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"a bad SPKAC", typetest.Params{"request": "SPKAC=MA==\nCN=alice\n", "spkac": "1", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"a key too small", typetest.Params{"genkey": "1", "keysize": "512", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"a key that takes an hour", typetest.Params{"genkey": "1", "keysize": "65536", "ca": "staff"}, nil, mfaerr.CodeParameter},
		{"a key smaller than policies want", typetest.Params{"genkey": "1", "keysize": "2048", "ca": "staff"}, rules{actMinRSA: "3072"}, mfaerr.CodeParameter},
		{"no certificate", typetest.Params{"certificate": "no certificate at all"}, nil, mfaerr.CodeParameter},
		{"a private key among the certificates", typetest.Params{"certificate": pemOf(self) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))}, nil, mfaerr.CodeParameter},
		{"a chain that does not fit", typetest.Params{"certificate": pemOf(self, other.cert)}, nil, mfaerr.CodeParameter},
		{"an attestation that is none", typetest.Params{"request": good, "ca": "staff", "attestation": "not PEM"}, nil, mfaerr.CodeParameter},
		{"a subject without a common name", typetest.Params{"request": good, "ca": "staff"}, rules{actSubject: "/O=Example"}, mfaerr.CodePolicy},
		{"a subject that cannot be read", typetest.Params{"request": good, "ca": "staff"}, rules{actSubject: "CN={user}"}, mfaerr.CodePolicy},
		{"a size that is none", typetest.Params{"request": good, "ca": "staff"}, rules{actMinRSA: "many"}, mfaerr.CodePolicy},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			for k, v := range c.rules {
				f.rules[k] = v
			}
			if d, err := f.enrol(c.params); code(err) != c.want {
				t.Errorf("%v, %v", d, err)
			}
			if len(f.ca.asked) > 0 {
				t.Error("the authority was asked")
			}
		})
	}
}

func TestEnroll_AuthoritySaysNo(t *testing.T) {
	for answer, want := range map[string]int{"refused": codeRefused, "away": mfaerr.CodeCA} {
		f := newFixture(t)
		f.ca.answer = answer
		_, err := f.enrol(typetest.Params{"request": request(t, ecKey(t), name(t, "CN", "alice")), "ca": "staff"})
		if code(err) != want {
			t.Errorf("%s: %v", answer, err)
		}
		if e, _ := errors.AsType[*mfaerr.Error](err); answer == "refused" && e.Public != "Denied by Policy Module" {
			t.Error(e.Public)
		}
	}
}

func TestEnroll_NobodyToNameInARequest(t *testing.T) {
	f := newFixture(t)
	f.env.OwnerLogin = ""
	if _, err := f.enrol(typetest.Params{"genkey": "1", "ca": "staff"}); code(err) != mfaerr.CodeParameter {
		t.Error(err)
	}
}

// The subject that policies prescribe counts, whatever a request says, and
// attributes of users cannot become attributes of names.
func TestEnroll_Subject(t *testing.T) {
	for _, c := range []struct {
		name   string
		params typetest.Params
		rules  rules
		want   string
	}{
		{"of a generated key", typetest.Params{"genkey": "1"}, nil, "CN=alice"},
		{"with components", typetest.Params{"genkey": "1"}, rules{actComponents: "realm email phone"}, "CN=alice,OU=realm1,1.2.840.113549.1.9.1=#0c11616c696365406578616d706c652e6f7267"},
		{"prescribed for a generated key", typetest.Params{"genkey": "1"}, rules{actSubject: "/O=Example GmbH/CN={user}"}, "CN=alice,O=Example GmbH"},
		{"prescribed for a request", typetest.Params{"request": request(t, ecKey(t), name(t, "CN", "administrator"))}, rules{actSubject: "/CN={user}"}, "CN=alice"},
		{"an attribute with slashes and commas", typetest.Params{"genkey": "1"}, rules{actSubject: "/CN={givenname}"}, `CN=Alice\, CN=root/OU=x`},
		{"an attribute that the owner does not have", typetest.Params{"genkey": "1"}, rules{actSubject: "/CN={user}/title={nothing}"}, "CN=alice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			for k, v := range c.rules {
				f.rules[k] = v
			}
			c.params["ca"] = "staff"
			f.must(c.params)
			cert, err := ownCertificate(f.token)
			if err != nil {
				t.Fatal(err)
			}
			have := strings.Split(cert.Subject.String(), ",")
			want := strings.Split(c.want, ",")
			slices.Sort(have)
			slices.Sort(want)
			if !slices.Equal(have, want) {
				t.Error(cert.Subject.String())
			}
		})
	}
}

func openssl(t *testing.T, stdin []byte, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.Command(need.Program(t, "openssl", "openssl"), args...)
	cmd.Stdin = bytes.NewReader(stdin)
	return cmd.CombinedOutput()
}

// OpenSSL verifies what was issued and reads the file with the private key, with
// the PIN and not without.
func TestGeneratedKey_OpenSSL(t *testing.T) {
	for _, protection := range []string{"modern", "legacy"} {
		t.Run(protection, func(t *testing.T) {
			f := newFixture(t)
			f.rules[actPKCS12] = protection
			d := f.must(typetest.Params{"genkey": "1", "ca": "staff", "pin": "Schlüssel 1"})
			dir := t.TempDir()
			for file, text := range map[string]string{"ca": pemOf(f.ca.cert), "cert": f.token.InfoText(infoCertificate)} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if out, err := openssl(t, nil, "verify", "-attime", "1795262400", "-CAfile", filepath.Join(dir, "ca"), filepath.Join(dir, "cert")); err != nil {
				t.Errorf("%s", out)
			}
			file, err := base64.StdEncoding.DecodeString(d["pkcs12"].(string))
			if err != nil {
				t.Fatal(err)
			}
			args := []string{"pkcs12", "-nodes", "-passin", "pass:Schlüssel 1"}
			if protection == "legacy" {
				args = append(args, "-legacy")
			}
			out, err := openssl(t, file, args...)
			if err != nil || !bytes.Contains(out, []byte("PRIVATE KEY")) || bytes.Count(out, []byte("BEGIN CERTIFICATE")) != 1 {
				t.Errorf("%v: %s", err, out)
			}
			if out, err := openssl(t, file, "pkcs12", "-nodes", "-passin", "pass:another"); err == nil {
				t.Errorf("opened with another password: %s", out)
			}
		})
	}
}

// NSS, which browsers and mail programs keep their keys in, imports the file.
func TestGeneratedKey_NSS(t *testing.T) {
	certutil, pk12util := need.Program(t, "certutil", "certutil"), need.Program(t, "certutil", "pk12util")
	f := newFixture(t)
	d := f.must(typetest.Params{"genkey": "1", "ca": "staff", "pin": "word"})
	dir := t.TempDir()
	file, err := base64.StdEncoding.DecodeString(d["pkcs12"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.p12"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
		return string(out)
	}
	run(certutil, "-N", "-d", "sql:"+dir, "--empty-password")
	run(pk12util, "-i", filepath.Join(dir, "a.p12"), "-d", "sql:"+dir, "-W", "word", "-K", "")
	if list := run(certutil, "-K", "-d", "sql:"+dir); !strings.Contains(list, "rsa") {
		t.Error(list)
	}
}

func TestGeneratedKey_IsKeptSealed(t *testing.T) {
	f := newFixture(t)
	d := f.must(typetest.Params{"genkey": "1", "ca": "staff"})
	if _, has := d["pkcs12"]; has {
		t.Error("a private key is handed out without a PIN")
	}
	stored := f.token.Info[infoKey]
	if stored.Type != token.InfoTypePassword || strings.Contains(stored.Value, "PRIVATE KEY") {
		t.Errorf("%+v", stored)
	}
	key, err := privateKey(f.env, f.token)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ownCertificate(f.token)
	if err != nil || !cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
		t.Errorf("the key is not that of the certificate: %v", err)
	}
}

func TestGeneratedKey_HandedOutOnce(t *testing.T) {
	f := newFixture(t)
	f.rules[actDiscard] = "1"
	if d := f.must(typetest.Params{"genkey": "1", "ca": "staff", "pin": "word"}); d["pkcs12"] == nil {
		t.Error("it was not handed out")
	}
	if _, has := f.token.Info[infoKey]; has {
		t.Error("it is kept")
	}
	// without a PIN it could not be handed out yet
	f.must(typetest.Params{"genkey": "1", "ca": "staff"})
	if _, has := f.token.Info[infoKey]; !has {
		t.Error("it is lost")
	}
	f.token.PINHash = "@@word"
	info := map[string]any{}
	env := func() *tokentype.Env { return f.env }
	Type{}.AddInfo(env, f.token, info, func(string) bool { return false })
	forget, err := Type{}.Forget(env, f.token, info)
	if err != nil || info[infoPKCS12] == nil || !slices.Equal(forget, []string{infoKey}) {
		t.Errorf("%v, %v, %v", info, forget, err)
	}
}

func TestAddInfo(t *testing.T) {
	f := newFixture(t)
	f.must(typetest.Params{"genkey": "1", "ca": "staff", "pin": "word"})
	env := func() *tokentype.Env { return f.env }
	for _, c := range []struct {
		name, stored string
		hidden       string
		want         bool
	}{
		{"a readable PIN", "@@word", "", true},
		{"another PIN set since", "@@other", "", true},
		{"a hashed PIN", "$argon2id$", "", false},
		{"an empty PIN", "@@", "", false},
		{"hidden by a policy", "@@word", "pkcs12", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.token.PINHash = c.stored
			info := map[string]any{infoKey: "x", infoRequest: "y"}
			Type{}.ViewInfo(info)
			Type{}.AddInfo(env, f.token, info, func(n string) bool { return n == c.hidden })
			if _, has := info[infoPKCS12]; has != c.want {
				t.Errorf("%v", info)
			}
			if info[infoKey] == "x" || info[infoRequest] != nil {
				t.Errorf("%v", info)
			}
		})
	}
}

func TestSettle(t *testing.T) {
	for _, c := range []struct {
		name    string
		state   ca.State
		changed bool
		want    string
	}{{"waits", ca.Waiting, false, token.StatePending}, {"denied", ca.Denied, true, token.StateDenied}, {"granted", ca.Granted, true, token.StateEnrolled}} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range []typetest.Params{{"genkey": "1", "ca": "staff", "pin": "word"}, {"request": request(t, ecKey(t), name(t, "CN", "alice")), "ca": "staff"}} {
				f := newFixture(t)
				f.ca.answer, f.ca.state = "pending", c.state
				if d := f.must(p); d["rollout_state"] != token.StatePending || d["certificate"] != nil || f.token.InfoText(infoRequestID) != "41" {
					t.Fatalf("%v", d)
				}
				changed, err := Type{}.Settle(t.Context(), f.env, f.token)
				if err != nil || changed != c.changed || f.token.State != c.want || (f.token.InfoText(infoCertificate) != "") != (c.state == ca.Granted) {
					t.Errorf("%v, %v: %+v", changed, err, f.token)
				}
			}
		})
	}
}

// A certificate for another key than was asked for is no certificate of the token.
func TestSettle_AnotherKey(t *testing.T) {
	for _, p := range []typetest.Params{{"genkey": "1", "ca": "staff"}, {"request": request(t, ecKey(t), name(t, "CN", "alice")), "ca": "staff"}} {
		f := newFixture(t)
		f.ca.answer, f.ca.state, f.ca.forKey = "pending", ca.Granted, ecKey(t).Public()
		f.must(p)
		if changed, err := (Type{}).Settle(t.Context(), f.env, f.token); err == nil || changed || f.token.State != token.StatePending {
			t.Errorf("%v, %v", changed, err)
		}
	}
}

// What an authority grants after the token was revoked is taken back at once.
func TestSettle_RevokedMeanwhile(t *testing.T) {
	f := newFixture(t)
	f.ca.answer, f.ca.state = "pending", ca.Granted
	f.must(typetest.Params{"genkey": "1", "ca": "staff"})
	if err := (Type{}).RevokeOutside(t.Context(), f.env, f.token, ca.Unspecified); err != nil {
		t.Errorf("nothing is issued yet: %v", err)
	}
	f.token.Revoked = true
	if _, err := (Type{}).Settle(t.Context(), f.env, f.token); err != nil || len(f.ca.revoked) != 1 {
		t.Errorf("%v, %v", err, f.ca.revoked)
	}
}

func TestRevokeOutside(t *testing.T) {
	f := newFixture(t)
	f.must(typetest.Params{"genkey": "1", "ca": "staff"})
	if err := (Type{}).RevokeOutside(t.Context(), f.env, f.token, ca.KeyCompromise); err != nil || len(f.ca.revoked) != 1 || !strings.HasSuffix(f.ca.revoked[0], " 1") {
		t.Fatalf("%v, %v", err, f.ca.revoked)
	}
	// the authority had done it, and we had not stored it
	if err := (Type{}).RevokeOutside(t.Context(), f.env, f.token, ca.KeyCompromise); err != nil {
		t.Error(err)
	}
	f.token.Revoked = true
	if err := (Type{}).RevokeOutside(t.Context(), f.env, f.token, ca.KeyCompromise); code(err) != mfaerr.CodeCA {
		t.Error(err)
	}
	f.token.Info[infoCA] = token.Info{Value: "gone"}
	if err := (Type{}).RevokeOutside(t.Context(), f.env, f.token, ca.KeyCompromise); code(err) != mfaerr.CodeCA {
		t.Error(err)
	}
	own := newFixture(t)
	key := ecKey(t)
	own.must(typetest.Params{"certificate": pemOf(issue(t, nil, key, &x509.Certificate{RawSubject: name(t, "CN", "alice")}, key.Public()))})
	if err := (Type{}).RevokeOutside(t.Context(), own.env, own.token, ca.Unspecified); err != nil || len(own.ca.revoked) > 0 {
		t.Errorf("a certificate of nobody's connector: %v", err)
	}
}

// An uploaded certificate stays as it is, with its chain.
func TestEnroll_Certificate(t *testing.T) {
	f, key := newFixture(t), ecKey(t)
	text := pemOf(issue(t, f.ca.cert, f.ca.key, &x509.Certificate{RawSubject: name(t, "CN", "carol")}, key.Public()), f.ca.cert)
	if d := f.must(typetest.Params{"certificate": text}); d["certificate"] != text || f.token.InfoText(infoCertificate) != text || f.token.InfoText(infoCA) != "" {
		t.Errorf("%v", d)
	}
}

// Enrolled once more, a token keeps nothing of its former certificate.
func TestEnroll_Again(t *testing.T) {
	f := newFixture(t)
	f.ca.answer = "pending"
	f.must(typetest.Params{"genkey": "1", "ca": "staff", "template": "badge"})
	key := ecKey(t)
	f.must(typetest.Params{"certificate": pemOf(issue(t, nil, key, &x509.Certificate{RawSubject: name(t, "CN", "alice")}, key.Public()))})
	for _, k := range []string{infoCA, infoKey, infoRequestID, infoRequest, infoTemplate} {
		if _, has := f.token.Info[k]; has {
			t.Errorf("%s is left", k)
		}
	}
	if f.token.State != "" {
		t.Error(f.token.State)
	}
}
