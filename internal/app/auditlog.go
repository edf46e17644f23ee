package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/logging"
	"edumfa/internal/mfaerr"
	"edumfa/internal/store"
)

// auditLog is the database, with the audit log where the configuration wants it.
type auditLog struct {
	*store.DB
	rows *store.DB // the database with the table of the audit log
	// write and read say that rows are written to the table and read from it.
	write, read bool
	// line writes a row to the log; nil does not.
	line func(audit.Row) error
}

// separate reports whether the rows have a database of their own.
func (l *auditLog) separate() bool { return l.rows != l.DB }

// Apply carries out the changes and stores the audit row. In one database both
// is one transaction. Otherwise the changes come first: an answer whose row
// cannot be stored is not sent, but what was changed stays changed. A value that
// was used up is then used up without an answer, never the other way round.
func (l *auditLog) Apply(ctx context.Context, changes []change.Change, entry *audit.Entry) error {
	if entry == nil {
		return l.DB.Apply(ctx, changes, nil)
	}
	inside := l.write && !l.separate()
	switch {
	case inside:
		if err := l.DB.Apply(ctx, changes, entry); err != nil {
			return err
		}
	case len(changes) > 0:
		if err := l.DB.Apply(ctx, changes, nil); err != nil {
			return err
		}
	}
	if l.write && !inside {
		if err := l.rows.Apply(ctx, nil, entry); err != nil {
			return err
		}
	}
	if l.line == nil {
		return nil
	}
	if err := l.line(entry.Row); err != nil {
		return &mfaerr.Error{Kind: mfaerr.Database, Code: mfaerr.CodeDatabase, Cause: fmt.Errorf("audit log: %w", err)}
	}
	return nil
}

// AuditPage finds one page of rows.
func (l *auditLog) AuditPage(ctx context.Context, f audit.Filter, desc bool, offset, limit int) (audit.Page, error) {
	if !l.read {
		return audit.Page{Exact: true}, nil
	}
	return l.rows.AuditPage(ctx, f, desc, offset, limit)
}

// AuditNarrow prepares a filter for reading many rows.
func (l *auditLog) AuditNarrow(ctx context.Context, f audit.Filter) (audit.Filter, error) {
	if !l.read {
		return f, nil
	}
	return l.rows.AuditNarrow(ctx, f)
}

// AuditAfter finds the first rows with numbers above id.
func (l *auditLog) AuditAfter(ctx context.Context, f audit.Filter, id int64, limit int) ([]audit.Row, error) {
	if !l.read {
		return nil, nil
	}
	return l.rows.AuditAfter(ctx, f, id, limit)
}

// AuditNewest is the number of the row that n rows are newer than.
func (l *auditLog) AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error) {
	if !l.read {
		return 0, false, nil
	}
	return l.rows.AuditNewest(ctx, n)
}

// AuditNumbers tells which of the numbers exist.
func (l *auditLog) AuditNumbers(ctx context.Context, ids []int64) (map[int64]bool, error) {
	if !l.read {
		return nil, nil
	}
	return l.rows.AuditNumbers(ctx, ids)
}

// CountLogins counts attempts to log in; there are none in what cannot be read.
func (l *auditLog) CountLogins(ctx context.Context, q audit.Logins, limit int) (int, error) {
	if !l.read {
		return 0, nil
	}
	return l.rows.CountLogins(ctx, q, limit)
}

// Close ends the connections of a database of its own.
func (l *auditLog) Close() error {
	if l.separate() {
		return l.rows.Close()
	}
	return nil
}

// openAuditLog finds the places of the audit log.
func openAuditLog(ctx context.Context, c *config.Config, db *store.DB, d Deps) (*auditLog, error) {
	l := &auditLog{DB: db, rows: db}
	modules, read := c.AuditModules()
	l.read, l.write = read, slices.Contains(modules, "sqlaudit")
	if slices.Contains(modules, "loggeraudit") {
		if d.Logs == nil || !d.Logs.Takes(c.AuditLoggerName) {
			return nil, fmt.Errorf("EDUMFA_AUDIT_MODULE: audit rows cannot be logged: EDUMFA_LOGCONFIG and EDUMFA_LOGFILE name no place for the logger %s", c.AuditLoggerName)
		}
		l.line = func(r audit.Row) error {
			text, err := audit.LogLine(r)
			if err != nil {
				return err
			}
			return d.Logs.Audit(c.AuditLoggerName, text)
		}
	}
	if !l.read && !l.write {
		return l, nil
	}
	var err error
	l.rows, err = openAuditDatabase(ctx, c, db, d)
	return l, err
}

// openAuditDatabase opens the database of the audit log where it has one of its
// own, and makes its table; db otherwise.
func openAuditDatabase(ctx context.Context, c *config.Config, db *store.DB, d Deps) (*store.DB, error) {
	if c.AuditSQLURI.Equal(c.DatabaseURI.Reveal()) {
		return db, nil
	}
	d = d.complete()
	target, err := dburi.Parse(c.AuditSQLURI.Reveal(), dburi.Options{BaseDir: filepath.Dir(c.File)})
	if err != nil {
		return nil, must("EDUMFA_AUDIT_SQL_URI", err)
	}
	rows, err := store.Open(ctx, target, store.Options{MaxOpen: c.AuditEngine.PoolSize, Isolation: c.AuditEngine.Isolation, Now: d.Now, Local: d.Local, Log: d.Log})
	if err != nil {
		return nil, must("EDUMFA_AUDIT_SQL_URI", err)
	}
	if err := rows.CreateAuditTable(ctx); err != nil {
		return nil, must("EDUMFA_AUDIT_SQL_URI", errors.Join(err, rows.Close()))
	}
	return rows, nil
}

// OpenAudit opens the database of the audit log for the command line.
func OpenAudit(ctx context.Context, c *config.Config, d Deps) (*store.DB, error) {
	db, err := OpenReady(ctx, c, d)
	if err != nil {
		return nil, err
	}
	rows, err := openAuditDatabase(ctx, c, db, d)
	if rows != db {
		err = errors.Join(err, db.Close())
	}
	return rows, err
}

// OpenLogs opens the places of the log that the configuration names: those of the
// logging set-up, else the log file; nil when it names none. A set-up that cannot
// be used is no reason not to start: problem is told, and the next place is used.
func OpenLogs(c *config.Config, readFile func(string) ([]byte, error), problem func(key string, err error)) *logging.Logs {
	if src, err := readFile(c.LogConfig); err == nil {
		setup, err := logging.Parse(string(src))
		if err == nil {
			var logs *logging.Logs
			if logs, err = logging.Open(setup, logging.Options{Dir: filepath.Dir(c.LogConfig)}); err == nil {
				return logs
			}
		}
		problem("EDUMFA_LOGCONFIG", fmt.Errorf("%s: %w", c.LogConfig, err))
	}
	if !c.LogToFile {
		return nil
	}
	logs, err := logging.Open(logging.Default(c.LogFile, c.LogLevel), logging.Options{})
	if err != nil {
		problem("EDUMFA_LOGFILE", err)
		return nil
	}
	return logs
}
