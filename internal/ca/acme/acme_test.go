package acme

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/ca/catest"
	"edumfa/internal/field"
	"edumfa/test/need"
)

const (
	bindingKID = "kid-1"
	bindingKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
)

// pebble starts the test server of Let's Encrypt, which wants external account
// binding, and asks the web server on webPort for http-01.
func pebble(t *testing.T, webPort int, env ...string) (directory, rootFile string) {
	t.Helper()
	program := need.Program(t, "pebble", "pebble")
	files := catest.NewAuthority(t).ServerFiles(t)
	address, management := freePort(t), freePort(t)
	conf, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", address), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", management),
		"certificate": filepath.Join(files, "cert.pem"), "privateKey": filepath.Join(files, "key.pem"),
		"httpPort": webPort, "tlsPort": freePort(t), "ocspResponderURL": "",
		"externalAccountBindingRequired": true, "externalAccountMACKeys": map[string]string{bindingKID: bindingKey},
	}})
	must(t, err)
	file := filepath.Join(files, "pebble.json")
	must(t, os.WriteFile(file, conf, 0o600))
	cmd := exec.CommandContext(t.Context(), program, "-config", file) //nolint:gosec // found above
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = append(os.Environ(), append([]string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=10"}, env...)...)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	awaitPort(t, address)
	return fmt.Sprintf("https://127.0.0.1:%d/dir", address), filepath.Join(files, "ca.pem")
}

func awaitPort(t *testing.T, port int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = c.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("nothing answers on port %d", port)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, directory, root string, more field.Values) ca.Connector {
	t.Helper()
	v := field.Values{
		"url": directory, "ssl_ca_cert": root, "account_key": filepath.Join(t.TempDir(), "account.pem"), "contact": "ca@example.org",
		"eab_kid": bindingKID, "eab_hmac_key": bindingKey, "timeout": "10",
	}
	for k, x := range more {
		v[k] = x
	}
	c, err := Kind().Open(ca.Config{Name: "a", Values: v}, ca.Deps{Now: time.Now})
	must(t, err)
	return c
}

// TestPebble_Proof proves a name by a file in a folder that a web server shows,
// then revokes the certificate.
func TestPebble_Proof(t *testing.T) {
	folder := t.TempDir()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := &http.Server{Handler: http.StripPrefix("/.well-known/acme-challenge/", http.FileServer(http.Dir(folder))), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(web) }()
	t.Cleanup(func() { _ = server.Close() })
	directory, root := pebble(t, web.Addr().(*net.TCPAddr).Port)
	c := open(t, directory, root, field.Values{"http01_folder": folder})

	must(t, c.(ca.Checker).Check(t.Context()))
	csr := catest.CSR(t, "localhost", "localhost")
	issued, err := c.Sign(t.Context(), ca.Request{CSR: csr})
	must(t, err)
	if issued.Certificate.DNSNames[0] != "localhost" || len(issued.Chain) == 0 {
		t.Errorf("issued %v with a chain of %d", issued.Certificate.DNSNames, len(issued.Chain))
	}
	must(t, issued.Certificate.CheckSignatureFrom(issued.Chain[0]))
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, error %v", left, err)
	}
	state, again, err := c.(ca.Pender).Pending(t.Context(), issued.RequestID)
	if err != nil || state != ca.Granted || !again.Certificate.Equal(issued.Certificate) {
		t.Errorf("state %v, error %v", state, err)
	}
	must(t, c.Revoke(t.Context(), issued.Certificate, ca.KeyCompromise))
}

// TestPebble_Approved needs no proof, and the account is the same after a restart.
func TestPebble_Approved(t *testing.T) {
	directory, root := pebble(t, freePort(t), "PEBBLE_VA_ALWAYS_VALID=1")
	key := filepath.Join(t.TempDir(), "account.pem")
	// The authority believes every answer; it must be given one.
	first := open(t, directory, root, field.Values{"account_key": key, "http01_folder": t.TempDir()})
	_, err := first.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "host.example.org", "host.example.org")})
	must(t, err)
	later := open(t, directory, root, field.Values{"account_key": key, "eab_kid": "", "http01_folder": t.TempDir()})
	_, err = later.Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "host.example.org", "host.example.org")})
	must(t, err)
}

func TestPebble_Refused(t *testing.T) {
	directory, root := pebble(t, freePort(t))
	for name, v := range map[string]field.Values{
		"without a binding": {"eab_kid": ""},
		"a wrong binding":   {"eab_hmac_key": base64.RawURLEncoding.EncodeToString(make([]byte, 32))},
		"no proof":          {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, directory, root, v).Sign(t.Context(), ca.Request{CSR: catest.CSR(t, "host.example.org", "host.example.org")})
			if _, ok := errors.AsType[*ca.Refused](err); !ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAccountKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "account.pem")
	keys := make(chan any, 8)
	for range cap(keys) {
		go func() {
			k, err := accountKey(file)
			if err != nil {
				keys <- err
				return
			}
			keys <- fmt.Sprint(k.Public())
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if k := <-keys; k != first {
			t.Errorf("%v and %v", first, k)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	must(t, os.WriteFile(file, []byte("no key"), 0o600))
	if _, err := accountKey(file); err == nil {
		t.Error("a file without a key was read")
	}
}

func TestPlain(t *testing.T) {
	for token, want := range map[string]bool{"LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0": true, "": false, "..": false, "a/b": false, "a\x00": false} {
		if plain(token) != want {
			t.Errorf("%q", token)
		}
	}
}
