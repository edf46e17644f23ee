package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/dburi"
)

const (
	// countLimit is how many rows of a search are counted at most: a hundred
	// million rows are there for finding some of them.
	countLimit = 100_000
	// countTime is how long the rows of a search are counted at most.
	countTime = 2 * time.Second
	// deepPage is the offset from which the rows of a page are looked up by their
	// numbers: the rows before them are then passed over in an index.
	deepPage = 1000
	// manyValues is how many different values a column may have for a pattern to
	// be compared with each of them, fewValues how many may fit.
	manyValues = 20_000
	fewValues  = 500
)

var auditFilterColumns = map[string]string{
	"action": "action", "serial": "serial", "token_type": "token_type", "user": `"user"`, "realm": "realm", "resolver": "resolver",
	"administrator": "administrator", "action_detail": "action_detail", "info": "info", "edumfa_server": "edumfa_server", "client": "client",
	"loglevel": "loglevel", "clearance_level": "clearance_level", "thread_id": "thread_id", "policies": "policies", "success": "success",
	"date": "date", "startdate": "startdate", "id": "id",
}

// auditWhere is the condition of a filter. "*" stands for any text; a success is
// asked for as a flag. Names that are no columns do not filter.
func (db *DB) auditWhere(f audit.Filter) *where {
	w := &where{}
	for _, name := range slices.Sorted(maps.Keys(f.Columns)) {
		column, pattern := auditFilterColumns[name], f.Columns[name]
		if column == "" || strings.TrimSpace(pattern) == "" || strings.Trim(pattern, "*") == "" {
			continue
		}
		if values, ok := f.Values[name]; ok {
			if len(values) == 0 {
				w.add("1 = 0")
				continue
			}
			in, args := inList(values)
			w.add(column+" IN "+in, args...)
			continue
		}
		switch name {
		case "success":
			yes := 0
			switch strings.Trim(pattern, "*") {
			case "1", "true", "True", "TRUE":
				yes = 1
			}
			w.add("success = ?", yes)
		case "id":
			if n, err := strconv.ParseInt(pattern, 10, 64); err == nil {
				w.add("id = ?", n)
				continue
			}
			w.add("CAST(id AS "+db.engine.textType()+") "+db.engine.like()+" ? ESCAPE '!'", likePattern(pattern))
		case "date", "startdate":
			if from, to, ok := dateRange(pattern); ok && name == "date" { // the index on dates answers this
				w.add("date >= ? AND date < ?", naive(from), naive(to))
			}
			w.add("CAST("+column+" AS "+db.engine.textType()+") "+db.engine.like()+" ? ESCAPE '!'", likePattern(pattern))
		default:
			if strings.Contains(pattern, "*") {
				w.add(column+" "+db.engine.like()+" ? ESCAPE '!'", likePattern(pattern))
			} else {
				w.add(column+" = ?", pattern)
			}
		}
	}
	if f.Last != 0 {
		w.add("id <= ?", f.Last)
	}
	if f.After != 0 {
		w.add("id > ?", f.After)
	}
	if f.AnyRealm != nil {
		in, args := inList(f.AnyRealm)
		w.add("realm IN "+in, args...)
	}
	if !f.Since.IsZero() {
		w.add("date >= ?", naive(f.Since.In(db.local)))
	}
	return w
}

func (e engine) textType() string {
	if e.name == "mysql" || e.name == "mariadb" {
		return "CHAR"
	}
	return "TEXT"
}

// dateRange is the time in which dates of a pattern are: 2026-05* is May. A
// leading star changes nothing, because only the beginning of a date is a year.
func dateRange(pattern string) (from, to time.Time, ok bool) {
	m := regexp.MustCompile(`^\**(\d{4}-(?:\d\d(?:-\d\d(?:[ T]\d\d(?::\d\d)?)?)?)?)`).FindStringSubmatch(pattern)
	if m == nil {
		return from, to, false
	}
	text := strings.Replace(m[1], "T", " ", 1)
	for _, l := range []struct {
		layout string
		add    func(time.Time) time.Time
	}{
		{"2006-", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02 15", func(t time.Time) time.Time { return t.Add(time.Hour) }},
		{"2006-01-02 15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
	} {
		if t, err := time.Parse(l.layout, text); err == nil {
			return t, l.add(t), true
		}
	}
	return from, to, false
}

// AuditNarrow replaces patterns for columns that have an index and not too many
// different values by the values that fit: the index finds a value, but no
// pattern. The filter means the same afterwards.
func (db *DB) AuditNarrow(ctx context.Context, f audit.Filter) (audit.Filter, error) {
	for _, name := range []string{"action", "serial", "user"} {
		pattern := f.Columns[name]
		if f.Values[name] != nil || !strings.Contains(pattern, "*") || strings.Trim(pattern, "* ") == "" {
			continue
		}
		values, ok, err := db.auditValues(ctx, auditFilterColumns[name], pattern)
		if err != nil {
			return f, err
		}
		if ok {
			f.Values = maps.Clone(f.Values)
			if f.Values == nil {
				f.Values = map[string][]string{}
			}
			f.Values[name] = values
		}
	}
	return f, nil
}

// auditValues lists the values of a column that fit a pattern; false when there
// are too many. It goes from value to value in the column's index.
func (db *DB) auditValues(ctx context.Context, column, pattern string) (values []string, ok bool, err error) {
	values = []string{}
	seen := 0
	err = db.query(ctx, db.valuesQuery(column), []any{likePattern(pattern), manyValues + 1}, func(r *sql.Rows) error {
		var v string
		var fits bool
		seen++
		if err := r.Scan(textTo{&v}, boolTo{&fits}); err != nil {
			return err
		}
		if fits {
			values = append(values, v)
		}
		return nil
	})
	return values, err == nil && seen <= manyValues && len(values) <= fewValues, err
}

func (db *DB) valuesQuery(column string) string {
	fits := "v " + db.engine.like() + " ? ESCAPE '!'"
	if db.engine.name == "mysql" || db.engine.name == "mariadb" {
		return "SELECT v, " + fits + " FROM (SELECT DISTINCT " + column + " AS v FROM mfa_audit LIMIT ?) AS list WHERE v IS NOT NULL"
	}
	return "WITH RECURSIVE list(v) AS (SELECT MIN(" + column + ") FROM mfa_audit UNION ALL SELECT (SELECT MIN(" + column + ") FROM mfa_audit WHERE " + column +
		" > list.v) FROM list WHERE v IS NOT NULL) SELECT v, " + fits + " FROM list WHERE v IS NOT NULL LIMIT ?"
}

// pageQuery is the text of a search for one page.
func (db *DB) pageQuery(w *where, desc bool, offset, limit int) (string, []any) {
	order := " ORDER BY id"
	if desc {
		order += " DESC"
	}
	args := append(slices.Clone(w.args), limit, offset)
	if offset < deepPage {
		return "SELECT " + db.auditSelect() + " FROM mfa_audit" + w.text() + order + " LIMIT ? OFFSET ?", args
	}
	return "SELECT " + db.auditSelect() + " FROM (SELECT id AS page_id FROM mfa_audit" + w.text() + order + " LIMIT ? OFFSET ?) AS page JOIN mfa_audit ON id = page_id" + order, args
}

// AuditPage finds one page of audit rows by number and how many fit. Many rows
// are not counted to the end.
func (db *DB) AuditPage(ctx context.Context, f audit.Filter, desc bool, offset, limit int) (audit.Page, error) {
	var p audit.Page
	f, err := db.AuditNarrow(ctx, f)
	if err != nil || f.Nothing() {
		p.Exact = true
		return p, err
	}
	w := db.auditWhere(f)
	q, args := db.pageQuery(w, desc, offset, limit+1)
	err = db.query(ctx, q, args, func(r *sql.Rows) error {
		a, err := db.scanAudit(r)
		p.Rows = append(p.Rows, a)
		return err
	})
	if err != nil {
		return p, err
	}
	if p.More = len(p.Rows) > limit; p.More {
		p.Rows = p.Rows[:limit]
	}
	if !p.More && (offset == 0 || len(p.Rows) > 0) {
		p.Total, p.Exact = offset+len(p.Rows), true
		return p, nil
	}
	p.Total, p.Exact, err = db.countAudit(ctx, w)
	if p.More {
		p.Total = max(p.Total, offset+limit+1)
	}
	return p, err
}

// countQuery counts the rows that fit up to a limit.
func (db *DB) countQuery(w *where) (string, []any) {
	q := "SELECT COUNT(*) FROM (SELECT id FROM mfa_audit" + w.text() + " LIMIT ?) AS list"
	ms := strconv.FormatInt(countTime.Milliseconds(), 10)
	switch db.engine.name {
	case "mariadb":
		q = "SET STATEMENT max_statement_time = " + ms + " / 1000 FOR " + q
	case "mysql":
		q = strings.Replace(q, "SELECT ", "SELECT /*+ MAX_EXECUTION_TIME("+ms+") */ ", 1)
	}
	return q, append(slices.Clone(w.args), countLimit+1)
}

// countAudit counts rows; exact is false when there were too many of them, or
// they were too hard to find. Of all rows the numbers tell how many there are, but
// for gaps.
func (db *DB) countAudit(ctx context.Context, w *where) (n int, exact bool, err error) {
	limited, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	q, args := db.countQuery(w)
	err = db.queryOne(limited, q, args, &n)
	switch {
	case err != nil && ctx.Err() == nil && (limited.Err() != nil || errors.Is(err, context.DeadlineExceeded) || dburi.TimedOut(err)):
		return 0, false, nil
	case err != nil || n <= countLimit:
		return n, err == nil, err
	case len(w.conds) > 0:
		return countLimit, false, nil
	}
	var first, last int64
	if err := db.queryOne(ctx, "SELECT (SELECT MIN(id) FROM mfa_audit), (SELECT MAX(id) FROM mfa_audit)", nil, intTo{&first}, intTo{&last}); err != nil {
		return 0, false, fmt.Errorf("count audit rows: %w", err)
	}
	return int(last - first + 1), false, nil
}

// EachAudit calls f for every row that fits, in the order of the dates, without
// keeping them in memory.
func (db *DB) EachAudit(ctx context.Context, filter audit.Filter, f func(audit.Row) error) error {
	w := db.auditWhere(filter)
	return db.query(ctx, "SELECT "+db.auditSelect()+" FROM mfa_audit"+w.text()+" ORDER BY id", w.args, func(r *sql.Rows) error {
		a, err := db.scanAudit(r)
		if err != nil {
			return err
		}
		return f(a)
	})
}

// AuditAfter finds the first rows with numbers above id, by number.
func (db *DB) AuditAfter(ctx context.Context, f audit.Filter, id int64, limit int) ([]audit.Row, error) {
	w := db.auditWhere(f)
	w.add("id > ?", id)
	var list []audit.Row
	err := db.query(ctx, "SELECT "+db.auditSelect()+" FROM mfa_audit"+w.text()+" ORDER BY id LIMIT ?", append(w.args, limit), func(r *sql.Rows) error {
		a, err := db.scanAudit(r)
		list = append(list, a)
		return err
	})
	return list, err
}

// AuditNumbers tells which of the numbers exist, for finding missing rows.
func (db *DB) AuditNumbers(ctx context.Context, ids []int64) (map[int64]bool, error) {
	out := make(map[int64]bool, len(ids))
	in, args := inList(ids)
	err := db.query(ctx, "SELECT id FROM mfa_audit WHERE id IN "+in, args, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		out[id] = true
		return err
	})
	return out, err
}
