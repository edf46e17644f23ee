package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/dburi"
	"edumfa/internal/token"
)

// found says how many rows a write has to find.
type found int

const (
	whatever found = iota
	// exactly one, else the whole is a conflict
	itsRow
	// one, else the changes are carried out step by step
	usually
)

// write is one statement of a login.
type write struct {
	q    string
	args []any
	rows found
}

// errStepwise says that the changes have to be carried out one by one.
var errStepwise = errors.New("not to be done at once")

// applyAtOnce carries out changes that mostly are single statements in at most
// two turns: all statements, then the commit. Step by step each would wait for its
// own answer, which takes PostgreSQL longer than the statements do.
// errStepwise says that nothing is stored and that these changes, or what they
// met, need to be looked at one by one.
func (db *DB) applyAtOnce(ctx context.Context, changes []change.Change, entry *audit.Entry) error {
	if !db.engine.pipelines || db.isolation != nil || inTx(ctx) != nil {
		return errStepwise
	}
	list, ok := db.writes(changes)
	if !ok {
		return errStepwise
	}
	if entry != nil {
		list = append(list, db.auditWrite(entry))
	}
	var statements []dburi.Statement
	// What is sent at once is a transaction by itself; only what has to be looked
	// at before the commit needs one of its own.
	if slices.ContainsFunc(list, func(w write) bool { return w.rows != whatever }) {
		statements = append(statements, dburi.Statement{SQL: "BEGIN"})
	}
	for _, w := range list {
		statements = append(statements, dburi.Statement{SQL: db.rebound(w.q), Args: w.args})
	}
	conn, err := db.pool.Conn(ctx)
	if err != nil {
		return public(err)
	}
	defer func() { _ = conn.Close() }()
	if rawErr := conn.Raw(func(c any) error {
		var broken error
		err, broken = runAtOnce(ctx, c, statements, list)
		return broken
	}); rawErr != nil && err == nil {
		err = rawErr
	}
	switch {
	case tryAgain(err):
		return errStepwise
	case duplicate(err) && entry != nil:
		return errAuditNumber
	}
	return public(err)
}

// runAtOnce returns what became of the writes, and driver.ErrBadConn when the
// connection must not be used again.
func runAtOnce(ctx context.Context, c any, statements []dburi.Statement, list []write) (err, broken error) {
	counts, err := dburi.Pipeline(ctx, c, statements)
	if len(statements) == len(list) {
		return err, nil
	}
	if dburi.Disconnected(err) { // surely without a commit
		return errStepwise, driver.ErrBadConn
	}
	for i, w := range list {
		if err != nil {
			break
		}
		switch n := counts[i+1]; {
		case w.rows == itsRow && n != 1:
			err = ErrConflict
		case w.rows == usually && n != 1:
			err = errStepwise
		}
	}
	end := "COMMIT"
	if err != nil {
		end = "ROLLBACK"
	}
	if _, endErr := dburi.Pipeline(ctx, c, []dburi.Statement{{SQL: end}}); endErr != nil {
		broken = driver.ErrBadConn
		if err == nil {
			err = endErr
		}
	}
	return err, broken
}

// rebound is the product's text for SQL of this package. There are few texts.
func (db *DB) rebound(q string) string {
	if v, ok := db.rebounds.Load(q); ok {
		return v.(string)
	}
	text := db.engine.rebind(q)
	db.rebounds.Store(q, text)
	return text
}

// writes are the statements of the changes; false when one of them needs more
// than statements, or when rows have to be locked first (see lockTokens).
func (db *DB) writes(changes []change.Change) ([]write, bool) {
	var list []write
	var only int64
	for _, c := range changes {
		if id, uses := changedToken(c); id != 0 {
			_, fails := c.(change.FailToken)
			if only == 0 && !uses && !fails || only != 0 && only != id {
				return nil, false
			}
			only = id
		}
		w, ok := db.writesOf(c)
		if !ok {
			return nil, false
		}
		list = append(list, w...)
	}
	return list, true
}

func (db *DB) writesOf(c change.Change) ([]write, bool) {
	one := func(rows found, q string, args ...any) []write { return []write{{q, args, rows}} }
	switch c := c.(type) {
	case change.UseToken:
		list := []write{useToken(c)}
		if !c.KeepFail {
			list = append(list, deleteInfoWrite(c.ID, token.InfoFailExceeded))
		}
		return list, true
	case change.MoveCounter:
		return []write{moveCounter(c)}, true
	case change.FailToken:
		// the one that reaches the limit notes the moment, too
		return one(usually, "UPDATE token SET failcount = failcount + 1 WHERE id = ? AND failcount < maxfail - 1", c.ID), true
	case change.SetInfo:
		return one(usually, setInfoText, c.Value, c.Type, c.ID, c.Key), true
	case change.DeleteInfo:
		return []write{deleteInfoWrite(c.ID, c.Key)}, true
	case change.TakeInfo:
		return []write{takeInfo(c)}, true
	case change.CountInfo:
		return one(usually, `UPDATE tokeninfo SET "Value" = `+db.engine.nextCount()+` WHERE token_id = ? AND "Key" = ?`, c.ID, c.Key), true
	case change.NewChallenge:
		x := c.Challenge
		return one(whatever, "INSERT INTO challenge (id, "+newChallengeColumns+") VALUES ("+db.engine.nextval("challenge")+",?,?,?,?,?,?,?,?,?)",
			newChallengeValues(x)...), true
	case change.Enqueue:
		return []write{addJob(c.Job)}, true
	case change.UseChallenge:
		return one(itsRow, "DELETE FROM challenge WHERE id = ?", c.ID), true
	case change.EndTransaction:
		return one(whatever, "DELETE FROM challenge WHERE transaction_id = ?", c.TransactionID), true
	case change.AnswerReceived:
		return one(whatever, "UPDATE challenge SET received_count = received_count + 1 WHERE id = ?", c.ID), true
	}
	return nil, false
}

// useToken finds the token only as it was seen, and still usable.
func useToken(c change.UseToken) write {
	q, args := "UPDATE token SET count = ?, failcount = 0 WHERE id = ? AND count = ? AND failcount < maxfail AND active = ? AND COALESCE(locked, ?) = ? AND COALESCE(revoked, ?) = ?",
		[]any{c.Next, c.ID, c.Seen, true, false, false, false, false}
	if c.KeepFail {
		q = "UPDATE token SET count = ? WHERE id = ? AND count = ? AND active = ? AND COALESCE(locked, ?) = ? AND COALESCE(revoked, ?) = ?"
	}
	return write{q, args, itsRow}
}

func moveCounter(c change.MoveCounter) write {
	return write{"UPDATE token SET count = ? WHERE id = ? AND count = ?", []any{c.Next, c.ID, c.Seen}, itsRow}
}

func deleteInfoWrite(id int64, key string) write {
	return write{`DELETE FROM tokeninfo WHERE token_id = ? AND "Key" = ?`, []any{id, key}, whatever}
}

// takeInfo finds the value only as it was seen.
func takeInfo(c change.TakeInfo) write {
	return write{`DELETE FROM tokeninfo WHERE token_id = ? AND "Key" = ? AND "Value" = ?`, []any{c.ID, c.Key, c.Value}, itsRow}
}
