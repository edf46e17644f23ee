package script

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
)

type facts struct {
	event.Facts
	serial string
	user   event.User
	caller event.Caller
}

func (f facts) Named() string        { return f.serial }
func (f facts) Meant() event.User    { return f.user }
func (f facts) Caller() event.Caller { return f.caller }

type options = map[string]string

// folder has some programs in it, and one beside it.
func folder(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "scripts")
	for name, text := range map[string]string{
		"scripts/args.sh":   `printf '%s\n' "$@" > args.txt; pwd > where.txt; env | sort > env.txt`,
		"scripts/bad.sh":    "echo ran >> ran.txt; echo the disk is full >&2; exit 3",
		"scripts/hangs.sh":  "sleep 600 & echo $! > child.txt; echo started > started.txt; wait",
		"scripts/.hidden":   "echo ran >> ran.txt",
		"scripts/loud.sh":   "head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1",
		"scripts/sub/in.sh": "echo ran >> ran.txt",
		"outside.sh":        "echo ran >> ran.txt",
	} {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil { //nolint:gosec // it is a program
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plain.txt"), []byte("no program\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func newHandler(dir string) *Handler { return New(dir, []string{"PATH=/usr/bin:/bin", "A=b"}) }

func call(action string, o options) event.Call {
	return event.Call{Definition: event.Definition{Action: action, Options: o}, Facts: facts{}, Log: slog.New(slog.DiscardHandler)}
}

func TestDo_Arguments(t *testing.T) {
	all := options{"background": "wait", "serial": "1", "user": "1", "realm": "1", "logged_in_user": "1", "logged_in_role": "1"}
	for _, c := range []struct {
		name    string
		options options
		facts   facts
		want    string
	}{
		{"everything", all, facts{serial: "S1", user: event.User{Login: "alice", Realm: "realm1"}, caller: event.Caller{Name: "hanna", Realm: "super", Role: "admin"}},
			"--serial S1 --user alice --realm realm1 --logged_in_user hanna@super --logged_in_role admin"},
		{"a local administrator", all, facts{caller: event.Caller{Name: "admin", Role: "admin"}},
			"--serial none --user none --realm none --logged_in_user admin@ --logged_in_role admin"},
		{"nobody", all, facts{}, "--serial none --user none --realm none --logged_in_user none@none --logged_in_role none"},
		{"nothing asked for", options{"background": "wait"}, facts{serial: "S1"}, ""},
		{"only some", options{"background": "wait", "realm": "1", "serial": "0"}, facts{user: event.User{Realm: "r"}}, "--realm r"},
		{"hostile values stay values", all, facts{serial: "$(touch x)", user: event.User{Login: "`id`;rm", Realm: "a b\"'"}},
			"--serial $(touch x) --user `id`;rm --realm a b\"' --logged_in_user none@none --logged_in_role none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t)
			in := call("args.sh", c.options)
			in.Facts = c.facts
			if err := newHandler(dir).Do(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(read(t, dir, "args.txt"), "\n", " "); got != c.want {
				t.Errorf("%s", got)
			}
			if got := read(t, dir, "where.txt"); got != dir {
				t.Errorf("it ran in %s", got)
			}
			if got := read(t, dir, "env.txt"); !strings.HasPrefix(got, "A=b\n") || strings.Contains(got, "HOME=") {
				t.Errorf("environment:\n%s", got)
			}
		})
	}
}

func TestDo_Fails(t *testing.T) {
	for _, c := range []struct {
		script  string
		options options
		fails   bool
		public  string
	}{
		{"bad.sh", options{"background": "wait"}, true, ""},
		{"bad.sh", options{"background": "wait", "raise_error": "1"}, true, "Error during execution of the script."},
		{"missing.sh", options{"background": "wait"}, true, ""},
		{"missing.sh", options{"background": "wait", "raise_error": "True"}, true, "Failed to start script."},
		{"missing.sh", options{"background": "background", "raise_error": "1"}, true, ""},
		{"plain.txt", options{"background": "wait", "raise_error": "1"}, true, "Failed to start script."},
		{"loud.sh", options{"background": "wait"}, true, ""},
		{"../outside.sh", options{"background": "wait", "raise_error": "1"}, true, "Failed to start script."},
		{"../outside.sh", options{}, true, ""},
		{"sub/in.sh", options{"background": "wait"}, true, ""},
		{"/bin/true", options{"background": "wait"}, true, ""},
		{".hidden", options{"background": "wait"}, true, ""},
		{"..", options{"background": "wait"}, true, ""},
		{"", options{"background": "wait"}, true, ""},
		{"sub", options{"background": "wait"}, true, ""},
		{"args.sh\x00", options{"background": "wait"}, true, ""},
	} {
		t.Run(c.script+" "+c.options["background"]+c.options["raise_error"], func(t *testing.T) {
			dir := folder(t)
			err := newHandler(dir).Do(t.Context(), call(c.script, c.options))
			if (err != nil) != c.fails {
				t.Fatalf("error %v", err)
			}
			var public string
			if e, is := errors.AsType[*mfaerr.Error](err); is {
				public = e.Public
			}
			if public != c.public {
				t.Errorf("the client is told %q", public)
			}
			if c.script == "bad.sh" && !strings.Contains(err.Error(), "the disk is full") {
				t.Errorf("%v", err)
			}
			if c.script == "loud.sh" && len(err.Error()) > 2*maxSaid {
				t.Errorf("%d bytes are logged", len(err.Error()))
			}
			if _, err := os.Stat(filepath.Join(dir, "..", "ran.txt")); err == nil {
				t.Error("a program outside of the folder ran")
			}
		})
	}
}

// A program that hangs is killed with all that it started.
func TestDo_CutsOff(t *testing.T) {
	dir := folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- newHandler(dir).Do(ctx, call("hangs.sh", options{"background": "wait"})) }()
	for {
		if _, err := os.Stat(filepath.Join(dir, "started.txt")); err == nil {
			break
		}
		select {
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	child, err := strconv.Atoi(read(t, dir, "child.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if alive(child) {
		t.Errorf("the child %d is still there", child)
	}
}

// alive tells whether a process runs; one that was killed may wait for its
// parent.
func alive(pid int) bool {
	for range 1000 {
		if err := syscall.Kill(pid, 0); err != nil {
			return false
		}
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil || strings.Contains(string(b), ") Z ") {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	return true
}

func TestDo_InTheBackground(t *testing.T) {
	dir := folder(t)
	h := newHandler(dir)
	if err := h.Do(t.Context(), call("bad.sh", options{"background": "background", "raise_error": "1"})); err != nil {
		t.Fatal(err)
	}
	for range maxBackground { // until nothing runs any more
		h.running <- struct{}{}
	}
	if read(t, dir, "ran.txt") != "ran" {
		t.Error("it did not run")
	}
	if err := h.Do(t.Context(), call("bad.sh", nil)); err == nil {
		t.Error("one too many was started")
	}
}

func TestActions(t *testing.T) {
	got, err := newHandler(folder(t)).Actions()
	if diff := cmp.Diff([]string{"args.sh", "bad.sh", "hangs.sh", "loud.sh", "plain.txt"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := newHandler(filepath.Join(t.TempDir(), "nowhere")).Actions(); !mfaerr.Is(err, mfaerr.Request) {
		t.Errorf("%v", err)
	}
}
