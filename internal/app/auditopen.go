package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edumfa/internal/audit"
	"edumfa/internal/audit/siem"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/logging"
	"edumfa/internal/randtext"
	"edumfa/internal/signature"
	"edumfa/internal/store"
	"edumfa/internal/syslog"
)

// openAuditLog finds the places of the audit log.
func openAuditLog(ctx context.Context, c *config.Config, db *store.DB, signer *signature.Signer, d Deps) (*auditLog, error) {
	l := &auditLog{DB: db, rows: db, full: make(chan struct{}, 1)}
	modules, read := c.AuditModules()
	l.read, l.write = read, slices.Contains(modules, "sqlaudit")
	if slices.Contains(modules, "loggeraudit") {
		if d.Logs == nil { // a command; the server has opened its log before
			d.Logs = OpenLogs(c, os.ReadFile, func(key string, err error) {
				d.Log.WarnContext(ctx, "log cannot be written there", "key", key, "error", err)
			})
			l.own = d.Logs
		}
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
	var err error
	if l.read || l.write {
		if l.rows, err = openAuditDatabase(ctx, c, db, d); err != nil {
			return nil, err
		}
	}
	if c.AuditSyslog != "" {
		if l.forward, l.hangUp, err = newForwarder(c, l.rows, d); err != nil {
			if l.separate() {
				err = errors.Join(err, l.rows.Close())
			}
			return nil, err
		}
	}
	if c.AuditNoSign || signer == nil {
		return l, nil
	}
	l.signing = &audit.Signing{Signer: signer, Verifier: signer.Verifier(c.CheckOldSignatures)}
	if l.signing.MAC, err = signer.MAC(audit.MACPurpose); err == nil && c.AuditChain {
		l.signing.Chain, err = newChain(c, l.rows, signer, l.signing.MAC, d)
	}
	if err != nil && l.separate() {
		err = errors.Join(err, l.rows.Close())
	}
	return l, err
}

// newForwarder makes what sends rows to a syslog server.
func newForwarder(c *config.Config, rows *store.DB, d Deps) (*audit.Forwarder, func(), error) {
	target, err := syslog.ParseTarget(c.AuditSyslog)
	if err != nil {
		return nil, nil, must("EDUMFA_AUDIT_SYSLOG", err)
	}
	sender, err := syslog.NewSender(target)
	if err != nil {
		return nil, nil, must("EDUMFA_AUDIT_SYSLOG", err)
	}
	owner, err := randtext.Alphanumeric(d.Rand, 32)
	if err != nil {
		return nil, nil, err
	}
	send := func(ctx context.Context, list []audit.Row) error {
		messages := make([]string, len(list))
		for i, r := range list {
			if messages[i], err = siem.Syslog(r, target.Facility, target.JSON); err != nil {
				return err
			}
		}
		return sender.Send(ctx, messages)
	}
	return &audit.Forwarder{Store: rows, Name: target.Network + "://" + target.Address, Owner: owner, Send: send, Alive: sender.Alive, Sure: sender.Datagrams(),
		Now: d.Now, Log: d.Log}, sender.Close, nil
}

// newChain makes the chain of checkpoints, which goes on from the anchor if there
// is one.
func newChain(c *config.Config, rows *store.DB, signer *signature.Signer, mac *signature.MAC, d Deps) (*audit.Chain, error) {
	chain := &audit.Chain{Store: rows, Signer: signer, MAC: mac, Node: settings{c}.NodeFor(""), Now: d.Now, Log: d.Log}
	if c.AuditAnchor == "" {
		return chain, nil
	}
	head, err := ReadAnchor(c.AuditAnchor)
	if err != nil {
		return nil, must("EDUMFA_AUDIT_ANCHOR", err)
	}
	chain.Remember(head)
	chain.Anchor = func(h audit.Head) error {
		next := c.AuditAnchor + ".new"
		if err := os.WriteFile(next, []byte(h.String()+"\n"), 0o600); err != nil {
			return err
		}
		return os.Rename(next, c.AuditAnchor)
	}
	return chain, nil
}

// ReadAnchor reads the checkpoint that an anchor keeps; none where there is no
// such file yet.
func ReadAnchor(path string) (audit.Head, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return audit.Head{}, nil
	}
	if err != nil {
		return audit.Head{}, err
	}
	return audit.ParseHead(strings.TrimSpace(string(text)))
}

// AuditSigning checks signatures of rows for the command line; nil when rows are
// not signed. It can sign checkpoints, and check the codes of rows, only where the
// private key can be read.
func AuditSigning(c *config.Config) (*audit.Signing, error) {
	if c.AuditNoSign {
		return nil, nil
	}
	s := &audit.Signing{}
	var err error
	if s.Verifier, err = signature.OpenVerifier(c.AuditKeyPublic, c.CheckOldSignatures); err != nil {
		return nil, must("EDUMFA_AUDIT_KEY_PUBLIC", err)
	}
	if s.Signer, err = signature.OpenSigner(c.AuditKeyPrivate); err != nil {
		s.Signer = nil
		return s, nil
	}
	s.MAC, err = s.Signer.MAC(audit.MACPurpose)
	return s, err
}

// AuditChain appends to the chain of checkpoints on the command line.
func AuditChain(c *config.Config, rows *store.DB, s *audit.Signing, d Deps) (*audit.Chain, error) {
	if s == nil || s.Signer == nil {
		return nil, fmt.Errorf("EDUMFA_AUDIT_CHAIN: what is removed must be signed, and the private key %s cannot be read", c.AuditKeyPrivate)
	}
	return newChain(c, rows, s.Signer, s.MAC, d.complete())
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
	if err := rows.CreateAuditTables(ctx); err != nil {
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
	} else if err == nil {
		err = db.CreateAuditTables(ctx) // a server may never have run here
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
