package dburi

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// Duplicate reports whether the database refused a row because its key or
// another unique value exists.
func Duplicate(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1062 || e.Number == 1586
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// Retry reports whether the same transaction may succeed when it is run again:
// a deadlock, a serialization failure, a lock that was not free in time.
func Retry(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01" || e.Code == "55P03"
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		// 1020: MariaDB's snapshot isolation saw a newer version of the row.
		return e.Number == 1213 || e.Number == 1205 || e.Number == 1020
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		primary := e.Code() & 0xff
		return primary == sqlitelib.SQLITE_BUSY || primary == sqlitelib.SQLITE_LOCKED
	}
	return false
}

// TimedOut reports whether the database gave up a statement that took longer
// than it was allowed to.
func TimedOut(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "57014"
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1969 || e.Number == 3024
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlitelib.SQLITE_INTERRUPT
	}
	return false
}

// Disconnected reports whether the connection is gone or was never made, so
// that nothing is known about the statement but a new connection may work.
func Disconnected(err error) bool {
	// The end of a deadline says nothing about the connection.
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Class 08: connection; 57P01 to 57P03: shut down, crashed, starting.
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P0")
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		// Too many connections, shutting down, killed, idle for too long.
		return e.Number == 1040 || e.Number == 1053 || e.Number == 1927 || e.Number == 4031
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == sqlitelib.SQLITE_CANTOPEN
	}
	_, isNet := errors.AsType[net.Error](err)
	return isNet || (err != nil && strings.HasSuffix(err.Error(), "conn closed"))
}

// Unfitting reports whether the database refused a value that a column of that
// type or character set can never hold.
func Unfitting(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "22P02" || e.Code == "22003" || e.Code == "22021" || e.Code == "22P05"
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1267 || e.Number == 1271 || e.Number == 3988
	}
	return false
}
