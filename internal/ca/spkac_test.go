package ca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/test/need"
)

// sign makes a request as browsers did.
func sign(t testing.TB, key crypto.Signer, oid asn1.ObjectIdentifier) string {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	inner, err := asn1.Marshal(struct {
		Key       asn1.RawValue
		Challenge string `asn1:"ia5"`
	}{asn1.RawValue{FullBytes: spki}, "hello"})
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
	}{asn1.RawValue{FullBytes: inner}, pkix.AlgorithmIdentifier{Algorithm: oid}, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestParseSPKAC(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	overRSA, overEC := sign(t, rsaKey, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}), sign(t, ecKey, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2})
	for _, c := range []struct {
		name, text string
		key        crypto.PublicKey
		cn         string
	}{
		{"RSA", "SPKAC=" + overRSA + "\nCN=alice\nO=Example\nemailAddress=a@example.org\n", &rsaKey.PublicKey, "alice"},
		{"ECDSA, other line ends", "CN = alice\r\nSPKAC=" + overEC + "\r\n", &ecKey.PublicKey, "alice"},
		{"a value is one value", "SPKAC=" + overEC + "\nCN=alice,CN=user,O=realm1", &ecKey.PublicKey, "alice,CN=user,O=realm1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseSPKAC(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if !c.key.(interface{ Equal(crypto.PublicKey) bool }).Equal(got.PublicKey) || got.CommonName() != c.cn || got.Challenge != "hello" {
				t.Errorf("%+v", got)
			}
		})
	}
	broken, err := base64.StdEncoding.DecodeString(overRSA)
	if err != nil {
		t.Fatal(err)
	}
	broken[len(broken)-1] ^= 1
	for _, c := range []struct{ name, text string }{
		{"nothing", ""}, {"no signature", "CN=alice\n"}, {"no Base64", "SPKAC=!!\nCN=alice"}, {"rest", "SPKAC=" + overEC + "AAAA"},
		{"forged", "SPKAC=" + base64.StdEncoding.EncodeToString(broken) + "\nCN=alice"},
		{"another algorithm than the key's", "SPKAC=" + sign(t, ecKey, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}) + "\nCN=alice"},
		{"SHA-256 called MD5", "SPKAC=" + sign(t, rsaKey, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}) + "\nCN=alice"},
		{"an attribute nobody knows", "SPKAC=" + overEC + "\nextensions=sub_ca"},
		{"too large", "CN=" + strings.Repeat("x", maxSPKAC)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ParseSPKAC(c.text); err == nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

// OpenSSL makes the same requests.
func TestParseSPKAC_OpenSSL(t *testing.T) {
	openssl := need.Program(t, "openssl", "openssl")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.der")
	if err := os.WriteFile(file, der, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, digest := range []string{"md5", "sha1", "sha256", "sha512"} {
		out, err := exec.Command(openssl, "spkac", "-key", file, "-keyform", "DER", "-challenge", "hello", "-digest", digest).Output()
		if err != nil {
			t.Fatalf("openssl: %v", err)
		}
		got, err := ParseSPKAC(string(out) + "CN=alice\n")
		if err != nil || !key.PublicKey.Equal(got.PublicKey) {
			t.Errorf("%s: %v", digest, err)
		}
	}
}

func TestMarshalSubject(t *testing.T) {
	attribute := func(name, value string) pkix.AttributeTypeAndValue {
		id, ok := AttributeOID(name)
		if !ok {
			t.Fatalf("%s is unknown", name)
		}
		return pkix.AttributeTypeAndValue{Type: id, Value: value}
	}
	der, err := MarshalSubject([]pkix.AttributeTypeAndValue{attribute("C", "DE"), attribute("O", ""), attribute("CN", "Erika, CN=admin + OU=x"), attribute("emailAddress", "e@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	var back pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &back); err != nil || len(back) != 3 || back[1][0].Value != "Erika, CN=admin + OU=x" {
		t.Errorf("%v: %v", err, back)
	}
	if !bytes.Contains(der, []byte("\x16\x0de@example.org")) || !bytes.Contains(der, []byte("\x13\x02DE")) {
		t.Errorf("the mail address is no IA5String, or the country no PrintableString: %x", der)
	}
	for _, bad := range []pkix.AttributeTypeAndValue{attribute("C", "Germany"), attribute("emailAddress", "ä@example.org"), attribute("DC", "a\nb")} {
		if der, err := MarshalSubject([]pkix.AttributeTypeAndValue{bad}); err == nil {
			t.Errorf("%v is %x", bad, der)
		}
	}
}

func FuzzParseSPKAC(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("SPKAC=" + sign(f, key, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}) + "\nCN=alice\n")
	f.Add("SPKAC=MA==\nCN=alice")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := ParseSPKAC(text); err == nil && got.PublicKey == nil {
			t.Error("a request without a key")
		}
	})
}
