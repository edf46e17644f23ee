package signature

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"edumfa/internal/pyjson"
)

func load[T any](t testing.TB, file string) T {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

type replies struct {
	PublicKey string `json:"public_key_pem"`
	Responses []struct {
		Note, Body, Signature string
		Signed                bool
		Text                  string `json:"signed_string"`
	}
	Synthetic []struct {
		Text      string `json:"signed_string"`
		Signature string
	}
}

func TestVerify_RecordedReplies(t *testing.T) {
	v := load[replies](t, "response_signatures.json")
	verifier, err := NewVerifier([]byte(v.PublicKey), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Responses {
		if r.Signed && !verifier.Verify([]byte(r.Text), r.Signature) {
			t.Errorf("%s: signature is refused", r.Note)
		}
	}
	for _, r := range v.Synthetic {
		if !verifier.Verify([]byte(r.Text), r.Signature) {
			t.Errorf("%s: signature is refused", r.Text)
		}
		if verifier.Verify([]byte(r.Text+" "), r.Signature) {
			t.Errorf("%s: signature of another text is taken", r.Text)
		}
	}
}

func openPair(t testing.TB) (*Signer, *Verifier) {
	t.Helper()
	s, err := OpenSigner("testdata/private.pem")
	if err != nil {
		t.Fatal(err)
	}
	v, err := OpenVerifier("testdata/public.pem", true)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func TestSign_RoundTrip(t *testing.T) {
	s, v := openPair(t)
	text, err := pyjson.MarshalSorted(pyjson.Object{{Key: "b", Value: 1}, {Key: "a", Value: "ü"}})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(text)
	if err != nil || len(sig) != len(Prefix)+512 || !v.Verify(text, sig) || !s.Verifier(false).Verify(text, sig) {
		t.Fatalf("%s, %v", sig, err)
	}
	for _, bad := range []string{"", Prefix, sig[:len(sig)-2], sig + "00", sig[len(Prefix):], strings.Replace(sig, sig[20:24], "zzzz", 1)} {
		if v.Verify(text, bad) {
			t.Errorf("%.40s is taken", bad)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); text != "*** *** ***" {
		t.Error(text)
	}
}

func TestVerify_OldForm(t *testing.T) {
	v := load[struct {
		PublicKey string                              `json:"public_key_pem"`
		Old       struct{ Message, Signature string } `json:"old_style"`
	}](t, "audit_signatures.json")
	for _, allow := range []bool{false, true} {
		verifier, err := NewVerifier([]byte(v.PublicKey), allow)
		if err != nil {
			t.Fatal(err)
		}
		if verifier.Verify([]byte(v.Old.Message), v.Old.Signature) != allow {
			t.Errorf("allowed %v", allow)
		}
		for _, bad := range []string{"", "0", "-1", "1_0", "x", strings.Repeat("9", 100000)} {
			if verifier.Verify([]byte(v.Old.Message), bad) {
				t.Errorf("%.20s is taken", bad)
			}
		}
	}
}

func TestGenerateKeys(t *testing.T) {
	private, public, err := GenerateKeys(DefaultBits)
	if err != nil || !bytes.HasPrefix(private, []byte("-----BEGIN RSA PRIVATE KEY-----")) || !bytes.HasPrefix(public, []byte("-----BEGIN PUBLIC KEY-----")) {
		t.Fatal(err)
	}
	s, err := NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(public, false)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign([]byte("x"))
	if err != nil || !v.Verify([]byte("x"), sig) || len(sig) > 620 {
		t.Fatal(err)
	}
}

func TestNewSigner_Forms(t *testing.T) {
	text, err := os.ReadFile("testdata/private.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewSigner(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		t.Error("PKCS#8:", err)
	}
	if _, err := NewVerifier(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)}), false); err != nil {
		t.Error("PKCS#1 public:", err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "public key": []byte(load[replies](t, "response_signatures.json").PublicKey), "cut": text[:len(text)/2],
		"encrypted":   pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"DEK-Info": "x"}, Bytes: block.Bytes}),
		"wrong order": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes}),
	} {
		if _, err := NewSigner(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, r := range load[replies](f, "response_signatures.json").Synthetic {
		f.Add([]byte(r.Text), r.Signature)
	}
	f.Add([]byte("x"), "12345")
	_, v := openPair(f)
	good := map[string]bool{}
	for _, r := range load[replies](f, "response_signatures.json").Synthetic {
		good[r.Text] = true
	}
	f.Fuzz(func(t *testing.T, message []byte, signature string) {
		if v.Verify(message, signature) && !good[string(message)] {
			t.Error("a forged signature is taken")
		}
	})
}

func BenchmarkRSASign(b *testing.B) {
	s, _ := openPair(b)
	message := bytes.Repeat([]byte("x"), 700)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Sign(message); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRSAVerify(b *testing.B) {
	s, v := openPair(b)
	sig, err := s.Sign([]byte("x"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !v.Verify([]byte("x"), sig) {
			b.Fatal("refused")
		}
	}
}
