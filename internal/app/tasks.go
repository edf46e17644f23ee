package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/fido"
	"edumfa/internal/monitoring"
	"edumfa/internal/outhttp"
	"edumfa/internal/pyregexp"
	"edumfa/internal/resolver"
	"edumfa/internal/store"
	"edumfa/internal/task"
	"edumfa/internal/task/auditrotation"
	"edumfa/internal/task/fidometadata"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/yamltext"
)

// TaskDeps is what periodic tasks work with.
type TaskDeps struct {
	Store *store.DB
	Stats monitoring.Store
	// Audit is the rotation of the audit log.
	Audit  auditrotation.Kind
	Tokens *token.Service
	// Note writes to the audit log what was done with a token.
	Note task.Note
	// Resolver finds a live user store.
	Resolver func(ctx context.Context, name string) (resolver.Resolver, error)
	// Setting reads a setting.
	Setting func(ctx context.Context, key string) (string, error)
	// ExpiresAt is when a token ends; TellExpiry, Renew and Settle are what is done
	// about it, and about tokens that wait for a decision.
	ExpiresAt         func(t *token.Token) (time.Time, bool)
	TellExpiry, Renew func(ctx context.Context, serial string) error
	Settle            func(ctx context.Context, list []*token.Token) (int, error)
	Deps
}

// openTasks makes the runner of periodic tasks.
func (a *App) openTasks(tokens *token.Service) {
	d := TaskDeps{
		Store: a.Store, Stats: a.stats, Tokens: tokens, Deps: a.deps,
		Resolver: a.liveResolver, Note: a.noteTask,
		ExpiresAt:  a.expiresAt,
		TellExpiry: func(ctx context.Context, serial string) error { return a.api.TellExpiry(ctx, serial) },
		Renew:      func(ctx context.Context, serial string) error { return a.api.Renew(ctx, serial) },
		Settle:     func(ctx context.Context, list []*token.Token) (int, error) { return a.api.Settle(ctx, list) },
		Setting: func(ctx context.Context, key string) (string, error) {
			snap, err := a.Snapshots.Current(ctx)
			if err != nil {
				return "", err
			}
			return snap.Settings.Text(key, ""), nil
		},
	}
	d.Audit = auditrotation.Kind{Store: a.audit.rows, Rules: auditRules, Now: a.deps.Now}
	if s := a.audit.signing; s != nil {
		d.Audit.Check = s.Right
		if s.Chain != nil {
			d.Audit.Announce, d.Audit.Emptied = s.Chain.Announce, a.emptyCheckpoints
		}
	}
	a.Tasks = &task.Runner{Store: a.Store, Kinds: TaskKinds(d), Node: settings{a.Config}.NodeFor(""), Now: a.deps.Now, Local: a.deps.Local, Log: a.deps.Log, Ended: a.deps.Metrics.Task}
}

// expiresAt is when a token ends.
func (a *App) expiresAt(t *token.Token) (time.Time, bool) {
	typ, _ := a.Types.Get(t.TypeKey())
	x, can := typ.(tokentype.Expirer)
	if !can {
		return time.Time{}, false
	}
	return x.ExpiresAt(t)
}

// noteTask writes the audit row of what a task did with a token.
func (a *App) noteTask(ctx context.Context, module, action string, t *token.Token, failed error) error {
	now := a.deps.Now().In(a.deps.Local).Truncate(time.Microsecond)
	name, server, info, none, done, took := "TASK "+module, settings{a.Config}.AuditServer(""), "", "", int64(1), time.Duration(0)
	if failed != nil {
		done, info = 0, failed.Error()
	}
	row := audit.Row{Date: &now, StartDate: &now, Duration: &took, Action: &name, Success: &done, Serial: &t.Serial, TokenType: &t.Type,
		ActionDetail: &action, Info: &info, Server: &server, ThreadID: &none}
	if t.Owner != nil {
		row.Realm, row.Resolver = &t.Owner.Realm, &t.Owner.Resolver
	}
	row.Truncate(a.Config.AuditColumnLengths)
	return a.audit.Apply(ctx, nil, &audit.Entry{Row: row, Sign: a.audit.signing.Sign})
}

// emptyCheckpoints lets go of the hashes of audit rows that are gone.
func (a *App) emptyCheckpoints(ctx context.Context) error {
	first, err := a.audit.rows.AuditAfter(ctx, audit.Filter{}, -1<<62, 1)
	if err != nil || len(first) == 0 {
		return err
	}
	return a.audit.rows.EmptyCheckpoints(ctx, first[0].ID)
}

// liveResolver finds a user store that answers for itself.
func (a *App) liveResolver(ctx context.Context, name string) (resolver.Resolver, error) {
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return nil, err
	}
	i, ok := snap.Realms.Instance(name)
	if !ok {
		return nil, errors.New("there is no such resolver")
	}
	if i.Live == nil {
		return nil, fmt.Errorf("it cannot be opened: %w", i.Broken)
	}
	return i.Live, nil
}

// openStats finds the database of the statistics.
func openStats(ctx context.Context, c *config.Config, db *store.DB, d Deps) (*store.DB, error) {
	if c.MonitoringURI.Equal(c.DatabaseURI.Reveal()) {
		return db, nil
	}
	target, err := dburi.Parse(c.MonitoringURI.Reveal(), dburi.Options{BaseDir: filepath.Dir(c.File)})
	if err != nil {
		return nil, must("EDUMFA_MONITORING_SQL_URI", err)
	}
	own, err := store.Open(ctx, target, store.Options{MaxOpen: c.MonitoringEngine.PoolSize, Now: d.Now, Local: d.Local, Log: d.Log})
	if err != nil {
		return nil, must("EDUMFA_MONITORING_SQL_URI", err)
	}
	if err := own.CreateStatsTable(ctx); err != nil {
		return nil, must("EDUMFA_MONITORING_SQL_URI", errors.Join(err, own.Close()))
	}
	return own, nil
}

// auditRules reads the rules of an audit rotation.
func auditRules(text []byte) ([]audit.Rule, error) {
	v, err := yamltext.Parse(string(text))
	if err != nil {
		return nil, err
	}
	return audit.ParseRules(v, func(expr string) (func(string) (bool, error), error) {
		p, err := pyregexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		return p.Search, nil
	})
}

// Limits of fetching the blob of the FIDO Metadata Service, which has about 10 MB.
const (
	metadataTimeout = 5 * time.Minute
	metadataLimit   = 64 << 20
)

func fetchMetadata(ctx context.Context, url string) ([]byte, error) {
	answer, err := outhttp.Do(ctx, outhttp.Request{Method: http.MethodGet, URL: url, Timeout: metadataTimeout, MaxAnswer: metadataLimit})
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("the metadata service answers with status %d", answer.Status)
	}
	return answer.Body, nil
}

// checkMetadata checks a blob as the type webauthn does that reads the file: a file
// of the same name with .pem behind it has the authorities.
func checkMetadata(now func() time.Time) func(file string, data []byte) (fidometadata.Blob, error) {
	return func(file string, data []byte) (fidometadata.Blob, error) {
		var roots *x509.CertPool
		if pem, err := os.ReadFile(file + ".pem"); err == nil {
			roots = x509.NewCertPool()
			roots.AppendCertsFromPEM(pem)
		}
		m, err := fido.ParseMetadata(data, roots, now())
		if err != nil {
			return fidometadata.Blob{}, err
		}
		return fidometadata.Blob{Number: m.Number, NextUpdate: m.NextUpdate, Models: m.Len()}, nil
	}
}
