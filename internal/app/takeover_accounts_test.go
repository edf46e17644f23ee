package app_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
)

func (x *takeover) users() {
	for _, name := range slices.Sorted(maps.Keys(x.manifest.Users)) {
		u := x.manifest.Users[name]
		wrong := x.Call("POST /auth", apptest.P{"username": name, "password": "not the password"})
		if wrong.Status == 200 {
			x.Errorf("%s: logged in with a wrong password", name)
		}
		if u.Password == nil {
			if r := x.Call("POST /auth", apptest.P{"username": name, "password": ""}); r.Status == 200 {
				x.Errorf("%s: logged in without a password", name)
			}
			continue
		}
		r := x.Call("POST /auth", apptest.P{"username": name, "password": *u.Password})
		if want := u.LoginOK == nil || *u.LoginOK; (r.Status == 200) != want {
			x.Errorf("%s: %d %s, want %v", name, r.Status, r.Raw, want)
		}
	}
}

func (x *takeover) administrators() {
	for _, a := range x.manifest.Admins {
		r := x.Call("POST /auth", apptest.P{"username": a.Username, "password": deref(a.Password)})
		if a.Password == nil {
			if r.Status != 401 {
				x.Errorf("%s without a password: %d %s", a.Username, r.Status, r.Raw)
			}
			continue
		}
		if r.Status != 200 || r.Text("result.value.role") != "admin" {
			x.Errorf("%s: %d %s", a.Username, r.Status, r.Raw)
		}
		if r := x.Call("POST /auth", apptest.P{"username": a.Username, "password": *a.Password + "x"}); r.Status != 401 {
			x.Errorf("%s with a wrong password: %d", a.Username, r.Status)
		}
	}
}

func (x *takeover) apiKeys() {
	if r := x.Call("GET /token/", nil, apptest.As(x.manifest.APIKeys["admin"])); r.Status != 200 {
		x.Errorf("the key of role admin cannot list tokens: %d %s", r.Status, r.Raw)
	}
	if r := x.Call("GET /token/", nil, apptest.As(x.manifest.APIKeys["validate"])); r.Status == 200 {
		x.Error("the key of role validate can list tokens")
	}
	if r := x.Call("POST /validate/check", apptest.P{"serial": "SPASS-1", "pass": "wrong"}, apptest.As(x.manifest.APIKeys["validate"])); r.Status != 200 {
		x.Errorf("the key of role validate cannot validate: %d %s", r.Status, r.Raw)
	}
	if r := x.Call("GET /token/", nil, apptest.As(x.manifest.APIKeys["admin"]+"x")); r.Status == 200 {
		x.Error("a key with a wrong signature can list tokens")
	}
}

func (x *takeover) trustedApplications() {
	for _, j := range x.manifest.TrustedJWT {
		claims := map[string]any{"exp": x.clock.now().Unix() + 600}
		for k, v := range j.Claims {
			claims[k] = v
		}
		signed := rs256(x, filepath.Join(x.dir, j.Key), claims)
		if r := x.Call("GET /token/", nil, apptest.As(signed)); r.Status != 200 {
			x.Errorf("%v: %d %s", j.Claims, r.Status, r.Raw)
		}
		for _, field := range []string{"username", "sub"} {
			if claims[field] != nil {
				claims[field] = "mallory"
			}
		}
		if r := x.Call("GET /token/", nil, apptest.As(rs256(x, filepath.Join(x.dir, j.Key), claims))); r.Status == 200 {
			x.Errorf("%v: speaks for mallory", j.Claims)
		}
	}
}

// rs256 signs claims as another application does.
func rs256(x *takeover, file string, claims map[string]any) string {
	x.Helper()
	fatal := func(err error) {
		x.Helper()
		if err != nil {
			x.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	fatal(err)
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	fatal(err)
	payload, err := json.Marshal(claims)
	fatal(err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, sum[:])
	fatal(err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// Values that the former program encrypted are read.
func (x *takeover) secrets() {
	servers, err := x.App.Store.SMTPServers(x.Context())
	if err != nil {
		x.Fatal(err)
	}
	for _, s := range servers {
		clear, err := x.App.Keys.DecryptPassword(s.Password)
		if want := x.manifest.Secrets["smtpserver "+s.Identifier]; err != nil || clear != want {
			x.Errorf("password of %s: %q, %v, want %q", s.Identifier, clear, err, want)
		}
	}
	snap, err := x.App.Snapshots.Current(x.Context())
	if err != nil {
		x.Fatal(err)
	}
	if got, want := snap.Settings.Text("yubico.secret", ""), x.manifest.Secrets["config yubico.secret"]; got != want {
		x.Errorf("setting yubico.secret: %q, want %q", got, want)
	}
	if len(snap.Policies.All()) != x.manifest.Counts["policy"] {
		x.Errorf("%d policies, want %d", len(snap.Policies.All()), x.manifest.Counts["policy"])
	}
	for _, name := range snap.Realms.ResolverNames() {
		if i, _ := snap.Realms.Instance(name); i.Broken != nil {
			x.Errorf("resolver %s: %v", name, i.Broken)
		}
	}
}

// Every row that the former program signed still fits its signature, and so do
// the rows that are added behind them.
func (x *takeover) auditRows() {
	for range 2 {
		n := 0
		verifier := x.App.Signer.Verifier(false)
		err := x.App.Store.EachAudit(x.Context(), audit.Filter{}, func(r audit.Row) error {
			n++
			if r.Signature == nil {
				x.Errorf("row %d has no signature", r.ID)
			} else if !verifier.Verify([]byte(audit.SignedText(r)), *r.Signature) {
				x.Errorf("row %d: the signature does not fit %s", r.ID, audit.SignedText(r))
			}
			return nil
		})
		if err != nil || n < x.manifest.Counts["mfa_audit"] {
			x.Fatalf("%d rows, %v", n, err)
		}
		x.Call("POST /auth", apptest.P{"username": "admin", "password": "wrong ✓"})
	}
}
