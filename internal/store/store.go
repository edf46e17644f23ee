// Package store keeps everything that lasts in a SQL database whose tables are
// the field's (SQLite, PostgreSQL, MariaDB, MySQL). It is the only package that
// speaks SQL to it; the domain packages declare the few methods they use.
//
// A transaction travels in the context: methods called inside InTx take part in
// it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"edumfa/internal/dburi"
	"edumfa/internal/mfaerr"
)

// ErrNotFound says that there is no such row.
var ErrNotFound = errors.New("not found")

// ErrConflict says that somebody else used or changed what a change wanted to
// use: nothing of the transaction is stored and the request must look again.
var ErrConflict = errors.New("used by another request meanwhile")

// Options of Open.
type Options struct {
	// MaxOpen is how many connections are used at most; zero is 20.
	MaxOpen int
	// Isolation of transactions that write: "READ COMMITTED", "REPEATABLE READ",
	// "SERIALIZABLE", or "" for what the server is set to. SQLite has only one.
	Isolation string
	// Now is the clock for columns that say when a row was written.
	Now func() time.Time
	// Local is the zone of the columns that keep local time. Nil is time.Local.
	Local *time.Location
	Log   *slog.Logger
}

// DB is an open database, safe for concurrent use.
type DB struct {
	pool   *sql.DB
	engine engine
	now    func() time.Time
	local  *time.Location
	log    *slog.Logger

	isolation *sql.TxOptions
	queries   statementCache
	rebounds  sync.Map // SQL text of the few changes of logins → the product's
	writer    *groupWriter
	again     chan struct{} // holds one: whose transaction is run again, see runAgain
	auditID   auditIDs
	holds     holds
}

// Open connects and finds out what product it talks to. It fails when the
// database cannot be reached; it does not look at tables.
func Open(ctx context.Context, target dburi.Target, o Options) (*DB, error) {
	pool, err := sql.Open(target.Driver(), target.DSN)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", target.Display, err)
	}
	if o.MaxOpen == 0 {
		o.MaxOpen = 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Local == nil {
		o.Local = time.Local
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	pool.SetMaxOpenConns(o.MaxOpen)
	pool.SetMaxIdleConns(o.MaxOpen)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{pool: pool, now: o.Now, local: o.Local, log: o.Log, again: make(chan struct{}, 1)}
	if err := db.detect(ctx, target.Dialect); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("database %s cannot be reached: %w", target.Display, err)
	}
	if level, ok := isolationLevel(o.Isolation); ok && !db.engine.singleWriter {
		db.isolation = &sql.TxOptions{Isolation: level}
	}
	if db.engine.singleWriter {
		db.writer = newGroupWriter(db)
	}
	return db, nil
}

func isolationLevel(name string) (level sql.IsolationLevel, ok bool) {
	switch name {
	case "READ COMMITTED":
		return sql.LevelReadCommitted, true
	case "REPEATABLE READ":
		return sql.LevelRepeatableRead, true
	case "SERIALIZABLE":
		return sql.LevelSerializable, true
	}
	return 0, false
}

func (db *DB) detect(ctx context.Context, dialect string) error {
	if err := db.pool.PingContext(ctx); err != nil {
		return err
	}
	switch dialect {
	case "sqlite":
		db.engine = engine{name: "sqlite", returning: true, singleWriter: true}
	case "postgres":
		db.engine = engine{name: "postgres", sequences: true, returning: true, cachesStatements: true, pipelines: true}
	default:
		var version string
		if err := db.pool.QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
			return err
		}
		db.engine = engine{name: "mysql"}
		if strings.Contains(strings.ToLower(version), "mariadb") {
			db.engine = engine{name: "mariadb", sequences: true, returning: true}
		}
	}
	return nil
}

// Close ends all connections.
func (db *DB) Close() error {
	if db.writer != nil {
		db.writer.stop()
	}
	db.queries.close()
	return db.pool.Close()
}

// Product names the database product: sqlite, postgres, mariadb or mysql.
func (db *DB) Product() string { return db.engine.name }

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error { return db.pool.PingContext(ctx) }

type txKey struct{}

func inTx(ctx context.Context) *sql.Tx {
	tx, _ := ctx.Value(txKey{}).(*sql.Tx)
	return tx
}

// InTx runs f in one transaction: all of it is stored, or, when f or the commit
// fails, nothing. Inside f use the given context. A call inside a transaction
// joins it. f must not wait for anything outside the database, and must be
// repeatable: it is run again when the product gave it up for another
// transaction.
func (db *DB) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	if inTx(ctx) != nil {
		return f(ctx)
	}
	if db.writer != nil {
		return db.writer.do(ctx, f)
	}
	err := db.runTx(ctx, f)
	if givenUp(err) {
		err = db.runAgain(ctx, f, err)
	}
	return public(err)
}

func (db *DB) runTx(ctx context.Context, f func(ctx context.Context) error) error {
	tx, err := db.pool.BeginTx(ctx, db.isolation)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(context.WithValue(ctx, txKey{}, tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	db.prepareWanted(ctx)
	return nil
}

// public keeps a driver's words from clients. Errors of ours pass.
func public(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*mfaerr.Error](err); ok {
		return err
	}
	return &mfaerr.Error{Kind: mfaerr.Database, Code: mfaerr.CodeDatabase, Cause: err}
}

func (db *DB) exec(ctx context.Context, q string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if tx := inTx(ctx); tx != nil {
		res, err = db.execTx(ctx, tx, q, args)
	} else {
		err = db.InTx(ctx, func(ctx context.Context) error {
			res, err = db.execTx(ctx, inTx(ctx), q, args)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", firstWords(q), err)
	}
	return res.RowsAffected()
}

// query runs a fixed SQL text and calls row for every row found.
func (db *DB) query(ctx context.Context, q string, args []any, row func(*sql.Rows) error) error {
	rows, err := db.rows(ctx, q, args)
	if err != nil {
		return public(fmt.Errorf("%s: %w", firstWords(q), err))
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return public(fmt.Errorf("%s: %w", firstWords(q), err))
		}
	}
	return public(rows.Err())
}

// queryOne reads one row; ErrNotFound when there is none.
func (db *DB) queryOne(ctx context.Context, q string, args []any, dest ...any) error {
	found := false
	err := db.query(ctx, q, args, func(r *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// insert adds a row to a table with an id column and returns the new id.
func (db *DB) insert(ctx context.Context, table, columns string, values ...any) (int64, error) {
	marks := strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")
	var id int64
	err := db.InTx(ctx, func(ctx context.Context) error {
		tx := inTx(ctx)
		if !db.engine.returning {
			res, err := db.execTx(ctx, tx, "INSERT INTO "+table+" ("+columns+") VALUES ("+marks+")", values)
			if err != nil {
				return err
			}
			id, err = res.LastInsertId()
			return err
		}
		q := "INSERT INTO " + table + " (" + columns + ") VALUES (" + marks + ") RETURNING id"
		if db.engine.sequences {
			q = "INSERT INTO " + table + " (id, " + columns + ") VALUES (" + db.engine.nextval(table) + "," + marks + ") RETURNING id"
		}
		return db.queryOne(ctx, q, values, &id)
	})
	if err != nil {
		return 0, fmt.Errorf("insert into %s: %w", table, err)
	}
	return id, nil
}

func firstWords(q string) string {
	f := strings.Fields(q)
	return strings.Join(f[:min(4, len(f))], " ")
}
