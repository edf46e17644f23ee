package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"edumfa/internal/dburi"
)

// dialect is what the rows of an installation are written with.
type dialect struct{ yes, no, duration, analyze string }

func (in *installation) quick() dialect {
	switch in.dialect {
	case dburi.Postgres:
		return dialect{"TRUE", "FALSE", "CAST('3000 microseconds' AS INTERVAL)", "VACUUM ANALYZE"}
	case dburi.MySQL:
		return dialect{"1", "0", "'1970-01-01 00:00:00.003000'", "ANALYZE TABLE token, tokenowner, tokenrealm, tokeninfo, mfa_audit"}
	}
	return dialect{"1", "0", "'1970-01-01 00:00:00.003000'", "PRAGMA wal_checkpoint(TRUNCATE)"}
}

// exec runs a statement written with "double quotes" around names.
func (in *installation) exec(ctx context.Context, q string) error {
	if in.dialect == dburi.MySQL {
		q = strings.ReplaceAll(q, `"`, "`")
		// literals of timestamps differ from those of the others only here
	}
	if in.dialect == dburi.Postgres {
		q = strings.ReplaceAll(q, "'2026-01-01 00:00:00.000000'", "TIMESTAMP '2026-01-01 00:00:00'")
	}
	if _, err := in.raw.ExecContext(ctx, q); err != nil {
		return fmt.Errorf("%.60s…: %w", q, err)
	}
	return nil
}

// numbers makes a table of 1 … n by doubling it.
func (in *installation) numbers(ctx context.Context, n int) error {
	for _, q := range []string{"DROP TABLE IF EXISTS bench_number", "CREATE TABLE bench_number (i INTEGER PRIMARY KEY)", "INSERT INTO bench_number (i) VALUES (1)"} {
		if err := in.exec(ctx, q); err != nil {
			return err
		}
	}
	for have := 1; have < n; have *= 2 {
		if err := in.exec(ctx, fmt.Sprintf("INSERT INTO bench_number (i) SELECT i + %d FROM bench_number WHERE i + %d <= %d", have, have, n)); err != nil {
			return err
		}
	}
	return nil
}

func (in *installation) sequences(ctx context.Context, last map[string]int) error {
	for name, n := range last {
		q := ""
		switch in.product {
		case "postgres":
			q = fmt.Sprintf("SELECT setval('%s', %d)", name, max(1, n))
		case "mariadb":
			q = fmt.Sprintf("SELECT SETVAL(%s, %d)", name, max(1, n))
		default:
			return nil
		}
		if err := in.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// commits counts how many single rows the database can commit in a second. A
// database that lets one transaction write at a time gets the rows of all
// connections in one commit, which is the best it can do.
func (in *installation) commits(ctx context.Context) (float64, error) {
	for _, q := range []string{"DROP TABLE IF EXISTS bench_commit", "CREATE TABLE bench_commit (id INTEGER, payload VARCHAR(900))"} {
		if err := in.exec(ctx, q); err != nil {
			return 0, err
		}
	}
	defer func() { _ = in.exec(context.WithoutCancel(ctx), "DROP TABLE bench_commit") }()
	insert := "INSERT INTO bench_commit (id, payload) VALUES (1, '" + strings.Repeat("x", 800) + "')"
	in.raw.SetMaxOpenConns(in.Concurrency + 1)
	in.raw.SetMaxIdleConns(in.Concurrency + 1)
	if in.dialect != dburi.SQLite {
		return in.rate(in.Concurrency, 1, func(int) error { _, err := in.raw.ExecContext(ctx, insert); return err })
	}
	return in.rate(1, float64(in.Concurrency), func(int) error {
		return inTx(ctx, in.raw, func(tx *sql.Tx) error {
			s, err := tx.PrepareContext(ctx, insert)
			for range in.Concurrency {
				if err == nil {
					_, err = s.ExecContext(ctx)
				}
			}
			return err
		})
	})
}

func inTx(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}
