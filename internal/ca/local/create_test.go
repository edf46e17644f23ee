package local

import (
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/ca"
)

// answers are a conversation.
type answers struct {
	lines  []string
	given  map[string]string
	asked  []string
	said   strings.Builder
	always bool // yes to the last question
}

func (a *answers) Option(name string) string { return a.given[name] }
func (a *answers) Say(text string)           { a.said.WriteString(text + "\n") }
func (a *answers) Ask(option, question, usual string) (string, error) {
	if v := a.given[option]; v != "" {
		return v, nil
	}
	a.asked = append(a.asked, question)
	if len(a.lines) == 0 {
		if a.always {
			return "y", nil
		}
		return "", errors.New("nobody answers")
	}
	line := a.lines[0]
	a.lines = a.lines[1:]
	if line == "" {
		return usual, nil
	}
	return line, nil
}

func creation(t *testing.T, d ca.Dialogue) ca.Creation {
	return ca.Creation{Name: "pki", Dialogue: d, Deps: ca.Deps{Now: func() time.Time { return time.Now().Truncate(time.Second) }, Rand: rand.Reader, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Dir: t.TempDir(), Lock: &process{}}}
}

// A new CA signs, openssl goes on with it, and it signs the certificate of
// another one.
func TestCreate(t *testing.T) {
	for _, c := range []struct {
		key, bits string
		algorithm x509.SignatureAlgorithm
	}{
		{"rsa", "2048", x509.SHA256WithRSA}, {"ecdsa", "256", x509.ECDSAWithSHA256}, {"ecdsa", "384", x509.ECDSAWithSHA384}, {"ed25519", "", x509.PureEd25519},
	} {
		t.Run(c.key+c.bits, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "root")
			talk := &answers{given: map[string]string{"key": c.key, "keysize": c.bits, "directory": dir, "days": "700", "dn": `/C=DE/CN=Staff CA \/ Root/emailAddress=a@b`, "crl-days": "21", "crl-overlap": "4"}, always: true}
			v, err := Kind{}.Create(t.Context(), creation(t, talk))
			if err != nil {
				t.Fatal(err)
			}
			if v[setCRLValidity] != "21" || v[setCRLOverlap] != "4" || v[setFolder] != dir || len(v) != 9 {
				t.Errorf("settings %v", v)
			}
			f := &fixture{t: t, dir: dir, now: time.Now().Truncate(time.Second)}
			if info := must(os.Stat(filepath.Join(dir, "cakey.pem"))); info.Mode().Perm() != 0o600 {
				t.Errorf("the key has the mode %o", info.Mode().Perm())
			}
			if f.read("serial") != "1000\n" || f.read("index.txt") != "" || !strings.Contains(f.read("openssl.cnf"), "default_crl_days = 21") {
				t.Error("the files are not those of a new CA")
			}
			root := must(Kind{}.Open(ca.Config{Name: "root", Values: v}, ca.Deps{Now: func() time.Time { return f.now }, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Lock: &process{}})).(*connector)
			cert := must(root.Chain(t.Context()))[0]
			if cert.SignatureAlgorithm != c.algorithm || cert.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || !cert.IsCA || must(parseName(cert.RawSubject)).oneLine() != "/C=DE/CN=Staff CA / Root/emailAddress=a@b" {
				t.Errorf("certificate: %s, %b, %t, %s", cert.SignatureAlgorithm, cert.KeyUsage, cert.IsCA, cert.Subject)
			}
			f.openssl("verify", "-x509_strict", "-CAfile", "cacert.pem", "cacert.pem")
			leaf := f.sign(root, request(t, testKeys()["ecdsa"], nil, "CN=alice"))
			f.write("ca.pem", f.read("cacert.pem"))
			f.verify(leaf, "-purpose", "sslserver")
			f.openssl("ca", "-batch", "-config", "openssl.cnf", "-gencrl", "-out", "crl.pem")
			if _, err := root.MakeCRL(t.Context(), false); err != nil {
				t.Error(err)
			}
			f.openssl("crl", "-in", "crl.pem", "-CAfile", "cacert.pem", "-noout", "-verify")

			below := filepath.Join(t.TempDir(), "below")
			second := creation(t, &answers{given: map[string]string{"key": "ecdsa", "keysize": "256", "directory": below, "days": "9999", "dn": "/CN=Below", "crl-days": "9", "crl-overlap": "1"}, always: true})
			second.Issuer = root
			if v, err = (Kind{}).Create(t.Context(), second); err != nil {
				t.Fatal(err)
			}
			inter := must(Kind{}.Open(ca.Config{Name: "below", Values: v}, ca.Deps{Now: func() time.Time { return f.now }, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler), Lock: &process{}})).(*connector)
			issued, err := inter.Sign(t.Context(), request(t, testKeys()["rsa"], nil, "CN=bob"))
			if err != nil {
				t.Fatal(err)
			}
			if len(issued.Chain) != 2 || issued.Chain[0].Subject.CommonName != "Below" || !issued.Chain[0].MaxPathLenZero || issued.Chain[0].NotAfter.After(cert.NotAfter) {
				t.Errorf("chain: %d, %s until %s", len(issued.Chain), issued.Chain[0].Subject, issued.Chain[0].NotAfter)
			}
			f.verify(issued.Certificate, "-untrusted", filepath.Join(below, "cacert.pem"))
			if !strings.Contains(f.read("index.txt"), "/CN=Below\n") {
				t.Error("the CA below is not in the index of the one above")
			}
		})
	}
}

func TestCreate_Conversation(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	// a number that is none is asked for again; "n" begins anew with the answers
	talk := &answers{lines: []string{dir, "many", "2048", "30", "", "9", "2", "n", "", "", "60", "", "", "", "Y"}}
	v, err := Kind{}.Create(t.Context(), creation(t, talk))
	if err != nil || v[setCRLValidity] != "9" || len(talk.lines) != 0 {
		t.Fatalf("%v, %v, left %v", v, err, talk.lines)
	}
	if !strings.Contains(talk.said.String(), "A number between") || !strings.Contains(talk.asked[len(talk.asked)-1], "[y/n]") {
		t.Errorf("conversation:\n%s\n%s", talk.said.String(), strings.Join(talk.asked, "\n"))
	}
	for name, c := range map[string]*answers{
		"a folder with a CA": {lines: []string{dir, "2048", "30", "", "9", "2", "y"}},
		"no folder above":    {lines: []string{filepath.Join(dir, "a", "b"), "2048", "30", "", "9", "2", "y"}},
		"a DN without slash": {lines: []string{dir + "2", "2048", "30", "CN=x", "9", "2", "y"}},
		"an unknown part":    {lines: []string{dir + "2", "2048", "30", "/XX=x", "9", "2", "y"}},
		"nobody answers":     {lines: []string{dir + "2", "2048"}},
		"a key of no kind":   {given: map[string]string{"key": "dsa"}},
		"a wrong option":     {given: map[string]string{"directory": dir + "2", "keysize": "12"}},
		"a wrong curve":      {given: map[string]string{"key": "ecdsa", "directory": dir + "2", "keysize": "300"}},
	} {
		before := must(os.ReadFile(filepath.Join(dir, "cakey.pem")))
		if _, err := (Kind{}).Create(t.Context(), creation(t, c)); err == nil {
			t.Errorf("%s: made", name)
		}
		if string(must(os.ReadFile(filepath.Join(dir, "cakey.pem")))) != string(before) {
			t.Errorf("%s: the key is another one", name)
		}
		if _, err := os.Stat(dir + "2"); err == nil {
			t.Errorf("%s: leaves a folder", name)
		}
	}
}
