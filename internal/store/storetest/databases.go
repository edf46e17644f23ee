// Package storetest gives tests fresh databases of every product and holds the
// suite that each product must pass.
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/store"
	"edumfa/test/need"
)

// Products are the database products that tests run on.
func Products() []string { return []string{"sqlite", "postgres", "mariadb"} }

// server is the URI of the product's test server up to the database's name.
// EDUMFA_TEST_POSTGRES and EDUMFA_TEST_MARIADB name others.
func server(product string) string {
	uri := orElse(os.Getenv("EDUMFA_TEST_MARIADB"), "mysql+pymysql://root@127.0.0.1:3306/mysql")
	if product == "postgres" {
		uri = orElse(os.Getenv("EDUMFA_TEST_POSTGRES"), "postgresql://postgres@127.0.0.1:5432/postgres")
	}
	return uri[:strings.LastIndexByte(uri, '/')+1]
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// URI makes an empty database that lives as long as the test and returns its
// URI. The test is skipped when the product's server is missing, unless
// EDUMFA_REQUIRE (a list with commas) names the product.
func URI(t testing.TB, product string) string {
	t.Helper()
	if product == "sqlite" {
		return "sqlite:///" + filepath.Join(t.TempDir(), "test.sqlite")
	}
	base := server(product)
	admin := base + map[string]string{"postgres": "postgres"}[product]
	name := "edumfa_test_" + random()
	create := "CREATE DATABASE " + name
	if product == "mariadb" {
		create += " CHARACTER SET utf8mb4"
	}
	if err := direct(admin, create); err != nil {
		need.Missing(t, product, err)
	}
	t.Cleanup(func() {
		drop := "DROP DATABASE " + name
		if product == "postgres" {
			drop += " WITH (FORCE)"
		}
		if err := direct(admin, drop); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return base + name
}

func random() string {
	b := make([]byte, 6)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// direct runs one statement over a connection of its own.
func direct(uri, statement string) error {
	target, err := dburi.Parse(uri, dburi.Options{})
	if err != nil {
		return err
	}
	pool, err := sql.Open(target.Driver(), target.DSN)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err = pool.ExecContext(ctx, statement)
	return errors.Join(err, pool.Close())
}

// Open opens the database behind a URI, without tables when it is new, and
// closes it at the end of the test.
func Open(t testing.TB, uri string, o store.Options) *store.DB {
	t.Helper()
	target, err := dburi.Parse(uri, dburi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	db, err := store.Open(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Raw opens a second way into the database behind a URI, for what tests put in
// and look at without the store.
func Raw(t testing.TB, uri string) *sql.DB {
	t.Helper()
	target, err := dburi.Parse(uri, dburi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open(target.Driver(), target.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// Count is how many rows a table of the database behind a URI has.
func Count(t testing.TB, uri, table string) (n int) {
	t.Helper()
	if err := Raw(t, uri).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
