package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"edumfa/internal/app"
	"edumfa/internal/audit"
	"edumfa/internal/dburi"
)

// rowSpacing is the time between two rows that were there before the measurement,
// in seconds: a million of them are about four months.
const rowSpacing = 10

// auditRows are the statements that fill the audit log: without its indexes,
// which are made again afterwards, because that is much faster. One row in a
// thousand is of an administrator who changes a policy, the others are logins.
func (in *installation) auditRows() []string {
	n := in.AuditRows
	begin := now().Add(-time.Duration(n) * rowSpacing * time.Second)
	text := begin.Format("2006-01-02 15:04:05")
	date := fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%f', '%s', '+' || (i * %d) || ' seconds')", text, rowSpacing)
	drop := "DROP INDEX IF EXISTS "
	switch in.dialect {
	case dburi.Postgres:
		date = fmt.Sprintf("TIMESTAMP '%s' + i * INTERVAL '%d seconds'", text, rowSpacing)
	case dburi.MySQL:
		date, drop = fmt.Sprintf("TIMESTAMP '%s' + INTERVAL (i * %d) SECOND", text, rowSpacing), ""
	}
	var list []string
	if drop != "" {
		for _, name := range []string{"ix_mfa_audit_date", "ix_mfa_audit_user", "ix_go_audit_user", "ix_go_audit_user_id", "ix_go_audit_serial_id", "ix_go_audit_action_id"} {
			list = append(list, drop+name)
		}
	}
	rare := "CASE WHEN i % 1000 = 0 THEN 'POST /policy/<name>' WHEN i % 10 = 0 THEN 'POST /auth' ELSE 'POST /validate/check' END"
	return append(list, fmt.Sprintf(`INSERT INTO mfa_audit (id, date, startdate, duration, signature, action, success, serial, token_type, "user", realm, resolver, administrator, action_detail, info, edumfa_server, client, loglevel, clearance_level, thread_id, policies)
 SELECT i, %s, %s, %s, 'rsa_sha256_pss:%s', %s, 1, CONCAT('BENCH', 10000001 + (i %% %d)), 'hotp', CONCAT('user', 1 + (i %% %d)), '%s', '%s', NULL, '', 'matching 1 tokens', 'localnode', '127.0.0.1', NULL, NULL, '140000000000001', NULL FROM bench_number WHERE i <= %d`,
		date, date, in.quick().duration, strings.Repeat("ab", 256), rare, in.Tokens, in.Users, realmName, resolverName, n))
}

// auditMeasurements are about the audit log: writing rows with a signature each
// and with a chain, and searching.
func (t *traffic) auditMeasurements(a *app.App) []measurement {
	list := []measurement{
		{"audit row written, signed", 0, func(r *report) float64 { return 1 / (1/r.signatures + 1/r.commits) }, t.writeRow(a, false)},
		{"audit row written, chained", 0, func(r *report) float64 { return r.commits }, t.writeRow(a, true)},
	}
	for _, c := range []struct{ name, query string }{
		{"audit search: newest", ""},
		{"audit search: page 2000", "page=2000"},
		{"audit search: a user", "user=user7"},
		{"audit search: part of a user's name", "user=*ser77*"},
		{"audit search: a serial", "serial=BENCH10000042"},
		{"audit search: part of a serial", "serial=*000042*"},
		{"audit search: an action", "action=" + url.QueryEscape("POST /policy/<name>")},
		{"audit search: part of an action", "action=*policy*"},
		{"audit search: the last hour", "timelimit=1h"},
		{"audit search: a user's last day", "user=user7&timelimit=1d"},
		{"audit search: a user who is not there", "user=nobody"},
		{"audit search: text without an index", "info=*no+such+text*&timelimit=10d"},
	} {
		list = append(list, measurement{c.name, 1, nil, func(w int) error {
			_, err := t.clients[w].must("GET", "/audit/?page_size=15&"+c.query, t.token, "", nil)
			return err
		}})
	}
	return list
}

// writeRow writes rows as logins do, but nothing else.
func (t *traffic) writeRow(a *app.App, chained bool) func(int) error {
	var chain *audit.Chain
	var sealing atomic.Bool
	sign := (&audit.Signing{Signer: a.Signer}).Sign
	if chained {
		mac, err := a.Signer.MAC(audit.MACPurpose)
		if err != nil {
			return func(int) error { return err }
		}
		chain = &audit.Chain{Store: a.Store, Signer: a.Signer, MAC: mac, Node: "bench", Now: now, Log: slog.New(slog.DiscardHandler)}
		sign = (&audit.Signing{Chain: chain}).Sign
	}
	text := func(s string) *string { return &s }
	return func(w int) error {
		at := now().Truncate(time.Microsecond)
		user, yes, took := login(t.user(w, span{0, t.Users})), int64(1), 3*time.Millisecond
		e := &audit.Entry{Sign: sign, Row: audit.Row{Date: &at, StartDate: &at, Duration: &took, Action: text("POST /validate/check"), Success: &yes, Serial: text("BENCH1"),
			TokenType: text("hotp"), User: &user, Realm: text(realmName), Resolver: text(resolverName), ActionDetail: text(""), Info: text("matching 1 tokens"),
			Server: text("localnode"), Client: text("127.0.0.1"), ThreadID: text(audit.Thread)}}
		if err := a.Store.Apply(context.Background(), nil, e); err != nil {
			return err
		}
		if chained && chain.Note(e.Row) && sealing.CompareAndSwap(false, true) {
			defer sealing.Store(false)
			return chain.Seal(context.Background())
		}
		return nil
	}
}
