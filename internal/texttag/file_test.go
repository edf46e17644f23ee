package texttag

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	name := func(n string) string { return filepath.Join(dir, n) }
	for n, content := range map[string]string{"letter": "Grüße, {user}", "longest": strings.Repeat("x", maxFile), "too-long": strings.Repeat("x", maxFile+1)} {
		if err := os.WriteFile(name(n), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// reading a pipe that nobody writes to would wait for ever
	if err := syscall.Mkfifo(name("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, ok := range map[string]bool{"letter": true, "longest": true, "too-long": false, "pipe": false, "missing": false, ".": false} {
		text, err := ReadFile(name(n))
		if (err == nil) != ok || (text != "") != ok {
			t.Errorf("%s: %d characters, %v", n, len(text), err)
		}
	}
	if text, _ := ReadFile(name("letter")); text != "Grüße, {user}" {
		t.Errorf("%q", text)
	}
}
