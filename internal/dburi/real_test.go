package dburi

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"edumfa/test/need"
)

// server returns the URI of a real server, or ends the test as the environment
// asks.
func server(t *testing.T, name, variable, uri string) string {
	t.Helper()
	if s := os.Getenv(variable); s != "" {
		uri = s
	}
	target, err := Parse(uri, Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(target.Driver(), target.DSN)
	if err == nil {
		err = db.PingContext(t.Context())
		_ = db.Close()
	}
	if err != nil {
		need.Missing(t, name, err)
	}
	return uri
}

func TestErrorsOfServers(t *testing.T) {
	for name, uri := range map[string]func(*testing.T) string{
		SQLite: func(t *testing.T) string { return "sqlite:///" + filepath.Join(t.TempDir(), "a #%41.sqlite") },
		Postgres: func(t *testing.T) string {
			return server(t, "postgres", "EDUMFA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
		},
		MySQL: func(t *testing.T) string {
			return server(t, "mariadb", "EDUMFA_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql?charset=utf8")
		},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := Parse(uri(t), Options{})
			if err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open(target.Driver(), target.DSN)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			checkDuplicate(t, db)
		})
	}
}

func checkDuplicate(t *testing.T, db *sql.DB) {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range []string{"CREATE TEMPORARY TABLE dburi_test (id INTEGER PRIMARY KEY)", "INSERT INTO dburi_test VALUES (1)"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	_, err = conn.ExecContext(ctx, "INSERT INTO dburi_test VALUES (1)")
	if !Duplicate(err) || Retry(err) || Disconnected(err) {
		t.Errorf("%v: duplicate %t, retry %t, disconnected %t", err, Duplicate(err), Retry(err), Disconnected(err))
	}
}

func TestDisconnected(t *testing.T) {
	for name, uri := range map[string]string{
		"postgres nobody listens": "postgresql://u@127.0.0.1:1/x", "mysql nobody listens": "mysql://u@127.0.0.1:1/x",
	} {
		t.Run(name, func(t *testing.T) {
			target, err := Parse(uri, Options{})
			if err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open(target.Driver(), target.DSN)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Ping(); !Disconnected(err) {
				t.Error(err)
			}
		})
	}
}
