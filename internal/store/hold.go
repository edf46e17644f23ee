package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"edumfa/internal/filelock"
)

// errLock says that a lock of the database cannot be had.
var errLock = errors.New("the lock is held by another server for too long")

// holds are the locks that this server holds or waits for. Only one of its
// requests at a time asks the database for a lock: the others would wait with a
// connection each, and logins would find none.
type holds struct {
	mu    sync.Mutex
	names map[string]*hold
}

type hold struct {
	turn  chan struct{} // holds one while somebody has the lock
	users int
}

// Hold runs f while no other request, on this server or another one, is in a Hold
// of the same name. It must not be called inside a transaction. The lock goes
// with the connection to the database, or with the process, so that a server that
// dies leaves none behind.
//
// The locks are those of sessions: PostgreSQL behind a pooler that parts sessions
// (PgBouncer in the mode "transaction") and Galera clusters that are written on
// several nodes do not keep servers apart; what is kept in shared files must be
// locked there as well.
func (db *DB) Hold(ctx context.Context, name string, f func(ctx context.Context) error) error {
	leave, err := db.holds.enter(ctx, name)
	if err != nil {
		return err
	}
	defer leave()
	switch db.engine.name {
	case "sqlite":
		return db.holdFile(ctx, name, f)
	case "postgres":
		sum := sha256.Sum256([]byte("edumfa " + name))
		key := int64(binary.BigEndian.Uint64(sum[:]))
		return db.holdSession(ctx, f, "SELECT pg_advisory_lock($1)", "SELECT pg_advisory_unlock($1)", key)
	}
	// A server can have several databases; names have up to 64 characters.
	sum := sha256.Sum256([]byte(name))
	return db.holdSession(ctx, f, "SELECT GET_LOCK(CONCAT(LEFT(DATABASE(), 24), ?), 600)", "SELECT RELEASE_LOCK(CONCAT(LEFT(DATABASE(), 24), ?))", "."+hex.EncodeToString(sum[:16]))
}

func (h *holds) enter(ctx context.Context, name string) (leave func(), err error) {
	h.mu.Lock()
	if h.names == nil {
		h.names = map[string]*hold{}
	}
	x := h.names[name]
	if x == nil {
		x = &hold{turn: make(chan struct{}, 1)}
		h.names[name] = x
	}
	x.users++
	h.mu.Unlock()
	gone := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if x.users--; x.users == 0 {
			delete(h.names, name)
		}
	}
	select {
	case x.turn <- struct{}{}:
		return func() { <-x.turn; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}

// holdSession holds a lock that belongs to a connection.
func (db *DB) holdSession(ctx context.Context, f func(ctx context.Context) error, lock, unlock string, key any) error {
	c, err := db.pool.Conn(ctx)
	if err != nil {
		return public(err)
	}
	defer func() { _ = c.Close() }()
	var got sql.NullString
	if err := c.QueryRowContext(ctx, lock, key).Scan(&got); err != nil {
		return public(err)
	}
	if got.String == "0" || db.engine.name != "postgres" && !got.Valid {
		return public(errLock)
	}
	defer func() {
		var released sql.NullString
		err := c.QueryRowContext(context.WithoutCancel(ctx), unlock, key).Scan(&released)
		if err != nil || released.String != "1" && released.String != "true" {
			_ = c.Raw(func(any) error { return driver.ErrBadConn }) // its lock goes with it
		}
	}()
	return f(ctx)
}

// holdFile holds a lock beside the file of the database: its servers are all on
// one machine.
func (db *DB) holdFile(ctx context.Context, name string, f func(ctx context.Context) error) error {
	var file string
	if err := db.pool.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		return public(err)
	}
	sum := sha256.Sum256([]byte(name))
	release, err := filelock.Hold(ctx, file+"-lock-"+hex.EncodeToString(sum[:4]))
	if err != nil {
		return fmt.Errorf("lock beside the database: %w", err)
	}
	defer release()
	return f(ctx)
}
