package apptest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/dburi"
	"edumfa/test/need"
)

// Engine is a database product that an installation is made on, with the
// isolation of transactions that matters there.
type Engine string

// The engines. The servers are those of the local machine: PostgreSQL on port
// 5432 for the user postgres, MariaDB on port 3306 for root, both without a
// password; EDUMFA_TEST_POSTGRES and EDUMFA_TEST_MARIADB name others as URIs of
// a database.
const (
	SQLite               Engine = "sqlite"
	PostgreSQL           Engine = "postgres"
	MariaDB              Engine = "mariadb" // REPEATABLE READ, as it is delivered
	MariaDBReadCommitted Engine = "mariadb-read-committed"

	// PostgreSQL is READ COMMITTED as it is delivered. The others are configured
	// in edumfa.cfg, or as the default of the database, which the server does not
	// know of.
	PostgreSQLRepeatableRead        Engine = "postgres-repeatable-read"
	PostgreSQLDefaultRepeatableRead Engine = "postgres-default-repeatable-read"
	PostgreSQLSerializable          Engine = "postgres-serializable"
)

// Engines are all of them: for a test that is run on each in a subtest, which is
// skipped where the server is missing. With -short it is SQLite alone.
func Engines(t testing.TB) []Engine {
	t.Helper()
	if testing.Short() {
		return []Engine{SQLite}
	}
	return []Engine{SQLite, PostgreSQL, MariaDB, MariaDBReadCommitted}
}

// Isolations are the engines and the stricter isolations of PostgreSQL, where a
// transaction is given up rather than shown what others changed: for tests of
// what happens at once.
func Isolations(t testing.TB) []Engine {
	t.Helper()
	list := Engines(t)
	if testing.Short() {
		return list
	}
	return append(list, PostgreSQLRepeatableRead, PostgreSQLDefaultRepeatableRead, PostgreSQLSerializable)
}

// config is what the engine needs in edumfa.cfg.
func (e Engine) config() string {
	level := ""
	switch e {
	case MariaDBReadCommitted:
		level = "READ COMMITTED"
	case PostgreSQLRepeatableRead:
		level = "REPEATABLE READ"
	case PostgreSQLSerializable:
		level = "SERIALIZABLE"
	default:
		return ""
	}
	return "SQLALCHEMY_ENGINE_OPTIONS = {'isolation_level': '" + level + "'}"
}

// database makes a fresh database and returns its URI. It goes with the test.
func (e Engine) database(t testing.TB, dir string) string {
	t.Helper()
	switch e {
	case SQLite, "":
		return "sqlite:///" + filepath.Join(dir, "edumfa.sqlite")
	case PostgreSQL, PostgreSQLRepeatableRead, PostgreSQLDefaultRepeatableRead, PostgreSQLSerializable:
		create := []string{`CREATE DATABASE "%s"`}
		if e == PostgreSQLDefaultRepeatableRead {
			create = append(create, `ALTER DATABASE "%s" SET default_transaction_isolation = 'repeatable read'`)
		}
		return fresh(t, "postgres", "EDUMFA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres",
			`DROP DATABASE "%s" WITH (FORCE)`, create...)
	case MariaDB, MariaDBReadCommitted:
		return fresh(t, "mariadb", "EDUMFA_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql",
			"DROP DATABASE `%s`", "CREATE DATABASE `%s` CHARACTER SET utf8mb4")
	}
	t.Fatalf("engine %q is not known", e)
	return ""
}

// fresh makes a database on the server of the URI. drop and create are SQL with
// %s for its name.
func fresh(t testing.TB, server, variable, uri, drop string, create ...string) string {
	t.Helper()
	if s := os.Getenv(variable); s != "" {
		uri = s
	}
	target, err := dburi.Parse(uri, dburi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(target.Driver(), target.DSN)
	if err == nil {
		err = db.PingContext(context.Background())
	}
	if err != nil {
		need.Missing(t, server, err)
	}
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	name := "edumfa_test_" + hex.EncodeToString(b)
	for _, q := range create {
		if _, err := db.ExecContext(context.Background(), strings.Replace(q, "%s", name, 1)); err != nil {
			t.Fatal(err)
		}
	}
	// runs after the servers of the test have closed their connections
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), strings.Replace(drop, "%s", name, 1)); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	return uri[:strings.LastIndex(uri, "/")+1] + name
}
