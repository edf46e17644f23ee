package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
	"edumfa/internal/store/storetest"
)

func TestAudit_ExportRotateVerify(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_CHAIN = True\n"})
	n := in.Serve()
	for range 8 {
		n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
	}
	if err := n.App.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EDUMFA_CONFIGFILE", filepath.Join(in.Dir, "edumfa.cfg"))
	m := manager{t: t, dir: t.TempDir()}

	lines := strings.Split(strings.TrimSpace(m.ok("audit", "export", "--after", "2", "--since", "1h")), "\n")
	var row struct {
		Number int64
		User   string
	}
	if err := json.Unmarshal([]byte(lines[0]), &row); err != nil || len(lines) != 6 || row.Number != 3 || row.User != "alice" {
		t.Errorf("%d lines, %+v, %v", len(lines), row, err)
	}
	if out := m.ok("audit", "export", "--format", "syslog"); strings.Count(out, "edumfa - audit - CEF:0|eduMFA|") != 8 {
		t.Errorf("%s", out)
	}
	if out := m.ok("audit", "dump"); strings.Count(out, "'OK'") != 8+6 { // signatures, and rows with neighbours
		t.Errorf("%s", out)
	}
	if out := m.ok("audit", "verify"); !strings.Contains(out, "8 rows: 0 signed, 8 sealed by 1 checkpoints; 0 faults") {
		t.Errorf("%s", out)
	}
	known := strings.TrimSpace(m.ok("audit", "checkpoint"))
	if out := m.ok("audit", "rotate", "-hw", "6", "-lw", "3", "--check"); !strings.Contains(out, "4 entries deleted") {
		t.Errorf("%s", out)
	}
	if out := m.ok("audit", "verify", "--checkpoint", known); !strings.Contains(out, "4 rows: 0 signed, 4 sealed by 2 checkpoints; 0 faults") {
		t.Errorf("%s", out)
	}
	raw := storetest.Raw(t, "sqlite:///"+filepath.Join(in.Dir, "edumfa.sqlite"))
	for _, q := range []string{"UPDATE mfa_audit SET resolver = 'x' WHERE id = 5", "DELETE FROM mfa_audit WHERE id = 8"} {
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	code, out := m.run("audit", "verify")
	if code != 1 || !strings.Contains(out, "row 5 changed") || !strings.Contains(out, "row 8 missing") {
		t.Errorf("status %d: %s", code, out)
	}
	code, out = m.run("audit", "rotate", "--age", "0", "--check")
	if code != 1 || !strings.Contains(out, "Entry 5 is not as it was written") || !strings.Contains(out, "2 entries deleted") {
		t.Errorf("status %d: %s", code, out)
	}
	if code, out = m.run("audit", "verify", "--allow-gaps"); code != 1 || strings.Contains(out, "row 6") || !strings.Contains(out, "row 5 changed") {
		t.Errorf("status %d: %s", code, out)
	}
}
