package sshca_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"edumfa/internal/ca"
	"edumfa/internal/ca/sshca"
	"edumfa/internal/field"
	"edumfa/test/need"
)

// keygen lets ssh-keygen make a key and returns its file.
func keygen(t *testing.T, args ...string) string {
	t.Helper()
	program := need.Program(t, "openssh", "ssh-keygen")
	file := filepath.Join(t.TempDir(), "key")
	if out, err := exec.CommandContext(t.Context(), program, append([]string{"-q", "-f", file}, args...)...).CombinedOutput(); err != nil { //nolint:gosec // found in PATH
		t.Fatalf("%v: %s", err, out)
	}
	return file
}

func open(t *testing.T, v field.Values) ca.SSHSigner {
	t.Helper()
	c, err := ca.Open(sshca.Kind{}, ca.Config{Name: "ssh", Values: v}, ca.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return c.(ca.SSHSigner)
}

func public(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func request(key string) ca.SSHRequest {
	return ca.SSHRequest{Key: key, KeyID: "alice@realm1 SSHK1", Principals: []string{"alice", "staff"}, From: time.Now().Add(-time.Minute), Until: time.Now().Add(time.Hour),
		Extensions: []string{"permit-pty"}, SourceAddress: "127.0.0.0/8,::1"}
}

// TestSignSSH lets ssh-keygen read what authorities of all kinds of keys signed.
func TestSignSSH(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519":           {"-t", "ed25519", "-N", ""},
		"ecdsa":             {"-t", "ecdsa", "-N", ""},
		"rsa":               {"-t", "rsa", "-N", ""},
		"with a passphrase": {"-t", "ed25519", "-N", "s3cret"},
	} {
		t.Run(name, func(t *testing.T) {
			file := keygen(t, args...)
			authority := open(t, field.Values{"key": file, "passphrase": strings.Replace(args[len(args)-1], "-N", "", 1)})
			line, err := authority.SignSSH(t.Context(), request(public(t, keygen(t, "-t", "ed25519", "-N", ""))))
			if err != nil {
				t.Fatal(err)
			}
			shown := filepath.Join(t.TempDir(), "key-cert.pub")
			if err := os.WriteFile(shown, []byte(line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), need.Program(t, "openssh", "ssh-keygen"), "-L", "-f", shown).CombinedOutput() //nolint:gosec // found in PATH
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range []string{"user certificate", `Key ID: "alice@realm1 SSHK1"`, "alice\n", "staff\n", "permit-pty", "source-address 127.0.0.0/8,::1"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			if key, err := authority.SSHKey(t.Context()); err != nil || !strings.HasPrefix(public(t, file), key) {
				t.Errorf("public key %q, error %v", key, err)
			}
		})
	}
}

func TestSignSSH_Refused(t *testing.T) {
	authority := open(t, field.Values{"key": keygen(t, "-t", "ed25519", "-N", "")})
	key := public(t, keygen(t, "-t", "ed25519", "-N", ""))
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := ssh.NewPublicKey(short.Public())
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.SignSSH(t.Context(), request(key))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *ca.SSHRequest){
		"nobody":                 func(r *ca.SSHRequest) { r.Principals = nil },
		"an empty name":          func(r *ca.SSHRequest) { r.Principals = []string{""} },
		"two names in one":       func(r *ca.SSHRequest) { r.Principals = []string{"alice,root"} },
		"a line break":           func(r *ca.SSHRequest) { r.Principals = []string{"alice\nroot"} },
		"identity of two lines":  func(r *ca.SSHRequest) { r.KeyID = "a\nb" },
		"never valid":            func(r *ca.SSHRequest) { r.Until = r.From },
		"an unknown extension":   func(r *ca.SSHRequest) { r.Extensions = []string{"force-command"} },
		"no network":             func(r *ca.SSHRequest) { r.SourceAddress = "somewhere" },
		"one good network":       func(r *ca.SSHRequest) { r.SourceAddress = "10.0.0.0/8," },
		"no key":                 func(r *ca.SSHRequest) { r.Key = "ssh-ed25519 AAAA" },
		"two keys":               func(r *ca.SSHRequest) { r.Key = key + "\n" + key },
		"a key with options":     func(r *ca.SSHRequest) { r.Key = `command="sh" ` + key },
		"a short key":            func(r *ca.SSHRequest) { r.Key = string(ssh.MarshalAuthorizedKey(weak)) },
		"a certificate as a key": func(r *ca.SSHRequest) { r.Key = certificate },
	} {
		t.Run(name, func(t *testing.T) {
			r := request(key)
			change(&r)
			line, err := authority.SignSSH(t.Context(), r)
			if _, ok := errors.AsType[*ca.Refused](err); !ok || line != "" {
				t.Errorf("signed %q, error %v", line, err)
			}
		})
	}
	for name, v := range map[string]field.Values{
		"no such file":     {"key": filepath.Join(t.TempDir(), "none")},
		"wrong passphrase": {"key": keygen(t, "-t", "ed25519", "-N", "s3cret"), "passphrase": "other"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := open(t, v).SignSSH(t.Context(), request(key)); err == nil || strings.Contains(err.Error(), "other") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestServer logs in to a real SSH server that trusts the authority.
func TestServer(t *testing.T) {
	sshd := need.Program(t, "openssh", "sshd")
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, file := t.TempDir(), keygen(t, "-t", "ecdsa", "-N", "")
	if os.Getuid() == 0 { // where sshd begins as root it wants this folder
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	_ = l.Close()
	config := filepath.Join(dir, "sshd_config")
	text := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s\nTrustedUserCAKeys %s.pub\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nAuthorizedKeysFile none\n",
		address.Port, keygen(t, "-t", "ed25519", "-N", ""), file)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "log")
	server := exec.CommandContext(t.Context(), sshd, "-D", "-f", config, "-E", log) //nolint:gosec // found in PATH
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if text, _ := os.ReadFile(log); t.Failed() {
			t.Logf("%s", text)
		}
	})
	for end := time.Now().Add(10 * time.Second); ; {
		if c, err := net.DialTCP("tcp", nil, address); err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("sshd does not answer")
		}
		<-time.After(20 * time.Millisecond)
	}

	authority := open(t, field.Values{"key": file})
	users := keygen(t, "-t", "ed25519", "-N", "")
	private, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	login := func(r ca.SSHRequest) error {
		line, err := authority.SignSSH(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		shown, err := ssh.NewCertSigner(key.(*ssh.Certificate), signer)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ssh.Dial("tcp", address.String(), &ssh.ClientConfig{User: me.Username, Auth: []ssh.AuthMethod{ssh.PublicKeys(shown)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second}) //nolint:gosec // a server of this test
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	for _, c := range []struct {
		name   string
		change func(r *ca.SSHRequest)
		want   bool
	}{
		{"the account", func(*ca.SSHRequest) {}, true},
		{"another account", func(r *ca.SSHRequest) { r.Principals = []string{"somebody"} }, false},
		{"after its end", func(r *ca.SSHRequest) { r.Until = time.Now().Add(-time.Second) }, false},
		{"from elsewhere", func(r *ca.SSHRequest) { r.SourceAddress = "192.0.2.0/24" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request(public(t, users))
			r.Principals = slices.Concat(r.Principals, []string{me.Username})
			c.change(&r)
			if err := login(r); (err == nil) != c.want {
				t.Errorf("error %v", err)
			}
		})
	}
}
