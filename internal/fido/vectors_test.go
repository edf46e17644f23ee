package fido

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"
)

// w3c are the vectors of Web Authentication Level 3, section 16.
type w3c struct {
	RPID, Origin, AttestationRoot string
	Registrations                 []struct{ Section, Name, AttestationObject, ClientDataJSON, CredentialID, Challenge, Format string }
	Assertions                    []struct {
		Section, Name, AuthenticatorData, ClientDataJSON, Signature, CredentialID, Challenge, PublicKey, AppID string
	}
}

func load(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unb64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := Decode(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// TestW3CRegistrations registers the keys of the standard. Statements of Android,
// Apple and TPMs hang on the roots of their real makers, which the vectors do
// not: these are keys without attestation.
func TestW3CRegistrations(t *testing.T) {
	var v w3c
	load(t, "w3c.json", &v)
	root, err := x509.ParseCertificate(unhex(t, v.AttestationRoot))
	if err != nil {
		t.Fatal(err)
	}
	makers := map[string]bool{"android-key": true, "apple": true, "tpm": true}
	for _, c := range v.Registrations {
		t.Run(c.Section+" "+c.Name, func(t *testing.T) {
			r, err := ParseRegistration(unhex(t, c.AttestationObject))
			if err != nil {
				t.Fatal(err)
			}
			want := Expected{
				RP: RelyingParty{ID: v.RPID, AllowCrossOrigin: true}, Origin: v.Origin, Challenges: [][]byte{unhex(t, c.Challenge)},
				ClientData: unhex(t, c.ClientDataJSON), Algorithms: []int{ES256, RS256, -35, -36, -8}, Level: LevelTrusted,
				Anchors: []*x509.Certificate{root}, Now: now,
			}
			got, err := r.Verify(want)
			certified := r.Certificate() != nil && !makers[c.Format]
			if certified != (err == nil) {
				t.Fatalf("at the level trusted: %v", err)
			}
			want.Anchors, want.Level = nil, LevelUntrusted
			got, err = r.Verify(want)
			if (c.Format == "packed" || c.Format == "fido-u2f") != (err == nil) {
				t.Fatalf("at the level untrusted: %v", err)
			}
			want.Level = LevelNone
			if got, err = r.Verify(want); err != nil {
				t.Fatal(err)
			}
			if hex.EncodeToString(got.ID) != c.CredentialID || got.Level != LevelUntrusted {
				t.Fatalf("got %x at level %s", got.ID, got.Level)
			}
			want.Algorithms = []int{PS256}
			if _, err := r.Verify(want); !errors.Is(err, ErrRefused) {
				t.Fatalf("an algorithm that was not offered: %v", err)
			}
		})
	}
}

func TestW3CAssertions(t *testing.T) {
	var v w3c
	load(t, "w3c.json", &v)
	for _, c := range v.Assertions {
		t.Run(c.Section+" "+c.Name, func(t *testing.T) {
			a := Assertion{
				RP: RelyingParty{ID: v.RPID, AllowCrossOrigin: true}, Origin: v.Origin, Challenge: unhex(t, c.Challenge),
				Credential:   Credential{ID: unhex(t, c.CredentialID), PublicKey: unhex(t, c.PublicKey)},
				CredentialID: unhex(t, c.CredentialID), ClientData: unhex(t, c.ClientDataJSON), AuthData: unhex(t, c.AuthenticatorData), Signature: unhex(t, c.Signature),
			}
			if c.AppID != "" {
				a.AppID, a.ClientExtensions = c.AppID, []byte(`{"appid":true}`)
			}
			if _, err := a.Verify(); err != nil {
				t.Fatal(err)
			}
			a.Signature[len(a.Signature)-1] ^= 1
			if _, err := a.Verify(); !errors.Is(err, ErrRefused) {
				t.Fatalf("another signature: %v", err)
			}
		})
	}
}

// stored are credentials as databases of the field have them.
type stored struct {
	WebAuthn struct {
		Registration                          struct{ ClientData, RegData string }
		Challenge, AssertionChallenge, Origin string
		RPID                                  string `json:"rp_id"`
		Result                                struct {
			PublicKey string `json:"public_key"`
		}
		Assertion   struct{ CredentialID, ClientData, AuthenticatorData, SignatureData string }
		AssertionCh string `json:"assertion_challenge"`
	} `json:"webauthn"`
	U2F struct {
		Registration struct{ RegData, ClientData string }
		Parsed       struct {
			PubKey    string `json:"pubKey"`
			KeyHandle string `json:"key_handle"`
		}
		Sign struct{ ClientData, SignatureData string }
	} `json:"u2f"`
}

func TestStoredCredentials(t *testing.T) {
	var v stored
	load(t, "tokens.json", &v)
	w := v.WebAuthn
	r, err := ParseRegistration(unb64(t, w.Registration.RegData))
	if err != nil {
		t.Fatal(err)
	}
	rp := RelyingParty{ID: w.RPID}
	got, err := r.Verify(Expected{RP: rp, Origin: w.Origin, Challenges: [][]byte{unb64(t, w.Challenge)}, ClientData: unb64(t, w.Registration.ClientData),
		Algorithms: []int{ES256}, Level: LevelNone, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if got.SignCount != 5 || Encode(got.PublicKey) != w.Result.PublicKey {
		t.Fatalf("count %d, key %s", got.SignCount, Encode(got.PublicKey))
	}
	a := Assertion{RP: rp, Origin: w.Origin, Challenge: unb64(t, w.AssertionCh), Credential: got.Credential, CredentialID: unb64(t, w.Assertion.CredentialID),
		ClientData: unb64(t, w.Assertion.ClientData), AuthData: unb64(t, w.Assertion.AuthenticatorData), Signature: unb64(t, w.Assertion.SignatureData)}
	ok, err := a.Verify()
	if err != nil || ok.SignCount != 9 {
		t.Fatal(ok, err)
	}
	for name, change := range map[string]func(a *Assertion){
		"replayed, as the counter shows": func(a *Assertion) { a.Credential.SignCount = 9 },
		"another challenge":              func(a *Assertion) { a.Challenge = make([]byte, 32) },
		"no header":                      func(a *Assertion) { a.Origin = "" },
		"another header":                 func(a *Assertion) { a.Origin = "https://other.example.test" },
		"another relying party":          func(a *Assertion) { a.RP.ID = "login.example.test" },
		"another credential":             func(a *Assertion) { a.CredentialID = []byte{1} },
		"backup eligibility":             func(a *Assertion) { yes := true; a.Credential.BackupEligible = &yes },
		"another key":                    func(a *Assertion) { a.Credential.PublicKey = unhex(t, foreignKey) },
		"no key":                         func(a *Assertion) { a.Credential.PublicKey = nil },
		"longer authenticator data":      func(a *Assertion) { a.AuthData = append(a.AuthData[:len(a.AuthData):len(a.AuthData)], 0) },
		"an extension nobody asked for":  func(a *Assertion) { a.ClientExtensions = []byte(`{"uvm":[]}`) },
	} {
		t.Run(name, func(t *testing.T) {
			b := a
			change(&b)
			if _, err := b.Verify(); !errors.Is(err, ErrRefused) {
				t.Fatalf("accepted: %v", err)
			}
		})
	}
}

// foreignKey is a key of nobody here (section 16.2 of the standard).
const foreignKey = "a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220"

func TestU2FMessages(t *testing.T) {
	var v stored
	load(t, "tokens.json", &v)
	r, err := ParseU2FRegistration(unb64(t, v.U2F.Registration.RegData))
	if err != nil {
		t.Fatal(err)
	}
	if hex.EncodeToString(r.PublicKey) != v.U2F.Parsed.PubKey || hex.EncodeToString(r.KeyHandle) != v.U2F.Parsed.KeyHandle {
		t.Fatal("another key or handle")
	}
	const app = "https://mfa.example.test"
	here := func(o string) bool { return o == app }
	all := func(b byte) [][]byte { return [][]byte{repeat(b, 32)} }
	want := U2FExpected{AppID: app, Accepts: here, Challenges: all('E'), ClientData: unb64(t, v.U2F.Registration.ClientData), CheckDates: true, Now: now}
	if err := r.Verify(want); err != nil {
		t.Fatal(err)
	}
	late := want
	late.Now = now.AddDate(100, 0, 0)
	if err := r.Verify(late); !errors.Is(err, ErrRefused) {
		t.Fatal("an old certificate is accepted")
	}
	want.Challenges = all('x')
	if err := r.Verify(want); !errors.Is(err, ErrRefused) {
		t.Fatal("another challenge is accepted")
	}
	s := U2FSign{PublicKey: r.PublicKey, SignCount: 16, Message: unb64(t, v.U2F.Sign.SignatureData)}
	want = U2FExpected{AppID: app, Accepts: here, Challenges: all('F'), ClientData: unb64(t, v.U2F.Sign.ClientData), Now: now}
	if n, err := s.Verify(want); err != nil || n != 17 {
		t.Fatal(n, err)
	}
	s.SignCount = 17
	if _, err := s.Verify(want); !errors.Is(err, ErrRefused) {
		t.Fatal("an old counter is accepted")
	}
	s.SignCount, want.AppID = 0, "https://other.example.test"
	if _, err := s.Verify(want); !errors.Is(err, ErrRefused) {
		t.Fatal("another application is accepted")
	}
	if key, err := COSEFromU2F(r.PublicKey); err != nil || len(key) == 0 {
		t.Fatal(err)
	}
}

func repeat(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}

func TestOrigins(t *testing.T) {
	rp := RelyingParty{ID: "example.org", Origins: []string{"android:apk-key-hash:abc", "https://other.example.com"}}
	for origin, want := range map[string]bool{
		"https://example.org": true, "https://login.example.org": true, "https://login.example.org:8443": true, "https://EXAMPLE.org": true,
		"http://example.org": false, "https://evilexample.org": false, "https://example.org.evil.com": false, "": false, "null": false,
		"https://user@example.org": false, "https://example.org/path": false, "https://evil.com#example.org": false, "https://evil.com?.example.org": false,
		"android:apk-key-hash:abc": true, "android:apk-key-hash:abd": false, "https://other.example.com": true, "https://example.com": false,
	} {
		if rp.Accepts(origin) != want {
			t.Errorf("%q: %v", origin, !want)
		}
	}
	if !(RelyingParty{ID: "localhost"}).Accepts("http://localhost:8080") {
		t.Error("localhost needs no TLS")
	}
	for text, want := range map[string]bool{"example.org": true, "localhost": true, "https://example.org": false, "example.org:443": false, "": false, "a b": false, ".": false, "bücher.example": true} {
		if IsDomain(text) != want {
			t.Errorf("domain %q: %v", text, !want)
		}
	}
}

func FuzzRegistration(f *testing.F) {
	var v w3c
	load(f, "w3c.json", &v)
	for _, c := range v.Registrations {
		f.Add(unhex(f, c.AttestationObject), unhex(f, c.ClientDataJSON), []byte(`{"credProps":{"rk":true}}`))
	}
	f.Fuzz(func(t *testing.T, object, client, extensions []byte) {
		r, err := ParseRegistration(object)
		if err != nil {
			if r != nil || !errors.Is(err, ErrRefused) {
				t.Fatalf("%v with %v", r, err)
			}
			return
		}
		got, err := r.Verify(Expected{RP: RelyingParty{ID: "example.org"}, Origin: "https://example.org", Challenges: [][]byte{{1}}, ClientData: client,
			ClientExtensions: extensions, Algorithms: []int{ES256}, Level: LevelNone, Now: now})
		if err != nil && (got.ID != nil && got.Level != "" || !errors.Is(err, ErrRefused)) {
			t.Fatalf("%v with %v", got, err)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	var v w3c
	load(f, "w3c.json", &v)
	for _, c := range v.Assertions {
		f.Add(unhex(f, c.AuthenticatorData), unhex(f, c.ClientDataJSON), unhex(f, c.Signature), unhex(f, c.PublicKey), unhex(f, c.Challenge), []byte(`{"appid":true}`))
	}
	f.Fuzz(func(t *testing.T, auth, client, signature, key, challenge, extensions []byte) {
		a := Assertion{RP: RelyingParty{ID: "example.org", AllowCrossOrigin: true}, Origin: "https://example.org", Challenge: challenge, CredentialID: []byte{1},
			Credential: Credential{ID: []byte{1}, PublicKey: key}, ClientData: client, AuthData: auth, Signature: signature, ClientExtensions: extensions}
		if got, err := a.Verify(); err != nil && (got != Asserted{} || !errors.Is(err, ErrRefused)) {
			t.Fatalf("%v with %v", got, err)
		}
	})
}

func FuzzU2F(f *testing.F) {
	var v stored
	load(f, "tokens.json", &v)
	f.Add(unb64(f, v.U2F.Registration.RegData), unb64(f, v.U2F.Registration.ClientData), unb64(f, v.U2F.Sign.SignatureData))
	f.Fuzz(func(t *testing.T, registration, client, message []byte) {
		want := U2FExpected{AppID: "https://mfa.example.test", Accepts: func(string) bool { return true }, Challenges: [][]byte{repeat('E', 32)}, ClientData: client, Now: now}
		r, err := ParseU2FRegistration(registration)
		if err != nil {
			if r != nil || !errors.Is(err, ErrRefused) {
				t.Fatalf("%v with %v", r, err)
			}
			return
		}
		if err := r.Verify(want); err != nil && !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
		if n, err := (U2FSign{PublicKey: r.PublicKey, Message: message}).Verify(want); err != nil && (n != 0 || !errors.Is(err, ErrRefused)) {
			t.Fatal(n, err)
		}
	})
}

func FuzzClientData(f *testing.F) {
	f.Add([]byte(`{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org","crossOrigin":true,"topOrigin":"https://example.com"}`))
	f.Add([]byte("\xef\xbb\xbf{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseClientData(data)
		if err != nil {
			if c != (ClientData{}) || !errors.Is(err, ErrRefused) {
				t.Fatalf("%v with %v", c, err)
			}
			return
		}
		_, _ = c.ChallengeBytes()
		_ = RelyingParty{ID: "example.org"}.Accepts(c.Origin)
	})
}

func FuzzName(f *testing.F) {
	var v w3c
	load(f, "w3c.json", &v)
	root, err := x509.ParseCertificate(unhex(f, v.AttestationRoot))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(root.RawSubject)
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = Name(raw), ForwardName(raw) })
}
