package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// TestEngines runs what speaks to the database on every product.
func TestEngines(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			t.Setenv("EDUMFA_CONFIGFILE", filepath.Join(in.Dir, "edumfa.cfg"))
			m := manager{t: t, dir: t.TempDir()}
			m.ok("db", "current")
			m.ok("resolver", "create_internal", "own")
			m.ok("resolver", "create_internal", "own")
			m.ok("realm", "create", "Local", "own,reso")
			m.ok("policy", "p_import", "-f", m.file("policies", "[{'name': 'p', 'scope': 'webui', 'action': 'logout_time=60'}]"))
			m.ok("event", "e_import", "-f", m.file("events", "[{'name': 'e', 'event': ['auth'], 'handlermodule': 'Counter', 'action': 'increase_counter', 'options': {'counter_name': 'c'}}]"))
			m.ok("token", "import", "-t", "local", m.file("tokens", "T1, 3132333435363738393031323334353637383930, hotp, 6, 3\n"))
			full := m.ok("config", "exporter")
			m.ok("backup", "create", "-d", m.dir+"/backup", "-c", m.dir)
			m.ok("policy", "delete", "p")
			m.ok("realm", "delete", "local")
			m.ok("admin", "add", "later", "-p", "pw")
			m.ok("config", "importer", "-i", m.file("full", full))
			for _, name := range []string{"'name': 'p'", "'name': 'e'", "'local': "} {
				if again := m.ok("config", "exporter"); !strings.Contains(full, name) || !strings.Contains(again, name) {
					t.Errorf("%s: exported\n%s\nthen\n%s", name, full, again)
				}
			}
			m.ok("audit", "dump")
			m.ok("audit", "rotate", "-hw", "0", "-lw", "0")
			m.ok("authcache", "cleanup")
			m.restore(in)
			m.ok("drop_tables", "-d", "yes")
			if code, _ := m.run("admin", "list"); code == 0 {
				t.Error("the tables are still there")
			}
			m.ok("create_tables")
		})
	}
}

type manager struct {
	t   *testing.T
	dir string
}

// restore brings the backup back, whose folder has the configuration of the test.
func (m manager) restore(in *apptest.Installation) {
	m.t.Helper()
	config, err := os.ReadFile(filepath.Join(in.Dir, "edumfa.cfg"))
	if err != nil {
		m.t.Fatal(err)
	}
	m.file("edumfa.cfg", string(config))
	m.ok("backup", "create", "-d", m.dir+"/second", "-c", m.dir, "-l", "ST")
	m.ok("admin", "delete", "later")
	list, _ := filepath.Glob(m.dir + "/second/*.tgz")
	if len(list) != 1 {
		m.t.Fatal(list)
	}
	m.ok("backup", "restore", list[0])
	if out := m.ok("admin", "list"); !strings.Contains(out, "later") {
		m.t.Errorf("not restored: %s", out)
	}
}

func (m manager) file(name, content string) string {
	m.t.Helper()
	name = filepath.Join(m.dir, name)
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		m.t.Fatal(err)
	}
	return name
}

func (m manager) run(args ...string) (int, string) {
	var out, errs bytes.Buffer
	code := run(append([]string{"-q"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String() + errs.String()
}

func (m manager) ok(args ...string) string {
	m.t.Helper()
	code, out := m.run(args...)
	if code != 0 {
		m.t.Fatalf("%v: status %d\n%s", args, code, out)
	}
	return out
}
