// Package need is how tests ask for servers and programs that not every machine
// has: without them a test is skipped, unless the environment variable
// EDUMFA_REQUIRE, a list with commas, names what is missing. Then it fails.
package need

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Program is the path of a program, in PATH or where Debian puts daemons. what is
// its name in EDUMFA_REQUIRE.
func Program(t testing.TB, what, name string) string {
	t.Helper()
	for _, folder := range []string{"", "/usr/sbin/", "/usr/local/bin/"} {
		if path, err := exec.LookPath(folder + name); err == nil {
			return path
		}
	}
	Missing(t, what, name+" is not installed: run scripts/install-test-servers")
	return ""
}

// Missing ends a test that cannot have what it needs.
func Missing(t testing.TB, what string, reason any) {
	t.Helper()
	for n := range strings.SplitSeq(os.Getenv("EDUMFA_REQUIRE"), ",") {
		if strings.TrimSpace(n) == what {
			t.Fatalf("%s is required: %v", what, reason)
		}
	}
	t.Skipf("no %s: %v", what, reason)
}
