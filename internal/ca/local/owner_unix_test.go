//go:build unix

package local

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// What root writes belongs to whom the replaced file, or the folder, belonged to.
func TestWriteFile_Owner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	owner := func(name string) uint32 {
		return must(os.Stat(filepath.Join(dir, name))).Sys().(*syscall.Stat_t).Uid
	}
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := writeFile(filepath.Join(dir, "new"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := owner("new"); got != 12345 {
		t.Errorf("a new file belongs to %d", got)
	}
	if err := os.Chown(filepath.Join(dir, "new"), 23456, 23456); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, "new"), []byte("y"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := owner("new"); got != 23456 || must(os.Stat(filepath.Join(dir, "new"))).Mode().Perm() != 0o600 {
		t.Errorf("a replaced file belongs to %d", got)
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}
