package app_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app"
	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
	"edumfa/internal/store/storetest"
)

// logged are the audit rows in a log file.
func logged(t *testing.T, path string) (rows []map[string]any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		var m map[string]any
		if i := strings.Index(l, `{"`); i >= 0 && json.Unmarshal([]byte(l[i:]), &m) == nil && strings.Contains(m["action"].(string), "validate") {
			rows = append(rows, m)
		}
	}
	return rows
}

func found(n *apptest.Node) any {
	v, _ := n.Must("GET /audit/", apptest.P{"action": "*validate*"}).Value().(map[string]any)
	return v["count"]
}

const modules = "'edumfa.lib.auditmodules."

func TestAuditModules_Log(t *testing.T) {
	in := apptest.New(t, apptest.Options{LogFile: true, Config: "EDUMFA_AUDIT_MODULE = " + modules + "loggeraudit'\nEDUMFA_LOGFILE = 'edumfa.log'\n"})
	n := in.Serve()
	n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x\ny"})
	rows := logged(t, filepath.Join(in.Dir, "edumfa.log"))
	if len(rows) != 1 || rows[0]["user"] != "alice" || rows[0]["success"] != false || rows[0]["duration"] == "" || rows[0]["timestamp"] == nil {
		t.Errorf("%v", rows)
	}
	if got := found(n); got != 0.0 {
		t.Errorf("%v rows can be read", got)
	}
	if r := n.Admin("GET /audit/x.csv", nil); r.Status != 200 || len(r.Raw) != 0 {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}

func TestAuditModules_LogOfItsOwnAndTheDatabase(t *testing.T) {
	in := apptest.New(t, apptest.Options{LogFile: true, Config: "EDUMFA_AUDIT_MODULE = " + modules + "containeraudit'\n" +
		"EDUMFA_AUDIT_CONTAINER_WRITE = [" + modules + "sqlaudit', " + modules + "loggeraudit']\nEDUMFA_AUDIT_CONTAINER_READ = " + modules + "sqlaudit'\n" +
		"EDUMFA_AUDIT_LOGGER_QUALNAME = 'trail'\nEDUMFA_LOGFILE = '/dev/full'\n"})
	n := in.Serve()
	// the row is in the database, but the log is full
	r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
	if r.Status != 500 {
		t.Errorf("an answer whose row cannot be logged was sent: %s", r.Raw)
	}
	if err := os.WriteFile(filepath.Join(in.Dir, "logging.cfg"), []byte("version: 1\nhandlers:\n  h:\n    class: logging.FileHandler\n    filename: audit.log\nloggers:\n  trail:\n    handlers: [h]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in.Configure("EDUMFA_LOGCONFIG = 'logging.cfg'\n")
	n = in.AnotherNode()
	n.Call("POST /validate/check", apptest.P{"user": "bob", "pass": "x"})
	if rows := logged(t, filepath.Join(in.Dir, "audit.log")); len(rows) != 1 || rows[0]["user"] != "bob" {
		t.Errorf("%v", rows)
	}
	if got := found(n); got != 2.0 {
		t.Errorf("%v rows can be read", got)
	}
}

// Commands open no log of their own, but the rows of what they do are logged.
func TestAuditModules_LogOfACommand(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_MODULE = " + modules + "loggeraudit'\nEDUMFA_LOGFILE = 'edumfa.log'\n"})
	in.Serve().Call("POST /validate/check", apptest.P{"user": "alice", "pass": "x"})
	if rows := logged(t, filepath.Join(in.Dir, "edumfa.log")); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
}

func TestAuditModules_NoPlaceForTheRows(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	in.Configure("EDUMFA_AUDIT_MODULE = " + modules + "loggeraudit'\n")
	if _, err := app.Open(t.Context(), in.Configuration(), app.Deps{}); err == nil || !strings.Contains(err.Error(), "EDUMFA_LOGFILE") {
		t.Errorf("a server whose audit rows go nowhere starts: %v", err)
	}
}

func TestAuditDatabaseOfItsOwn(t *testing.T) {
	for _, product := range storetest.Products() {
		t.Run(product, func(t *testing.T) {
			uri := storetest.URI(t, product)
			in := apptest.New(t, apptest.Options{Config: "EDUMFA_AUDIT_SQL_URI = '" + uri + "'\n"})
			n := in.Serve()
			n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "T1", "user": "alice", "otpkey": "3132333435363738393031323334353637383930"})
			if r := n.Call("POST /validate/check", apptest.P{"serial": "T1", "pass": "755224"}); r.Value() != true {
				t.Fatalf("%s", r.Raw)
			}
			if got := found(n); got != 1.0 {
				t.Errorf("%v rows can be read", got)
			}
			here := 0
			if err := n.App.Store.EachAudit(t.Context(), audit.Filter{}, func(audit.Row) error { here++; return nil }); err != nil || here != 0 {
				t.Errorf("%d rows in the database of the tokens, %v", here, err)
			}
			r := n.Must("GET /audit/", apptest.P{"action": "*validate*"})
			if !strings.Contains(string(r.Raw), `"sig_check": "OK"`) {
				t.Errorf("%s", r.Raw)
			}
			// without the row no answer; the value is used up all the same
			if _, err := storetest.Raw(t, uri).ExecContext(t.Context(), "DROP TABLE mfa_audit"); err != nil {
				t.Fatal(err)
			}
			if r := n.Call("POST /validate/check", apptest.P{"serial": "T1", "pass": "287082"}); r.Status != 500 {
				t.Errorf("an answer without an audit row: %s", r.Raw)
			}
			again := in.AnotherNode() // makes the table
			if r := again.Call("POST /validate/check", apptest.P{"serial": "T1", "pass": "287082"}); r.Value() != false {
				t.Errorf("a value was taken twice: %s", r.Raw)
			}
		})
	}
}
