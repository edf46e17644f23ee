package api

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/clientapp"
	"edumfa/internal/mfaerr"
	"edumfa/internal/policy"
	"edumfa/internal/pyliteral"
	"edumfa/internal/timespec"
)

// auditStore reads the audit log.
type auditStore interface {
	AuditPage(ctx context.Context, f audit.Filter, desc bool, offset, limit int) (audit.Page, error)
	AuditNarrow(ctx context.Context, f audit.Filter) (audit.Filter, error)
	AuditAfter(ctx context.Context, f audit.Filter, id int64, limit int) ([]audit.Row, error)
	AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error)
	AuditNumbers(ctx context.Context, ids []int64) (map[int64]bool, error)
}

// csvBatch is how many audit rows are read at once for a file.
const csvBatch = 500

// auditColumns are the columns in the order in which lists name them.
func auditColumns() []string {
	return []string{"number", "action", "success", "serial", "date", "startdate", "duration", "token_type", "user", "realm", "administrator", "action_detail",
		"info", "edumfa_server", "client", "log_level", "policies", "clearance_level", "sig_check", "missing_line", "resolver", "thread_id"}
}

// auditFileColumns are the columns in the order of the file.
func auditFileColumns() []string {
	return []string{"number", "date", "sig_check", "missing_line", "action", "success", "serial", "token_type", "user", "realm", "resolver", "administrator",
		"action_detail", "info", "edumfa_server", "policies", "client", "log_level", "clearance_level", "startdate", "duration", "thread_id"}
}

// auditFilter reads what is looked for. Every parameter that is a column counts;
// how far back one may look is what the policies say, if they say anything.
func (a *API) auditFilter(ctx context.Context, r *Request) (audit.Filter, error) {
	f := audit.Filter{Columns: map[string]string{}}
	for _, name := range r.Params.Names() {
		switch name {
		case "below", "above", "page", "page_size", "sortorder", "timelimit", "hidden_columns", "allowed_audit_realm", "csvfile":
			continue
		}
		if v, given := r.Params.Text(name); given {
			f.Columns[name] = v
		}
	}
	for name, to := range map[string]*int64{"below": &f.Last, "above": &f.After} {
		if _, given := r.Params.Text(name); given {
			n, err := r.Params.Int(name, 0)
			if err != nil {
				return f, err
			}
			*to = int64(n)
		}
	}
	if f.Last == 1 {
		f.Last = -1 // numbers begin with 1; zero is no limit
	} else if f.Last != 0 {
		f.Last--
	}
	limit, given := r.Params.Text("timelimit")
	if age, limited, err := a.policyValue(ctx, r, a.callerQuery(r, "auditlog_age"), policy.Words); err != nil {
		return f, err
	} else if limited {
		limit, given = age, true
	}
	if given {
		period, err := timespec.ParsePeriod(limit)
		if err != nil {
			return f, mfaerr.NewParameter("The time limit '%s' is no period like 3d.", limit)
		}
		if period != 0 { // no time at all is no limit
			f.Since = r.Now.Add(-period)
		}
	}
	return f, nil
}

// auditRealms limits an administrator to the realms of the policies that let him
// read the audit. One policy for all realms beside others does not widen them.
func (a *API) auditRealms(ctx context.Context, r *Request, action string) ([]string, error) {
	if !r.Admin() {
		return nil, nil
	}
	q := a.query(r, policy.ScopeAdmin, action)
	q.AdminUser, q.AdminRealm = &r.Caller.Username, &r.Caller.Realm
	list, err := r.Snap.Policies.Match(ctx, q)
	if err != nil {
		return nil, err
	}
	var realms []string
	for _, p := range list {
		named := p.View().Realm
		if len(named) == 0 && len(p.View().Resolver) > 0 {
			if named, _, err = ruledRealms(r, []*policy.Policy{p}); err != nil {
				return nil, err
			}
			named = append(named, noSuchRealm) // none is not all
		}
		realms = append(realms, named...)
	}
	return realms, nil
}

// noSuchRealm is the name of no realm.
const noSuchRealm = " "

// auditHidden are the columns that are not shown to the caller.
func (a *API) auditHidden(ctx context.Context, r *Request) (map[string]bool, error) {
	names, err := a.policyValues(ctx, r, a.callerQuery(r, "hide_audit_columns"), policy.Words)
	hidden := map[string]bool{}
	for _, name := range names {
		hidden[name] = true
	}
	return hidden, err
}

// auditSearch lists one page of the audit.
func (a *API) auditSearch(ctx context.Context, r *Request) (*Answer, error) {
	f, err := a.auditFilter(ctx, r)
	if err != nil {
		return nil, err
	}
	if f.AnyRealm, err = a.auditRealms(ctx, r, "auditlog"); err != nil {
		return nil, err
	}
	hidden, err := a.auditHidden(ctx, r)
	if err != nil {
		return nil, err
	}
	page, err := r.Params.Int("page", 1)
	if err != nil {
		return nil, err
	}
	size, err := r.Params.Int("page_size", 15)
	if err != nil {
		return nil, err
	}
	size = max(0, size)
	found, err := a.Store.AuditPage(ctx, f, r.Params.TextOr("sortorder", "desc") == "desc", max(0, page-1)*size, size)
	if err != nil {
		return nil, err
	}
	rows, err := a.auditRows(ctx, found.Rows, 0)
	if err != nil {
		return nil, err
	}
	columns := []any{}
	for _, c := range auditColumns() {
		if !hidden[c] {
			columns = append(columns, c)
		}
	}
	shown := make([]any, len(rows))
	for i, row := range rows {
		for c := range hidden {
			delete(row, c)
		}
		shown[i] = row
	}
	value := map[string]any{"auditdata": shown, "auditcolumns": columns, "count": found.Total, "current": page, "prev": nil, "next": nil}
	if page > 1 {
		value["prev"] = page - 1
	}
	if found.More || found.Total > page*size {
		value["next"] = page + 1
	}
	if !found.Exact {
		value["count_exact"] = false
	}
	r.Audit.Success = 1
	return ok(value), nil
}

// auditRows makes rows as clients see them, with whether the signature is right
// and whether the rows before and behind are there; rows above last, if it is
// not 0, count as not there.
func (a *API) auditRows(ctx context.Context, list []audit.Row, last int64) ([]map[string]any, error) {
	ids := make([]int64, 0, 2*len(list))
	for _, row := range list {
		ids = append(ids, row.ID-1, row.ID+1)
	}
	there := map[int64]bool{}
	if len(ids) > 0 {
		var err error
		if there, err = a.Store.AuditNumbers(ctx, ids); err != nil {
			return nil, err
		}
	}
	out := make([]map[string]any, len(list))
	for i, row := range list {
		out[i] = a.auditShown(row, there[row.ID-1] && there[row.ID+1] && (last == 0 || row.ID < last))
	}
	return out, nil
}

func (a *API) auditShown(row audit.Row, complete bool) map[string]any {
	word := func(right bool) string {
		if right {
			return "OK"
		}
		return "FAIL"
	}
	m := map[string]any{
		"number": row.ID, "date": isoTime(row.Date), "sig_check": word(a.AuditSigning.Right(row)), "missing_line": word(complete), "startdate": isoTime(row.StartDate),
		"success": nil, "duration": nil,
	}
	if row.Success != nil {
		m["success"] = *row.Success
	}
	if row.Duration != nil && *row.Duration != 0 {
		m["duration"] = row.Duration.Seconds()
	}
	for name, v := range map[string]*string{
		"action": row.Action, "serial": row.Serial, "token_type": row.TokenType, "user": row.User, "realm": row.Realm, "resolver": row.Resolver,
		"administrator": row.Administrator, "action_detail": row.ActionDetail, "info": row.Info, "edumfa_server": row.Server, "policies": row.Policies,
		"client": row.Client, "log_level": row.LogLevel, "clearance_level": row.ClearanceLevel, "thread_id": row.ThreadID,
	} {
		m[name] = nil
		if v != nil {
			m[name] = *v
		}
	}
	return m
}

// isoTime is a local time as Python's isoformat() writes it.
func isoTime(t *time.Time) any {
	if t == nil {
		return nil
	}
	if t.Nanosecond()/1000 == 0 {
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}

// auditFile streams all rows that fit as a text file, oldest first. Every value
// stands between apostrophes, nothing is escaped: programs that read it expect
// that. It shows no more than the list: rows of the caller's realms, and nothing
// in the columns that are hidden from him.
func (a *API) auditFile(ctx context.Context, r *Request) (*Answer, error) {
	f, err := a.auditFilter(ctx, r)
	if err != nil {
		return nil, err
	}
	if f.AnyRealm, err = a.auditRealms(ctx, r, "auditlog_download"); err != nil {
		return nil, err
	}
	hidden, err := a.auditHidden(ctx, r)
	if err != nil {
		return nil, err
	}
	// The file ends before the row of this very request.
	last, ok, err := a.Store.AuditNewest(ctx, 0)
	if err != nil {
		return nil, err
	}
	if ok {
		f.Last = last
	}
	if f, err = a.Store.AuditNarrow(ctx, f); err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	return &Answer{Status: 200, Plain: &Plain{Type: "text/csv", FileName: r.Params.TextOr("csvfile", ""), Stream: func(ctx context.Context, w io.Writer) error {
		return a.writeAudit(ctx, f, hidden, w)
	}}}, nil
}

func (a *API) writeAudit(ctx context.Context, f audit.Filter, hidden map[string]bool, w io.Writer) error {
	b := bufio.NewWriter(w)
	columns := auditFileColumns()
	for last := int64(-1 << 62); ; {
		list, err := a.Store.AuditAfter(ctx, f, last, csvBatch)
		if err != nil {
			return err
		}
		rows, err := a.auditRows(ctx, list, f.Last)
		if err != nil {
			return err
		}
		for i, row := range rows {
			last = list[i].ID
			for j, c := range columns {
				if j > 0 {
					_ = b.WriteByte(',')
				}
				value := ""
				if !hidden[c] {
					value = csvValue(row[c])
				}
				_, _ = b.WriteString("'" + value + "'")
			}
			_ = b.WriteByte('\n')
		}
		if len(list) < csvBatch {
			return b.Flush()
		}
	}
}

func csvValue(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	}
	return pyliteral.Str(v)
}

// clientStore knows the applications that asked.
type clientStore interface {
	Clients(ctx context.Context) ([]clientapp.Client, error)
}

// clientList lists the client applications that were seen, by their kind.
func (a *API) clientList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, c := range list {
		var host any
		if c.Hostname != "" {
			host = c.Hostname
		}
		entries, _ := out[c.Type].([]any)
		out[c.Type] = append(entries, map[string]any{"ip": c.IP, "hostname": host, "lastseen": c.LastSeen.Format("Mon, 02 Jan 2006 15:04:05 GMT")})
	}
	r.Audit.Success = 1
	return ok(out), nil
}
