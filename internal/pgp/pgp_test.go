package pgp

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"edumfa/test/need"

	"github.com/google/go-cmp/cmp"
)

func TestRing(t *testing.T) {
	need.Program(t, "gpg", "gpg")
	home, err := os.MkdirTemp("", "gpg") // sockets need a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	r := Ring{Home: home + "/ring"}
	if keys, err := r.Keys(t.Context()); err != nil || len(keys) != 0 {
		t.Fatalf("no ring: %v, %v", keys, err)
	}
	if err := r.Create(t.Context(), 512); err == nil {
		t.Error("a short key was made")
	}
	if err := r.Create(t.Context(), MinBits); err != nil {
		t.Fatal(err)
	}
	keys, err := r.Keys(t.Context())
	if err != nil || len(keys) != 1 || len(keys[0].ID) != 16 || len(keys[0].Fingerprint) != 40 || !strings.HasPrefix(keys[0].Armor, "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
		t.Fatalf("%+v, %v", keys, err)
	}
	secret, err := r.run(t.Context(), []byte("the keys"), "--armor", "--trust-model", "always", "--encrypt", "-r", keys[0].Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	if clear, err := r.Decrypt(t.Context(), secret); err != nil || string(clear) != "the keys" {
		t.Errorf("%q, %v", clear, err)
	}
	if _, err := r.Decrypt(t.Context(), []byte("no message")); err == nil {
		t.Error("opened")
	}
}

func TestParseKeys(t *testing.T) {
	const a, b = "0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF01234567"
	got := parseKeys("tru::1:1:0:3:1:5\nsec:u:2048:1:" + a + ":1:::u:::scESC:::+:::23::0:\nfpr:::::::::" + b + ":\nssb:u:2048:1:FF:1::::::e:::+:::23:\nfpr:::::::::OTHER:\n")
	if d := cmp.Diff([]Key{{ID: a, Fingerprint: b}}, got); d != "" {
		t.Error(d)
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("sec:u:2048:1:A:1:::u:::\nfpr:::::::::B:\n")
	f.Fuzz(func(_ *testing.T, s string) { parseKeys(s) })
}
