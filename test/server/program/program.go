// Package program finds the programs of the system that tests compare with.
package program

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Find returns the path of a program. Without it the test is skipped, unless the
// environment variable EDUMFA_REQUIRE names it.
func Find(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("EDUMFA_REQUIRE"), ","), name) {
		t.Fatal(err)
	}
	t.Skipf("%s is not installed", name)
	return ""
}
