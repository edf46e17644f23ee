package sqlusers

import (
	"crypto/rand"
	"crypto/sha1"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/test/need"
)

func TestMain(m *testing.M) {
	_ = dburi.LogTo(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

// engine is one real database with a table of members of a sports club.
type engine struct {
	db     *sql.DB // the test's own way in
	values field.Values
	// kill ends all other connections to the database.
	kill func(*testing.T)
}

// with gives the settings with some changed.
func (e engine) with(more field.Values) field.Values {
	v := maps.Clone(e.values)
	maps.Copy(v, more)
	return v
}

// eachEngine runs a test on every database that is there.
func eachEngine(t *testing.T, f func(*testing.T, engine)) {
	for name, start := range map[string]func(*testing.T) engine{
		dburi.SQLite: startSQLite, dburi.Postgres: startPostgres, dburi.MySQL: startMariaDB,
	} {
		t.Run(name, func(t *testing.T) { f(t, start(t)) })
	}
}

func startSQLite(t *testing.T) engine {
	file := filepath.Join(t.TempDir(), "members 100%.db")
	db := openFor(t, "sqlite:///"+file, "")
	fill(t, db, "INTEGER PRIMARY KEY", "BLOB", "x'636166e9'")
	return engine{db: db, values: field.Values{"Driver": "sqlite", "Database": file, "Table": "Members", "Map": testMap, "User": "x", "Password": "y"}}
}

func startPostgres(t *testing.T) engine {
	admin := openFor(t, "postgresql://postgres@127.0.0.1:5432/postgres", "postgres")
	name := freshName()
	run(t, admin, `CREATE DATABASE "`+name+`"`)
	t.Cleanup(func() { run(t, admin, `DROP DATABASE "`+name+`" WITH (FORCE)`) })
	db := openFor(t, "postgresql://postgres@127.0.0.1:5432/"+name, "postgres")
	fill(t, db, "SERIAL PRIMARY KEY", "BYTEA", `'\x636166e9'`)
	return engine{db: db,
		values: field.Values{"Driver": "postgresql+psycopg2", "Server": "127.0.0.1", "Port": "5432", "Database": name, "User": "postgres", "Table": "Members", "Map": testMap},
		kill: func(t *testing.T) {
			run(t, db, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		},
	}
}

func startMariaDB(t *testing.T) engine {
	admin := openFor(t, "mysql+pymysql://root@127.0.0.1:3306/mysql", "mariadb")
	name := freshName()
	run(t, admin, "CREATE DATABASE `"+name+"` CHARACTER SET utf8mb4")
	t.Cleanup(func() { run(t, admin, "DROP DATABASE `"+name+"`") })
	db := openFor(t, "mysql+pymysql://root@127.0.0.1:3306/"+name, "mariadb")
	fill(t, db, "INTEGER AUTO_INCREMENT PRIMARY KEY", "VARBINARY(20)", "x'636166e9'")
	return engine{db: db,
		values: field.Values{"Driver": "mysql+pymysql", "Server": "127.0.0.1", "Database": name, "User": "root", "Table": "Members", "Map": testMap, "conParams": "charset=utf8"},
		kill: func(t *testing.T) {
			rows, err := db.Query("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
			if err != nil {
				t.Fatal(err)
			}
			var ids []int
			for rows.Next() {
				var id int
				if err := rows.Scan(&id); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			rows.Close()
			for _, id := range ids {
				_, _ = db.Exec(fmt.Sprintf("KILL %d", id))
			}
		},
	}
}

func openFor(t *testing.T, uri, server string) *sql.DB {
	t.Helper()
	target, err := dburi.Parse(uri, dburi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(target.Driver(), target.DSN)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if err := db.PingContext(t.Context()); err != nil {
		if server == "" {
			t.Fatal(err)
		}
		need.Missing(t, server, err)
	}
	return db
}

func freshName() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return "sqlusers_test_" + hex.EncodeToString(b)
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

const (
	testPassword = "Blau-Meise7"
	testHash     = "{SHA}c1BWWkYX3Y+bs5uyVUSSrdVJ7Vc="
	testMap      = `{"userid": "no", "username": "nick", "givenname": "first", "surname": "last", "email": "mail", "phone": "tel", "mobile": "cell", "password": "pw"}`
)

func fill(t *testing.T, db *sql.DB, serial, bytes, cafe string) {
	// MariaDB then takes "x" for a name; the others do not know the statement.
	_, _ = db.Exec("SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
	run(t, db,
		`CREATE TABLE "Members" (no `+serial+`, nick VARCHAR(40), "first" VARCHAR(40), "last" VARCHAR(40), mail VARCHAR(60), tel VARCHAR(20), cell VARCHAR(20), pw VARCHAR(200), team VARCHAR(20), level INTEGER, note `+bytes+`)`,
		`INSERT INTO "Members" VALUES (11,'greta','Greta','Groß','greta@club.example','030 11','0170 11','`+testHash+`','rowing',3,NULL)`,
		`INSERT INTO "Members" VALUES (12,'henk','Henk','Heuvel','henk@club.example',NULL,NULL,'`+strings.ToLower(testHash[:5])+testHash[5:]+`','rowing',1,`+cafe+`)`,
		`INSERT INTO "Members" VALUES (13,'ida','Ida','Iversen','','030 13','','1|`+testHash+`','sailing',5,NULL)`,
		`INSERT INTO "Members" VALUES (14,'jan.d','Jan','de Vries','jan@club.example','030 14','0170 14',NULL,'sailing',2,NULL)`,
	)
}

// fakePasswords knows one scheme.
type fakePasswords struct{}

func (fakePasswords) Hash(kind, password string) (string, error) {
	if strings.ToUpper(kind) != "SSHA256" {
		return "", fmt.Errorf("unknown kind %s", kind)
	}
	sum := sha1.Sum([]byte(password))
	return "{SHA}" + base64.StdEncoding.EncodeToString(sum[:]), nil
}

func (f fakePasswords) Verify(stored, password string) bool {
	hash, _ := f.Hash("ssha256", password)
	return stored == hash
}

func testDeps() resolver.Deps {
	return resolver.Deps{Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
}

func start(t *testing.T, v field.Values) resolver.Resolver {
	t.Helper()
	r, err := NewKind(fakePasswords{}).New(t.Context(), "club", v, testDeps())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}
