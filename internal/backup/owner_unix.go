//go:build unix

package backup

import (
	"os"
	"syscall"
)

// ownAs gives a file to the owner of another one, if the process may do that:
// the server must be able to read what root wrote.
func ownAs(model, file string) {
	if os.Geteuid() != 0 {
		return
	}
	info, err := os.Stat(model)
	if err != nil {
		return
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(file, int(s.Uid), int(s.Gid))
	}
}
