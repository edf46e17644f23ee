package fudiscr

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// programs is the folder with the two programs.
var programs string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "edumfa-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "edumfa/cmd/edumfa", "edumfa/cmd/edumfa-manage")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// installation is an empty folder, the two programs, and a server once it runs.
type installation struct {
	t                      *testing.T
	dir, programs, address string
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{t: t, dir: t.TempDir(), programs: programs}
	in.write("edumfa.cfg", "SUPERUSER_REALM = ['super']\nSECRET_KEY = 'a secret of the tests'\nEDUMFA_PEPPER = 'pepper'\n"+
		"SQLALCHEMY_DATABASE_URI = 'sqlite:///"+in.dir+"/data.sqlite'\nEDUMFA_ENCFILE = '"+in.dir+"/enckey'\n"+
		"EDUMFA_AUDIT_KEY_PRIVATE = '"+in.dir+"/private.pem'\nEDUMFA_AUDIT_KEY_PUBLIC = '"+in.dir+"/public.pem'\n"+
		"EDUMFA_HASH_ALGO_PARAMS = {'argon2__rounds': 2, 'argon2__memory_cost': 64, 'argon2__parallelism': 1}\n")
	return in
}

func (in *installation) write(name, content string) string {
	in.t.Helper()
	name = filepath.Join(in.dir, name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		in.t.Fatal(err)
	}
	return name
}

// command prepares one of the programs.
func (in *installation) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(in.programs, program), args...)
	c.Env = append(os.Environ(), "EDUMFA_CONFIGFILE="+filepath.Join(in.dir, "edumfa.cfg"))
	return c
}

// manage runs edumfa-manage, with what is typed, and returns its output.
func (in *installation) manage(typed string, args ...string) string {
	in.t.Helper()
	c := in.command(in.t.Context(), "edumfa-manage", args...)
	c.Stdin = strings.NewReader(typed)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		in.t.Fatalf("edumfa-manage %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// serve starts the server on a free port and ends it with the test.
func (in *installation) serve() {
	in.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := in.command(ctx, "edumfa", "serve", "--listen", "127.0.0.1:0")
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	errs, err := c.StderrPipe()
	if err != nil {
		in.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		in.t.Fatal(err)
	}
	lines := bufio.NewScanner(errs)
	address := regexp.MustCompile(`msg=serving.* address=(\S+)`)
	for in.address == "" && lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			in.address = m[1]
		}
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, errs)
		close(done)
	}()
	in.t.Cleanup(func() {
		cancel()
		<-done
		_ = c.Wait()
	})
	if in.address == "" {
		in.t.Fatal("the server did not start")
	}
}

// reply is an answer of the server.
type reply struct {
	t      *testing.T
	status int
	body   map[string]any
}

// call makes a request, "METHOD /path", with form parameters.
func (in *installation) call(key, request string, p url.Values) reply {
	in.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	target, body := "http://"+in.address+path, io.Reader(nil)
	if method == http.MethodGet {
		target += "?" + p.Encode()
	} else {
		body = strings.NewReader(p.Encode())
	}
	req, err := http.NewRequestWithContext(in.t.Context(), method, target, body)
	if err != nil {
		in.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if key != "" {
		req.Header.Set("Authorization", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		in.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	r := reply{t: in.t, status: res.StatusCode}
	if err := json.NewDecoder(res.Body).Decode(&r.body); err != nil {
		r.body = nil // pages for people
	}
	return r
}

// get follows member names, separated by points.
func (r reply) get(path string) any {
	var v any = r.body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			if name != "0" || len(x) == 0 {
				return nil
			}
			v = x[0]
		default:
			return nil
		}
	}
	return v
}

func (r reply) want(status int, path string, value any) {
	r.t.Helper()
	if got := r.get(path); r.status != status || got != value {
		r.t.Fatalf("status %d, %s = %v, want %d, %v\n%v", r.status, path, got, status, value, r.body)
	}
}
