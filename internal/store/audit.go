package store

import (
	"context"
	"database/sql"
	"errors"
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
	// keeps the numbers without gaps, which readers take for deleted rows. Old ones
	// are left out: who sends rows on in their order may have passed over them.
	spare []spareNumber
}

type spareNumber struct {
	id int64
	at time.Time
}

// spareTime is how long a number is used again, much shorter than a reader waits
// for one.
const spareTime = 30 * time.Second

func (a *auditIDs) forget() {
	a.mu.Lock()
	a.next, a.spare = 0, nil
	a.mu.Unlock()
}

func (a *auditIDs) giveBack(id int64, now time.Time) {
	a.mu.Lock()
	a.spare = append(a.spare, spareNumber{id, now})
	a.mu.Unlock()
}

func (a *auditIDs) takeSpare(now time.Time) (int64, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.spare) > 0 {
		s := a.spare[0]
		a.spare = a.spare[1:]
		if now.Sub(s.at) < spareTime {
			return s.id, true
		}
	}
	return 0, false
}

// signNumbered gives the entry its number and lets it be signed.
func (db *DB) signNumbered(ctx context.Context, e *audit.Entry) error {
	id, err := db.auditNumber(ctx)
	if err != nil {
		return err
	}
	e.Row.ID = id
	if err := e.Sign(&e.Row); err != nil {
		db.auditID.giveBack(id, db.now())
		return err
	}
	return nil
}

func (db *DB) auditNumber(ctx context.Context) (id int64, err error) {
	locked := inTx(ctx) != nil && !db.engine.sequences // nobody else can write now
	if !locked {
		if id, ok := db.auditID.takeSpare(db.now()); ok {
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
