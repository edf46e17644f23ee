package storetest

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"edumfa/internal/store"
)

// Copy fills the empty database at the URI to, of the named product, with all
// rows of the SQLite database at from, as somebody does who moves to another
// product: our tables, their rows with their ids, the sequences behind them.
func Copy(t testing.TB, from, to, product string) {
	t.Helper()
	db := Open(t, to, store.Options{Now: time.Now})
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fatal(db.CreateTables(t.Context()))
	tables, err := db.Tables()
	fatal(err)
	source, target := Raw(t, from), Raw(t, to)
	tx, err := target.BeginTx(t.Context(), nil)
	fatal(err)
	defer func() { _ = tx.Rollback() }()
	for _, table := range tables {
		if table == "alembic_version" {
			continue
		}
		copyTable(t, source, tx, table, product)
	}
	fatal(tx.Commit())
	fatal(db.AdvanceSequences(t.Context()))
	fatal(db.Close())
}

// copyTable carries every value over as text, which all products read.
func copyTable(t testing.TB, source *sql.DB, tx *sql.Tx, table, product string) {
	t.Helper()
	columns := columnsOf(t, source, table)
	reads, names, marks := make([]string, len(columns)), make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], marks[i] = `"`+c+`"`, "?"
		reads[i] = "CAST(" + names[i] + " AS TEXT)"
		if c == "duration" && product == "postgres" {
			marks[i] = "CAST(? AS timestamp) - timestamp '1970-01-01'"
		}
	}
	rows, err := source.QueryContext(t.Context(), "SELECT "+strings.Join(reads, ", ")+" FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	insert := Rebind(product, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")")
	for rows.Next() {
		values, to := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		for i := range values {
			to[i] = values[i]
		}
		if _, err := tx.ExecContext(t.Context(), insert, to...); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func columnsOf(t testing.TB, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return columns
}
