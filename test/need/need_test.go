package need_test

import (
	"fmt"
	"testing"

	"edumfa/test/need"
)

// record stops a test where the real one would.
type record struct {
	testing.TB
	skipped, failed string
}

func (*record) Helper() {}
func (r *record) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
}

func (r *record) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(r)
}

func TestProgram(t *testing.T) {
	for name, c := range map[string]struct {
		required, program string
		skipped, failed   bool
	}{
		"there":                   {"slapd", "sh", false, false},
		"missing":                 {"", "no-such-program", true, false},
		"others are required":     {"slapd,server2", "no-such-program", true, false},
		"required":                {"slapd, server", "no-such-program", false, true},
		"there although demanded": {"server", "sh", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("EDUMFA_REQUIRE", c.required)
			r := &record{TB: t}
			func() {
				defer func() {
					if p := recover(); p != nil && p != any(r) {
						panic(p)
					}
				}()
				need.Program(r, "server", c.program)
			}()
			if (r.skipped != "") != c.skipped || (r.failed != "") != c.failed {
				t.Errorf("skipped %q, failed %q", r.skipped, r.failed)
			}
		})
	}
}
