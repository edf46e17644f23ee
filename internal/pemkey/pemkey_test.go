package pemkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"edumfa/internal/secret"
	"edumfa/test/need"
)

// Keys as OpenSSL writes them, in every form that administrators have.
func TestParse_OpenSSL(t *testing.T) {
	openssl := need.Program(t, "openssl", "openssl")
	dir := t.TempDir()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(name string, key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	rsaFile, ecFile := plain("rsa", rsaKey), plain("ec", ecKey)
	for _, c := range []struct {
		name      string
		protected bool
		args      []string
		want      interface{ Equal(x any) bool }
	}{
		{"PKCS#8", false, []string{"pkcs8", "-topk8", "-nocrypt", "-in", rsaFile}, equal(rsaKey.Equal)},
		{"PKCS#8, AES-256, HMAC-SHA-256", true, []string{"pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:word", "-in", rsaFile}, equal(rsaKey.Equal)},
		{"PKCS#8, AES-128, HMAC-SHA-512", true, []string{"pkcs8", "-topk8", "-v2", "aes128", "-v2prf", "hmacWithSHA512", "-passout", "pass:word", "-in", ecFile}, equal(ecKey.Equal)},
		{"PKCS#8, 3DES, HMAC-SHA-1", true, []string{"pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA1", "-passout", "pass:word", "-in", rsaFile}, equal(rsaKey.Equal)},
		{"PKCS#1", false, []string{"rsa", "-traditional", "-in", rsaFile}, equal(rsaKey.Equal)},
		{"PKCS#1, AES-256", true, []string{"rsa", "-traditional", "-aes256", "-passout", "pass:word", "-in", rsaFile}, equal(rsaKey.Equal)},
		{"SEC1", false, []string{"ec", "-in", ecFile}, equal(ecKey.Equal)},
		{"SEC1, AES-128", true, []string{"ec", "-aes128", "-passout", "pass:word", "-in", ecFile}, equal(ecKey.Equal)},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := exec.Command(openssl, c.args...).Output()
			if err != nil {
				t.Fatalf("openssl: %v", err)
			}
			right, other, otherErr := secret.New(""), secret.New("word"), ErrUnprotected
			if c.protected {
				right, other, otherErr = secret.New("word"), secret.New(""), ErrNoPassword
			}
			key, err := Parse(text, right)
			if err != nil || !c.want.Equal(key) {
				t.Errorf("with the right password: %v", err)
			}
			if _, err := Parse(text, other); !errors.Is(err, otherErr) {
				t.Errorf("%v, not %v", err, otherErr)
			}
			if _, err := Parse(text, secret.New("wrong")); c.protected && !errors.Is(err, ErrPassword) {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
}

type equaler func(any) bool

func (f equaler) Equal(x any) bool { return f(x) }

func equal[K any](f func(K) bool) equaler {
	return func(x any) bool { k, is := x.(K); return is && f(k) }
}

func TestParse_Refuses(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"nothing", ""},
		{"no PEM", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"},
		{"a certificate", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"},
		{"no key inside", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"},
		{"too large", string(make([]byte, maxSize+1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			if key, err := Parse([]byte(c.text), secret.New("")); err == nil || key != nil {
				t.Errorf("%v, %v", key, err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBDH\n-----END ENCRYPTED PRIVATE KEY-----\n"), "word")
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"), "")
	f.Fuzz(func(t *testing.T, text []byte, password string) {
		if key, err := Parse(text, secret.New(password)); (key == nil) == (err == nil) {
			t.Errorf("%v, %v", key, err)
		}
	})
}
