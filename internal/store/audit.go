package store

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"edumfa/internal/audit"
)

var errAuditNumber = errors.New("the audit row's number is taken")

// auditIDs hands out the numbers of audit rows: a row must know its number before
// it is written, because the number is signed.
type auditIDs struct {
	mu sync.Mutex
	// next is used where the database has no sequences for it; zero is unknown.
	next int64
	// spare are numbers of rows that were not written after all. Using them again
	// keeps the numbers without gaps, which readers take for deleted rows.
	spare []int64
}

func (a *auditIDs) forget() {
	a.mu.Lock()
	a.next, a.spare = 0, nil
	a.mu.Unlock()
}

func (a *auditIDs) giveBack(id int64) {
	a.mu.Lock()
	a.spare = append(a.spare, id)
	a.mu.Unlock()
}

func (a *auditIDs) takeSpare() (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.spare) == 0 {
		return 0, false
	}
	id := a.spare[0]
	a.spare = a.spare[1:]
	return id, true
}

// signNumbered gives the entry its number and lets it be signed.
func (db *DB) signNumbered(ctx context.Context, e *audit.Entry) error {
	id, err := db.auditNumber(ctx)
	if err != nil {
		return err
	}
	e.Row.ID = id
	if err := e.Sign(&e.Row); err != nil {
		db.auditID.giveBack(id)
		return err
	}
	return nil
}

func (db *DB) auditNumber(ctx context.Context) (id int64, err error) {
	locked := inTx(ctx) != nil && !db.engine.sequences // nobody else can write now
	if !locked {
		if id, ok := db.auditID.takeSpare(); ok {
			return id, nil
		}
	}
	if db.engine.sequences {
		return id, db.queryOne(ctx, "SELECT "+db.engine.nextval("mfa_audit"), nil, &id)
	}
	db.auditID.mu.Lock()
	defer db.auditID.mu.Unlock()
	if db.auditID.next == 0 || locked {
		var last int64
		if err := db.queryOne(ctx, "SELECT MAX(id) FROM mfa_audit", nil, intTo{&last}); err != nil {
			return 0, err
		}
		db.auditID.next = last + 1
	}
	id = db.auditID.next
	db.auditID.next++
	return id, nil
}

const auditColumns = `id, date, startdate, duration, signature, action, success, serial, token_type, "user", realm, resolver, administrator,
 action_detail, info, edumfa_server, client, loglevel, clearance_level, thread_id, policies`

func (db *DB) insertAudit(ctx context.Context, e *audit.Entry) error {
	err := db.write(ctx, db.auditWrite(e))
	if duplicate(err) {
		return errAuditNumber
	}
	return err
}

func (db *DB) auditWrite(e *audit.Entry) write {
	r := &e.Row
	duration := "?"
	if db.engine.name == "postgres" {
		duration = "CAST(? AS INTERVAL)"
	}
	return write{"INSERT INTO mfa_audit (" + auditColumns + ") VALUES (?,?,?," + duration + ",?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", []any{
		r.ID, naiveP(r.Date), naiveP(r.StartDate), db.engine.durationText(r.Duration), r.Signature, r.Action, r.Success, r.Serial, r.TokenType,
		r.User, r.Realm, r.Resolver, r.Administrator, r.ActionDetail, r.Info, r.Server, r.Client, r.LogLevel, r.ClearanceLevel, r.ThreadID, r.Policies}, whatever}
}

func naiveP(t *time.Time) any {
	if t == nil {
		return nil
	}
	return naive(*t)
}

func (db *DB) auditSelect() string {
	if db.engine.name == "postgres" {
		return strings.Replace(auditColumns, " duration,", " CAST(EXTRACT(EPOCH FROM duration) * 1000000 AS BIGINT),", 1)
	}
	return auditColumns
}

func (db *DB) scanAudit(r *sql.Rows) (a audit.Row, err error) {
	err = r.Scan(&a.ID, timeP{&a.Date, db.local}, timeP{&a.StartDate, db.local}, durationTo{&a.Duration}, &a.Signature, &a.Action, &a.Success,
		&a.Serial, &a.TokenType, &a.User, &a.Realm, &a.Resolver, &a.Administrator, &a.ActionDetail, &a.Info, &a.Server, &a.Client,
		&a.LogLevel, &a.ClearanceLevel, &a.ThreadID, &a.Policies)
	return a, err
}

// timeP reads a naive column as a pointer, nil for NULL.
type timeP struct {
	p   **time.Time
	loc *time.Location
}

func (s timeP) Scan(v any) error {
	if v == nil {
		*s.p = nil
		return nil
	}
	var t time.Time
	err := timeTo{&t, s.loc}.Scan(v)
	*s.p = &t
	return err
}

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
		switch name {
		case "success":
			yes := 0
			switch strings.Trim(pattern, "*") {
			case "1", "true", "True", "TRUE":
				yes = 1
			}
			w.add("success = ?", yes)
		case "date", "startdate", "id":
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

// AuditPage finds one page of audit rows by number and how many fit.
func (db *DB) AuditPage(ctx context.Context, f audit.Filter, desc bool, offset, limit int) ([]audit.Row, int, error) {
	w := db.auditWhere(f)
	var total int
	if err := db.queryOne(ctx, "SELECT COUNT(*) FROM mfa_audit"+w.text(), w.args, &total); err != nil {
		return nil, 0, err
	}
	order := " ORDER BY id"
	if desc {
		order += " DESC"
	}
	var list []audit.Row
	err := db.query(ctx, "SELECT "+db.auditSelect()+" FROM mfa_audit"+w.text()+order+" LIMIT ? OFFSET ?", append(w.args, limit, offset), func(r *sql.Rows) error {
		a, err := db.scanAudit(r)
		list = append(list, a)
		return err
	})
	return list, total, err
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
