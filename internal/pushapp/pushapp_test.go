package pushapp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

type vectors struct {
	Data       map[string]string `json:"smartphone_data"`
	Signed     string            `json:"signed_string"`
	Public     string            `json:"server_public_key_pkcs1"`
	Private    string            `json:"server_private_key_clear"`
	Tokeninfo  map[string]string `json:"tokeninfo"`
	Answer     signature         `json:"answer"`
	Decline    signature         `json:"decline"`
	Poll       signature         `json:"poll"`
	NewAddress signature         `json:"update_firebase"`
}

type signature struct{ String, Signature string }

func load(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/push.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVectors_Question(t *testing.T) {
	v := load(t)
	key, err := ParseServerKey(v.Private)
	if err != nil {
		t.Fatal(err)
	}
	d := v.Data
	q, err := Question{Nonce: d["nonce"], URL: d["url"], Serial: d["serial"], Question: d["question"], Title: d["title"], SSLVerify: d["sslverify"]}.Sign(key)
	if err != nil || q.signed() != v.Signed {
		t.Fatalf("%v %s", err, q.signed())
	}
	for name, want := range d {
		if got := q.Fields()[name]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if len(q.Fields()) != len(d) {
		t.Error("other members")
	}
}

func TestVectors_Phone(t *testing.T) {
	v := load(t)
	key, err := ParseKey(v.Tokeninfo["public_key_smartphone"])
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]signature{
		AnswerText("CHALLENGE32", "EDUP-1", false):                   v.Answer,
		AnswerText("CHALLENGE32", "EDUP-1", true):                    v.Decline,
		PollText("EDUP-1", "2026-01-01T00:00:00+00:00"):              v.Poll,
		RenewText("newtoken", "EDUP-1", "2026-01-01T00:00:00+00:00"): v.NewAddress,
	}
	for text, s := range texts {
		if text != s.String {
			t.Errorf("%s, want %s", text, s.String)
		}
		if err := Verify(key, text, s.Signature); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for other := range texts {
			if other != text && Verify(key, other, s.Signature) == nil {
				t.Errorf("the signature of %s is taken for %s", text, other)
			}
		}
	}
}

func encode(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestParseKey(t *testing.T) {
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	good := encode(t, &ec.PublicKey)
	ed, _, _ := ed25519.GenerateKey(rand.Reader)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"an elliptic curve":   {good, true},
		"the other alphabet":  {strings.NewReplacer("+", "-", "/", "_").Replace(good), true},
		"blanks for plus":     {strings.ReplaceAll(good, "+", " "), true},
		"without padding":     {strings.TrimRight(good, "="), true},
		"line breaks":         {good[:20] + "\n" + good[20:], true},
		"another algorithm":   {encode(t, ed), false},
		"nothing":             {"", false},
		"no base64":           {"!!", false},
		"no key":              {"AAAA", false},
		"longer than any key": {strings.Repeat("A", maxKey+1), false},
	} {
		if _, err := ParseKey(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerify_Curve(t *testing.T) {
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	sum := sha256.Sum256([]byte("text"))
	der, err := ecdsa.SignASN1(rand.Reader, ec, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	s := base32.StdEncoding.EncodeToString(der)
	if err := Verify(&ec.PublicKey, "text", s); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]string{"nothing": "", "no base32": "not base32!", "cut": s[:8], "long": strings.Repeat("A", maxKey+8)} {
		if err := Verify(&ec.PublicKey, "text", bad); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if Verify(crypto.PublicKey(nil), "text", s) == nil {
		t.Error("a signature without a key")
	}
}

func TestCheckTime(t *testing.T) {
	now := time.Date(2027, 7, 5, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]error{
		"2027-07-05T12:00:59.999999":  nil,
		"2027-07-05T11:59:01":         nil,
		"2027-07-05T14:00:00+02:00":   nil,
		"2027-07-05T14:00:00.5+0200":  nil,
		"2027-07-05T12:00:00Z":        nil,
		"2027-07-05 12:00:00":         nil,
		"2027-07-05T12:01:01":         ErrTime,
		"2027-07-05T11:58:59":         ErrTime,
		"2027-07-05T12:00:00+02:00":   ErrTime,
		"yesterday":                   ErrNoTime,
		"":                            ErrNoTime,
		"2027-07-05T12:00:00+02:00|x": ErrNoTime,
	} {
		if err := CheckTime(text, now, time.Minute); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestServerKey(t *testing.T) {
	v := load(t)
	if bare := Bare(v.Public); strings.Contains(bare, "-") || !strings.HasPrefix(bare, "MIICCgKCAgEA2oD0") || strings.HasSuffix(bare, "\n") {
		t.Errorf("%q", bare)
	}
	public, private, err := NewServerKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseServerKey(private)
	if err != nil || key.N.BitLen() != serverBits {
		t.Fatalf("%v", err)
	}
	der, _ := base64.StdEncoding.DecodeString(strings.ReplaceAll(Bare(public), "\n", ""))
	got, err := x509.ParsePKCS1PublicKey(der)
	if err != nil || !got.Equal(key.Public().(*rsa.PublicKey)) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "x", public} {
		if _, err := ParseServerKey(bad); err == nil {
			t.Errorf("%.20q was read", bad)
		}
	}
}

func TestNumber(t *testing.T) {
	seen := map[string]bool{}
	for i := range 200 {
		n := Number(strings.Repeat("x", i))
		if len(n) != 2 || n != Number(strings.Repeat("x", i)) {
			t.Fatal(n)
		}
		seen[n] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d numbers", len(seen))
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(load(f).Tokeninfo["public_key_smartphone"], "AAAA")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, key, signature string) {
		k, err := ParseKey(key)
		if (err == nil) != (k != nil) {
			t.Error(err)
		}
		if Verify(k, "text", signature) == nil {
			t.Error("a signature was guessed")
		}
	})
}
