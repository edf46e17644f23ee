package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/secret"
)

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCreateAndExtract(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/etc/edumfa.cfg", "config")
	write(t, dir+"/etc/enckey", "key")
	write(t, dir+"/etc/sub/notes", "notes")
	if err := os.Symlink("notes", dir+"/etc/sub/link"); err != nil {
		t.Fatal(err)
	}
	dump := Dump{Extension: ".sqlite", Write: func(_ context.Context, file string) error { return os.WriteFile(file, []byte("rows"), 0o600) }}
	for name, withKey := range map[string]bool{"without the key": false, "with the key": true} {
		t.Run(name, func(t *testing.T) {
			o := Options{Target: dir + "/" + name, Folders: []string{dir + "/etc"}, KeyFile: dir + "/etc/enckey", WithKey: withKey, Now: time.Unix(0, 0).UTC()}
			archive, err := Create(t.Context(), o, dump)
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(archive)
			if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(archive) != "eduMFA-backup-19700101-0000.tgz" {
				t.Errorf("%s: %v %v", archive, info.Mode(), err)
			}
			c, err := Inspect(archive)
			if err != nil || c.HasKey != withKey || c.Config != dir+"/etc/edumfa.cfg" {
				t.Fatalf("%+v, %v", c, err)
			}
			root, restored := t.TempDir(), filepath.Join(t.TempDir(), "dump")
			if err := Extract(archive, c, root, restored); err != nil {
				t.Fatal(err)
			}
			for file, want := range map[string]string{root + dir + "/etc/edumfa.cfg": "config", root + dir + "/etc/sub/link": "notes", restored: "rows"} {
				if b, err := os.ReadFile(file); err != nil || string(b) != want {
					t.Errorf("%s: %q, %v", file, b, err)
				}
			}
		})
	}
}

func TestCreateLeavesNothingWhenItFails(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/etc/edumfa.cfg", "config")
	o := Options{Target: dir + "/target", Folders: []string{dir + "/etc"}}
	if _, err := Create(t.Context(), o, Dump{Extension: ".sql", Write: func(context.Context, string) error { return errors.New("no database") }}); err == nil {
		t.Error("no error")
	}
	if list, _ := os.ReadDir(dir + "/target"); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}

func TestParseServer(t *testing.T) {
	for uri, want := range map[string]string{
		"postgresql+psycopg2://u:p%40ss@db.example:5433/mfa?sslmode=require": "true u p@ss db.example 5433 mfa",
		"mysql+pymysql://u:p@ss@localhost/mfa?charset=utf8":                  "false u p@ss localhost  mfa",
		"postgresql://[::1]/mfa":                                             "true   ::1  mfa",
	} {
		s, err := ParseServer(secret.New(uri))
		pg := "false"
		if s.Postgres {
			pg = "true"
		}
		if got := strings.Join([]string{pg, s.User, s.Password.Reveal(), s.Host, s.Port, s.Database}, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
	}
	if _, err := ParseServer(secret.New("oracle://u:p@h/d")); err == nil || strings.Contains(err.Error(), "u:p") {
		t.Errorf("%v", err)
	}
}
