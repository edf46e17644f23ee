package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/dburi"
	"edumfa/internal/store"
	"edumfa/internal/store/storetest"
)

// A search must find its rows by an index, however many rows there are: the plans
// of the database are read for every search that has a name here.
func TestAuditSearch_Plans(t *testing.T) {
	const rows = 30_000
	for _, product := range storetest.Products() {
		t.Run(product, func(t *testing.T) {
			uri := storetest.URI(t, product)
			now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			db := storetest.Open(t, uri, store.Options{Local: time.UTC})
			if err := db.CreateTables(t.Context()); err != nil {
				t.Fatal(err)
			}
			raw := storetest.Raw(t, uri)
			fill(t, raw, product, rows, now)
			for _, c := range []struct {
				name   string
				f      audit.Filter
				offset int
			}{
				{name: "the newest rows"},
				{name: "a deep page", offset: 20_000},
				{name: "a user", f: audit.Filter{Columns: map[string]string{"user": "user7"}}},
				{name: "a user in his realm", f: audit.Filter{Columns: map[string]string{"user": "user7", "realm": "realm1"}}},
				{name: "a part of a user's name", f: audit.Filter{Columns: map[string]string{"user": "*ser17*"}}},
				{name: "a serial", f: audit.Filter{Columns: map[string]string{"serial": "SERIAL42"}}},
				{name: "a part of a serial", f: audit.Filter{Columns: map[string]string{"serial": "*IAL42*"}}},
				{name: "an action", f: audit.Filter{Columns: map[string]string{"action": "POST /policy/<name>"}}},
				{name: "a part of an action", f: audit.Filter{Columns: map[string]string{"action": "*policy*"}}},
				{name: "the last hour", f: audit.Filter{Since: now.Add(-time.Hour)}},
				{name: "a day", f: audit.Filter{Columns: map[string]string{"date": "*2026-04-30*"}}},
				{name: "a number", f: audit.Filter{Columns: map[string]string{"id": "4711"}}},
				{name: "rows below a number", f: audit.Filter{Last: 4711}},
				{name: "a user's last hour", f: audit.Filter{Columns: map[string]string{"user": "user7"}, Since: now.Add(-time.Hour)}},
				{name: "a pattern that fits nothing", f: audit.Filter{Columns: map[string]string{"user": "*nobody*"}}},
			} {
				list, err := db.SearchStatements(t.Context(), c.f, c.offset)
				if err != nil {
					t.Fatal(err)
				}
				all := len(c.f.Columns) == 0 && c.f.Since.IsZero() && c.f.Last == 0
				for kind, s := range list {
					if all && (kind == "count" || product == "sqlite") {
						continue // reading in the order of numbers ends at the limit
					}
					if text, full := plan(t, raw, product, s); full {
						t.Errorf("%s, %s: every row is read:\n%s\n%s", c.name, kind, s.SQL, text)
					}
				}
			}
			// the test can fail
			list, err := db.SearchStatements(t.Context(), audit.Filter{Columns: map[string]string{"info": "rare"}}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if text, full := plan(t, raw, product, list["count"]); !full {
				t.Errorf("a search without an index is not seen:\n%s", text)
			}
		})
	}
}

func fill(t *testing.T, raw *sql.DB, product string, rows int, now time.Time) {
	t.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", rows)
	user, date, with := `"user"`, "", ""
	switch product {
	case "postgres":
		date = "TIMESTAMP '" + now.Format(time.DateTime) + "' - (%d - i) * INTERVAL '1 minute'"
	case "mariadb":
		user, date = "`user`", "TIMESTAMP '"+now.Format(time.DateTime)+"' - INTERVAL (%d - i) MINUTE"
		with, numbers = fmt.Sprintf("WITH n AS (SELECT seq AS i FROM seq_1_to_%d) ", rows), ""
	default:
		date = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', '" + now.Format(time.DateTime) + "', '-' || (%d - i) || ' minutes')"
	}
	q := numbers + "INSERT INTO mfa_audit (id, date, action, success, serial, " + user + ", realm, info) " + with +
		"SELECT i, " + fmt.Sprintf(date, rows) + ", CASE WHEN i % 1000 = 0 THEN 'POST /policy/<name>' ELSE 'POST /validate/check' END, i % 2, " +
		"CONCAT('SERIAL', i % 3000), CONCAT('user', i % 2000), CONCAT('realm', i % 5), CONCAT('info ', i) FROM n"
	for _, s := range []string{q, map[string]string{"postgres": "VACUUM ANALYZE mfa_audit", "mariadb": "ANALYZE TABLE mfa_audit", "sqlite": "ANALYZE"}[product]} {
		if _, err := raw.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// plan returns the plan of a statement, and whether it reads all rows of the
// audit log.
func plan(t *testing.T, raw *sql.DB, product string, s store.Statement) (text string, full bool) {
	t.Helper()
	explain, all := "EXPLAIN ", regexp.MustCompile(`Seq Scan on mfa_audit`)
	switch product {
	case "sqlite":
		explain, all = "EXPLAIN QUERY PLAN ", regexp.MustCompile(`SCAN mfa_audit\|`)
	case "mariadb":
		// the table is read in whole: ALL; an index is read in whole: index, which
		// is right where it ends at the limit
		all = regexp.MustCompile(`mfa_audit\|(\|)?ALL`)
		if i := strings.Index(s.SQL, "FOR SELECT"); i >= 0 {
			s.SQL = s.SQL[i+4:]
		}
	}
	rows, err := raw.QueryContext(t.Context(), explain+s.SQL, s.Args...)
	if err != nil {
		t.Fatalf("%s: %v", s.SQL, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			text += v.String + "|"
		}
		text += "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text, all.MatchString(text)
}

func TestTimedOut_Count(t *testing.T) {
	uri := storetest.URI(t, "postgres")
	_, err := storetest.Raw(t, uri).ExecContext(t.Context(), "SET statement_timeout = 50; SELECT pg_sleep(5)")
	if !dburi.TimedOut(err) {
		t.Errorf("%v", err)
	}
	_, err = storetest.Raw(t, storetest.URI(t, "mariadb")).ExecContext(t.Context(), "SET STATEMENT max_statement_time = 0.05 FOR SELECT SLEEP(5), COUNT(*) FROM information_schema.columns")
	if err != nil && !dburi.TimedOut(err) {
		t.Errorf("%v", err)
	}
}
