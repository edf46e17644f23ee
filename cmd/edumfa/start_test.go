package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the server as it is shipped, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(withBinary(m))
}

func withBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "edumfa-start-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "edumfa")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// environment is that of this process without what configures the server.
func environment(extra ...string) []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.Contains(strings.SplitN(v, "=", 2)[0], "EDUMFA") {
			env = append(env, v)
		}
	}
	return append(env, extra...)
}

// installation makes one and ends the server that made it.
func installation(t *testing.T) (dir, password string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "var")
	s := start(t, filepath.Dir(dir), nil, "quickstart", "--listen", "127.0.0.1:0")
	s.stop(t)
	if s.password == "" {
		t.Fatal("the first start names no password")
	}
	return dir, s.password
}

func TestStart_SaysWhatIsWrong(t *testing.T) {
	dir, _ := installation(t)
	good, err := os.ReadFile(filepath.Join(dir, "edumfa.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	with := func(name, key, value string) string {
		return write(name, string(good)+key+" = '"+value+"'\n")
	}
	write("short", "only a few bytes")
	for _, c := range []struct {
		name, config string
		want         string // part of the line
	}{
		{"a file that is not there", "/nonexistent/edumfa.cfg", "/nonexistent/edumfa.cfg"},
		{"a folder instead of a file", dir, "cannot be read"},
		{"text that is no configuration", write("broken.cfg", "SECRET_KEY = (\n"), "broken.cfg:"},
		{"a required key is missing", write("empty.cfg", "# nothing\n"), "SECRET_KEY is missing"},
		{"an encryption key file that is not there", with("nokey.cfg", "EDUMFA_ENCFILE", "nowhere"), "EDUMFA_ENCFILE"},
		{"an encryption key file of the wrong size", with("shortkey.cfg", "EDUMFA_ENCFILE", "short"), "EDUMFA_ENCFILE"},
		{"a signing key that is none", with("nosign.cfg", "EDUMFA_AUDIT_KEY_PRIVATE", "short"), "EDUMFA_AUDIT_KEY_PRIVATE"},
		{"a database URL that is none", with("nouri.cfg", "SQLALCHEMY_DATABASE_URI", "what is this"), "SQLALCHEMY_DATABASE_URI"},
		{"a PostgreSQL that does not answer", with("nopg.cfg", "SQLALCHEMY_DATABASE_URI", "postgresql://u:hidden@127.0.0.1:1/x"), "database"},
		{"a MariaDB that does not answer", with("nomaria.cfg", "SQLALCHEMY_DATABASE_URI", "mysql+pymysql://u:hidden@127.0.0.1:1/x"), "database"},
		{"an SQLite file in a folder that is not there", with("nosqlite.cfg", "SQLALCHEMY_DATABASE_URI", "sqlite:////nonexistent/x.sqlite"), "/nonexistent/x.sqlite"},
		{"a database without tables", with("notables.cfg", "SQLALCHEMY_DATABASE_URI", "sqlite:///empty.sqlite"), "create_tables"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0")
			cmd.Env = environment("EDUMFA_CONFIGFILE=" + c.config)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); err == nil || code != 1 {
				t.Errorf("exit status %d, want 1 (%v)", code, err)
			}
			text := stderr.String()
			if stdout.Len() > 0 || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "edumfa: ") {
				t.Errorf("want one line on standard error, got %q and on standard output %q", text, stdout.String())
			}
			if !strings.Contains(text, c.want) {
				t.Errorf("the line %q does not contain %q", text, c.want)
			}
			if strings.Contains(text, "hidden") {
				t.Errorf("the line %q shows a password", text)
			}
		})
	}
}

func TestQuickstart_MakesAnInstallationOnce(t *testing.T) {
	dir, password := installation(t)
	before := listing(t, dir)
	s := start(t, filepath.Dir(dir), nil, "quickstart", "--listen", "127.0.0.1:0")
	if s.password != "" {
		t.Error("the second start shows a password")
	}
	if status, value := s.login(t, "admin", password); status != http.StatusOK || value["token"] == "" {
		t.Errorf("login with the first password: %d %v", status, value)
	}
	if status, _ := s.login(t, "admin", password+"x"); status != http.StatusUnauthorized {
		t.Errorf("login with a wrong password: %d", status)
	}
	s.stop(t)
	if after := listing(t, dir); after != before {
		t.Errorf("the second start changed files:\n%s\nwere\n%s", after, before)
	}
}

func TestQuickstart_LeavesOtherFilesAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "quickstart", dir, "--listen", "127.0.0.1:0")
	cmd.Env = environment()
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is not empty") {
		t.Errorf("got %v, %s", err, out)
	}
}

func TestQuickstart_ServesTheNamedInstallation(t *testing.T) {
	dir, _ := installation(t)
	elsewhere := t.TempDir()
	s := start(t, elsewhere, []string{"EDUMFA_CONFIGFILE=" + filepath.Join(dir, "edumfa.cfg")}, "quickstart", "--listen", "127.0.0.1:0")
	s.stop(t)
	if names, _ := os.ReadDir(elsewhere); len(names) > 0 {
		t.Errorf("made %v beside an installation that was named", names)
	}
}

func TestCheckConfig(t *testing.T) {
	dir, _ := installation(t)
	good := filepath.Join(dir, "edumfa.cfg")
	typo := filepath.Join(dir, "typo.cfg")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(typo, append(text, "EDUMFA_NODS = ['a']\nEDUMFA_AUDIT_KEY_PUBLIC = 'gone'\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none.cfg")
	if err := os.WriteFile(none, []byte("EDUMFA_NODES = ['a']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file string
		code       int
		want       []string
	}{
		{"nothing to say", good, 0, []string{"can be used"}},
		{"a key that is mistyped and a file that is gone", typo, 0, []string{"typo.cfg:", "EDUMFA_NODE meant", "EDUMFA_AUDIT_KEY_PUBLIC: cannot read", "can be used"}},
		{"keys that are missing", none, 1, []string{"SECRET_KEY is missing", "SQLALCHEMY_DATABASE_URI is missing", "cannot be used"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(binary, "check-config")
			cmd.Env = environment("EDUMFA_CONFIGFILE=" + c.file)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit status %d, want %d", code, c.code)
			}
			for _, w := range c.want {
				if !strings.Contains(string(out), w) {
					t.Errorf("no %q in\n%s", w, out)
				}
			}
		})
	}
}

// server is a running server and what it said when it was ready.
type server struct {
	cmd      *exec.Cmd
	address  string
	password string
	done     chan error
}

var (
	addressLine  = regexp.MustCompile(`answers at (http://\S+)`)
	passwordLine = regexp.MustCompile(`password (\S+) \(shown`)
)

// start starts the server and waits for what quickstart says last.
func start(t *testing.T, dir string, env []string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.CommandContext(t.Context(), binary, args...), done: make(chan error, 1)}
	s.cmd.Dir, s.cmd.Env = dir, environment(env...)
	var stderr bytes.Buffer
	s.cmd.Stderr = &stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	// A server that never says it is ready must not hold the tests.
	watchdog := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			s.address = m[1]
		}
		if m := passwordLine.FindStringSubmatch(lines.Text()); m != nil {
			s.password = m[1]
		}
		ready = strings.HasPrefix(lines.Text(), "Administer")
	}
	if !ready {
		_ = s.cmd.Wait()
		t.Fatalf("the server did not start: %s", stderr.String())
	}
	go func() {
		for lines.Scan() {
		}
		s.done <- s.cmd.Wait()
	}()
	return s
}

// stop ends the server as an operator does; it must leave without an error.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-s.done; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func (s *server) login(t *testing.T, user, password string) (int, map[string]any) {
	t.Helper()
	r, err := http.PostForm(s.address+"/auth", url.Values{"username": {user}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var body struct {
		Result struct{ Value map[string]any }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, body.Result.Value
}

// listing is the names and contents of all files but the database, whose audit
// table grows.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		if strings.Contains(e.Name(), "sqlite") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n%s\n", e.Name(), text)
	}
	return b.String()
}

func TestServe_LogFileIsOpenedAgain(t *testing.T) {
	dir, _ := installation(t)
	path := filepath.Join(dir, "own.log")
	name := filepath.Join(dir, "edumfa.cfg")
	cfg, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(cfg, []byte("\nEDUMFA_LOGFILE = '"+path+"'\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, []string{"EDUMFA_CONFIGFILE=" + name}, "quickstart", "--listen", "127.0.0.1:0")
	if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), "[INFO][edumfa:0] serving address=") {
		t.Fatalf("%q, %v", b, err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err = os.Stat(path); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Error("the file was not opened again")
	}
	s.stop(t)
}
