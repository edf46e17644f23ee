package store

import (
	"context"
	"database/sql"
	"sync"
)

// statementLimit bounds how many different texts are kept prepared: the
// conditions of lists can be combined in many ways, each connection keeps its
// own copy, and the rare ones may be prepared each time.
const statementLimit = 400

// statementCache keeps SQL texts prepared for the products whose drivers do not do
// so themselves: SQLite would read the text, MySQL would ask the server twice,
// at every execution.
type statementCache struct {
	mu     sync.Mutex
	ready  sync.Map // SQL text of this package → *sql.Stmt
	wanted []string // seen in a transaction, to be prepared behind it
	count  int
}

func (s *statementCache) get(q string) *sql.Stmt {
	if v, ok := s.ready.Load(q); ok {
		return v.(*sql.Stmt)
	}
	return nil
}

// want asks for a statement to be prepared later. Preparing needs a connection
// of its own, and to wait for one within a transaction could be for ever.
func (s *statementCache) want(q string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count+len(s.wanted) < statementLimit {
		s.wanted = append(s.wanted, q)
	}
}

func (s *statementCache) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.wanted
	s.wanted = nil
	return list
}

// keep returns the statement that is kept for the text, which may be another
// one: statements of a full store are the caller's to close.
func (s *statementCache) keep(q string, stmt *sql.Stmt) (kept bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count >= statementLimit {
		return false
	}
	if _, loaded := s.ready.LoadOrStore(q, stmt); loaded {
		return false
	}
	s.count++
	return true
}

func (s *statementCache) close() {
	s.ready.Range(func(_, v any) bool {
		_ = v.(*sql.Stmt).Close()
		return true
	})
}

// prepareWanted prepares what transactions would have used. A text that cannot
// be prepared is tried again when it is used next.
func (db *DB) prepareWanted(ctx context.Context) {
	for _, q := range db.queries.take() {
		if db.queries.get(q) == nil {
			_, _ = db.prepare(ctx, q)
		}
	}
}

// prepare returns a statement kept for the text, nil when there are too many.
func (db *DB) prepare(ctx context.Context, q string) (*sql.Stmt, error) {
	stmt, err := db.pool.PrepareContext(ctx, db.engine.rebind(q))
	if err != nil {
		return nil, err
	}
	if !db.queries.keep(q, stmt) {
		_ = stmt.Close()
	}
	return db.queries.get(q), nil
}

// execTx executes a fixed SQL text in a transaction.
func (db *DB) execTx(ctx context.Context, tx *sql.Tx, q string, args []any) (sql.Result, error) {
	if stmt := db.inTxStatement(ctx, tx, q); stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return tx.ExecContext(ctx, db.engine.rebind(q), args...)
}

func (db *DB) inTxStatement(ctx context.Context, tx *sql.Tx, q string) *sql.Stmt {
	if db.engine.cachesStatements {
		return nil
	}
	stmt := db.queries.get(q)
	if stmt == nil {
		db.queries.want(q)
		return nil
	}
	return tx.StmtContext(ctx, stmt)
}

func (db *DB) rows(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	if tx := inTx(ctx); tx != nil {
		if stmt := db.inTxStatement(ctx, tx, q); stmt != nil {
			return stmt.QueryContext(ctx, args...)
		}
		return tx.QueryContext(ctx, db.engine.rebind(q), args...)
	}
	if !db.engine.cachesStatements {
		stmt := db.queries.get(q)
		if stmt == nil {
			var err error
			if stmt, err = db.prepare(ctx, q); err != nil {
				return nil, err
			}
		}
		if stmt != nil {
			return stmt.QueryContext(ctx, args...)
		}
	}
	return db.pool.QueryContext(ctx, db.engine.rebind(q), args...)
}
