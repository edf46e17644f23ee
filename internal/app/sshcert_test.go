package app_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"edumfa/internal/app/apptest"
)

// sshAuthority makes the connector "sshca" of the installation, and alice's
// token SSHK1.
func sshAuthority(t *testing.T, n *apptest.Node, dir string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ssh_ca")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	n.Must("POST /caconnector/sshca", apptest.P{"type": "ssh", "key": file})
	n.Must("POST /token/init", apptest.P{"type": "sshkey", "user": "alice", "serial": "SSHK1", "sshkey": newSSHKey(t)})
	n.Must("POST /policy/sshca", apptest.P{"scope": "enrollment", "realm": "", "action": "sshkey_certificate_ca=sshca"})
}

func newSSHKey(t *testing.T) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// certificateOf reads the certificate of an answer and checks the signature with
// the key that SSH servers are told.
func certificateOf(t *testing.T, n *apptest.Node, r *apptest.Reply) *ssh.Certificate {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(r.Text("result.value.certificate")))
	if err != nil {
		t.Fatalf("%v: %s", err, r.Raw)
	}
	c := key.(*ssh.Certificate)
	trusted := strings.TrimSpace(string(n.Call("GET /certificate/ssh/sshca", nil).Raw))
	if have := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(c.SignatureKey))); have != trusted {
		t.Errorf("signed by %s, servers trust %s", have, trusted)
	}
	return c
}

func TestSSHCertificate(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	sshAuthority(t, n, in.Dir)
	for _, c := range []struct {
		name, policy string
		principals   []string
		hours        int
		extensions   int
		source       string
	}{
		{"as it is without more policies", "", []string{"alice"}, 8, 5, ""},
		{"accounts of the policy", "sshkey_certificate_principals={username} {realm}-staff backup {username}", []string{"alice", "realm1-staff", "backup"}, 8, 5, ""},
		{"an attribute that is not there", "sshkey_certificate_principals={username} {nothing}", []string{"alice"}, 8, 5, ""},
		{"for an hour", "sshkey_certificate_validity=1h", []string{"alice"}, 1, 5, ""},
		{"not for a year", "sshkey_certificate_validity=1y", []string{"alice"}, 30 * 24, 5, ""},
		{"with one extension", "sshkey_certificate_extensions=permit-pty", []string{"alice"}, 8, 1, ""},
		{"without extensions", "sshkey_certificate_extensions=none", []string{"alice"}, 8, 0, ""},
		{"from two networks", "sshkey_certificate_source_address=10.0.0.0/8 2001:db8::/32", []string{"alice"}, 8, 5, "10.0.0.0/8,2001:db8::/32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.policy != "" {
				n.Must("POST /policy/more", apptest.P{"scope": "enrollment", "realm": "", "action": c.policy})
				defer n.Must("DELETE /policy/more", apptest.P{})
			}
			for who, r := range map[string]*apptest.Reply{
				"admin": n.Admin("POST /token/sshcertificate/SSHK1", nil), "user": n.User("alice", "POST /token/sshcertificate/SSHK1", nil),
			} {
				got := certificateOf(t, n, r)
				if !slices.Equal(got.ValidPrincipals, c.principals) || len(got.Extensions) != c.extensions || got.CriticalOptions["source-address"] != c.source {
					t.Errorf("%s: %v %v %v", who, got.ValidPrincipals, got.Extensions, got.CriticalOptions)
				}
				left := time.Until(time.Unix(int64(got.ValidBefore), 0)).Round(time.Hour)
				if left != time.Duration(c.hours)*time.Hour || got.KeyId != "alice@realm1 SSHK1" {
					t.Errorf("%s: %v left of %q", who, left, got.KeyId)
				}
			}
		})
	}
}

func TestSSHCertificate_Refused(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	sshAuthority(t, n, in.Dir)
	n.Must("POST /token/init", apptest.P{"type": "spass", "user": "alice", "serial": "SP1"})
	n.Must("POST /token/init", apptest.P{"type": "sshkey", "serial": "SSHK2", "sshkey": newSSHKey(t)})
	for _, c := range []struct {
		name string
		call func() *apptest.Reply
	}{
		{"somebody else's", func() *apptest.Reply { return n.User("bob", "POST /token/sshcertificate/SSHK1", nil) }},
		{"of nobody", func() *apptest.Reply { return n.Admin("POST /token/sshcertificate/SSHK2", nil) }},
		{"no SSH key", func() *apptest.Reply { return n.Admin("POST /token/sshcertificate/SP1", nil) }},
		{"no such token", func() *apptest.Reply { return n.Admin("POST /token/sshcertificate/SSHK9", nil) }},
		{"an attribute with nothing else", func() *apptest.Reply {
			n.Must("POST /policy/more", apptest.P{"scope": "enrollment", "realm": "", "action": "sshkey_certificate_principals={nothing}"})
			defer n.Must("DELETE /policy/more", apptest.P{})
			return n.Admin("POST /token/sshcertificate/SSHK1", nil)
		}},
		{"a disabled token", func() *apptest.Reply {
			n.Must("POST /token/disable/SSHK1", apptest.P{})
			defer n.Must("POST /token/enable/SSHK1", apptest.P{})
			return n.User("alice", "POST /token/sshcertificate/SSHK1", nil)
		}},
		{"a user without the right", func() *apptest.Reply {
			n.Must("POST /policy/user", apptest.P{"scope": "user", "realm": "", "action": "disable"})
			defer n.Must("DELETE /policy/user", apptest.P{})
			return n.User("alice", "POST /token/sshcertificate/SSHK1", nil)
		}},
		{"without an authority", func() *apptest.Reply {
			n.Must("POST /policy/disable/sshca", apptest.P{})
			defer n.Must("POST /policy/enable/sshca", apptest.P{})
			return n.Admin("POST /token/sshcertificate/SSHK1", nil)
		}},
		{"a revoked token", func() *apptest.Reply {
			n.Must("POST /token/revoke/SSHK1", apptest.P{})
			return n.Admin("POST /token/sshcertificate/SSHK1", nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := c.call(); r.Status < 400 || r.Status >= 500 || strings.Contains(string(r.Raw), "cert-v01") {
				t.Errorf("%d: %s", r.Status, r.Raw)
			}
		})
	}
	if r := n.Call("GET /certificate/ssh/other", nil); r.Status < 400 || r.Status >= 500 {
		t.Errorf("%d: %s", r.Status, r.Raw)
	}
}
