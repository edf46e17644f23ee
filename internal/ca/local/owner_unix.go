//go:build unix

package local

import (
	"os"
	"path/filepath"
	"syscall"
)

// ownAs gives a file that root writes to the owner of the one it replaces, else of
// the folder: the server must be able to read what the command line writes.
func ownAs(f *os.File, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		if info, err = os.Stat(filepath.Dir(name)); err != nil {
			return err
		}
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(s.Uid), int(s.Gid))
	}
	return nil
}
