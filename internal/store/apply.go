package store

import (
	"context"
	"errors"
	"fmt"

	"edumfa/internal/audit"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/token"
)

// Apply carries out the changes in order and stores the audit row, all or
// nothing. ErrConflict says that what one of them saw is no longer so.
//
// The audit row gets its number before the transaction and is signed outside
// of it: signing takes longer than writing.
func (db *DB) Apply(ctx context.Context, changes []change.Change, entry *audit.Entry) error {
	for try := range 5 {
		// Where other programs keep taking the numbers first, the number is chosen
		// while nobody else can write.
		late := try > 0
		if entry != nil && late {
			entry.Row.ID = 0 // somebody else's
		}
		if entry != nil && !late {
			if err := db.signNumbered(ctx, entry); err != nil {
				return err
			}
		}
		err := errStepwise
		if !late {
			err = db.applyAtOnce(ctx, changes, entry)
		}
		if errors.Is(err, errStepwise) {
			err = db.applyStepwise(ctx, changes, entry, late)
		}
		if !errors.Is(err, errAuditNumber) {
			if entry != nil && entry.Row.ID != 0 && errors.Is(err, ErrConflict) { // surely rolled back
				db.auditID.giveBack(entry.Row.ID, db.now())
			}
			return err
		}
		db.auditID.forget() // another program wrote rows: number anew
	}
	return public(errAuditNumber)
}

// applyStepwise carries out the changes one after the other; late numbers and
// signs the audit row in the transaction.
func (db *DB) applyStepwise(ctx context.Context, changes []change.Change, entry *audit.Entry, late bool) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.lockTokens(ctx, changes); err != nil {
			return err
		}
		for _, c := range changes {
			if err := db.apply(ctx, c); err != nil {
				return err
			}
		}
		if entry == nil {
			return nil
		}
		if late {
			if err := db.signNumbered(ctx, entry); err != nil {
				return err
			}
		}
		return db.insertAudit(ctx, entry)
	})
}

func (db *DB) apply(ctx context.Context, c change.Change) error {
	switch c := c.(type) {
	case change.UseToken:
		if err := db.write(ctx, useToken(c)); err != nil || c.KeepFail {
			return err
		}
		return db.deleteInfo(ctx, c.ID, token.InfoFailExceeded)
	case change.MoveCounter:
		return db.write(ctx, moveCounter(c))
	case change.FailToken:
		return db.failToken(ctx, c)
	case change.ResetFail:
		if _, err := db.exec(ctx, "UPDATE token SET failcount = 0 WHERE id = ?", c.ID); err != nil {
			return err
		}
		return db.deleteInfo(ctx, c.ID, token.InfoFailExceeded)
	case change.SetInfo:
		return db.setInfo(ctx, c.ID, c.Key, c.Value, c.Type)
	case change.DeleteInfo:
		return db.deleteInfo(ctx, c.ID, c.Key)
	case change.TakeInfo:
		return db.write(ctx, takeInfo(c))
	case change.CountInfo:
		return db.countInfo(ctx, c)
	case change.ReplacePIN:
		// Not a condition of the answer: whoever set another PIN meanwhile is right.
		_, err := db.exec(ctx, "UPDATE token SET pin_hash = ?, pin_seed = '' WHERE id = ? AND pin_hash = ?", c.New, c.ID, c.Old)
		return err
	case change.SetAdminPassword:
		_, err := db.exec(ctx, "UPDATE admin SET password = ? WHERE username = ? AND password = ?", c.New, c.Username, c.Old)
		return err
	case change.DeleteToken:
		err := db.DeleteToken(ctx, c.ID, c.Serial)
		if errors.Is(err, ErrNotFound) {
			return ErrConflict
		}
		return err
	case change.NewChallenge:
		return db.insertChallenge(ctx, c.Challenge)
	case change.SetChallenge:
		return db.mustOne(ctx, `UPDATE challenge SET challenge = ?, data = ?, "session" = ?, received_count = ?, otp_valid = ? WHERE id = ?`,
			c.Challenge.Challenge, c.Challenge.Data, c.Challenge.Session, c.Challenge.Received, c.Challenge.Valid, c.Challenge.ID)
	case change.ConfirmChallenge:
		return db.mustOne(ctx, "UPDATE challenge SET otp_valid = ?, received_count = received_count + 1 WHERE id = ? AND COALESCE(data, '') <> ?", true, c.ID, challenge.Declined)
	case change.DeclineChallenge:
		return db.mustOne(ctx, "UPDATE challenge SET otp_valid = ?, data = ? WHERE id = ?", false, challenge.Declined, c.ID)
	case change.UseChallenge:
		return db.mustOne(ctx, "DELETE FROM challenge WHERE id = ?", c.ID)
	case change.EndTransaction:
		_, err := db.exec(ctx, "DELETE FROM challenge WHERE transaction_id = ?", c.TransactionID)
		return err
	case change.EndChallenge:
		_, err := db.exec(ctx, "DELETE FROM challenge WHERE transaction_id = ? AND serial = ?", c.TransactionID, c.Serial)
		return err
	case change.EndChallenges:
		_, err := db.exec(ctx, "DELETE FROM challenge WHERE serial = ?", c.Serial)
		return err
	case change.AnswerReceived:
		_, err := db.exec(ctx, "UPDATE challenge SET received_count = received_count + 1 WHERE id = ?", c.ID)
		return err
	case change.UseNonce:
		return db.useNonce(ctx, c)
	case change.SeenClient:
		return db.seenClient(ctx, c)
	case change.RememberLogin:
		return db.rememberLogin(ctx, c)
	case change.UseRemembered:
		return db.mustOne(ctx, "UPDATE authcache SET last_auth = ?, auth_count = COALESCE(auth_count, 0) + 1 WHERE id = ? AND COALESCE(auth_count, 0) = ?",
			naive(c.At.UTC()), c.ID, c.Seen)
	case change.ForgetLogins:
		return db.forgetLogins(ctx, c)
	case change.UseRecoveryCode:
		return db.useRecoveryCode(ctx, c)
	case change.Enqueue:
		return db.AddJob(ctx, c.Job)
	}
	return fmt.Errorf("store: change %T is not known", c)
}

// mustOne runs an update or delete that must find exactly its row.
func (db *DB) mustOne(ctx context.Context, q string, args ...any) error {
	n, err := db.exec(ctx, q, args...)
	if err == nil && n != 1 {
		return ErrConflict
	}
	return err
}

// write carries out one statement.
func (db *DB) write(ctx context.Context, w write) error {
	n, err := db.exec(ctx, w.q, w.args...)
	if err == nil && w.rows == itsRow && n != 1 {
		return ErrConflict
	}
	return err
}

func (db *DB) deleteInfo(ctx context.Context, id int64, key string) error {
	return db.write(ctx, deleteInfoWrite(id, key))
}

func (db *DB) failToken(ctx context.Context, c change.FailToken) error {
	n, err := db.exec(ctx, "UPDATE token SET failcount = failcount + 1 WHERE id = ? AND failcount < maxfail", c.ID)
	if err != nil || n == 0 {
		return err
	}
	var fail, limit int
	if err := db.queryOne(ctx, "SELECT failcount, maxfail FROM token WHERE id = ?", []any{c.ID}, smallTo{&fail}, smallTo{&limit}); err != nil {
		return err
	}
	if fail < limit {
		return nil
	}
	return db.setInfo(ctx, c.ID, token.InfoFailExceeded, c.At, "")
}

// countInfo adds in the database: two requests at once are counted twice.
func (db *DB) countInfo(ctx context.Context, c change.CountInfo) error {
	n, err := db.exec(ctx, `UPDATE tokeninfo SET "Value" = `+db.engine.nextCount()+` WHERE token_id = ? AND "Key" = ?`, c.ID, c.Key)
	if err != nil || n > 0 {
		return err
	}
	return db.setInfo(ctx, c.ID, c.Key, "1", "")
}

func (db *DB) insertChallenge(ctx context.Context, c challenge.Challenge) error {
	_, err := db.insert(ctx, "challenge", newChallengeColumns, newChallengeValues(c)...)
	return err
}

const newChallengeColumns = `transaction_id, serial, challenge, data, "session", timestamp, expiration, received_count, otp_valid`

func newChallengeValues(c challenge.Challenge) []any {
	return []any{c.TransactionID, c.Serial, c.Challenge, c.Data, c.Session, naive(c.Timestamp.UTC()), naive(c.Expiration.UTC()), c.Received, c.Valid}
}

func (db *DB) seenClient(ctx context.Context, c change.SeenClient) error {
	at := naive(c.At.In(db.local))
	n, err := db.exec(ctx, "UPDATE clientapplication SET lastseen = ? WHERE ip = ? AND clienttype = ? AND node = ?", at, c.IP, c.Type, c.Node)
	if err != nil || n > 0 {
		return err
	}
	// Another node's request may insert the same row now: which one is kept does
	// not matter, and a failed insert would end PostgreSQL's transaction.
	q := "INSERT INTO clientapplication (ip, clienttype, lastseen, node) SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM clientapplication WHERE ip = ? AND clienttype = ? AND node = ?)"
	switch db.engine.name {
	case "postgres":
		_, err = db.exec(ctx, "INSERT INTO clientapplication (id, ip, clienttype, lastseen, node) VALUES ("+db.engine.nextval("clientapplication")+", ?, ?, ?, ?) ON CONFLICT DO NOTHING", c.IP, c.Type, at, c.Node)
	case "mariadb":
		_, err = db.exec(ctx, "INSERT IGNORE INTO clientapplication (id, ip, clienttype, lastseen, node) VALUES ("+db.engine.nextval("clientapplication")+", ?, ?, ?, ?)", c.IP, c.Type, at, c.Node)
	case "mysql":
		_, err = db.exec(ctx, "INSERT IGNORE INTO clientapplication (ip, clienttype, lastseen, node) VALUES (?, ?, ?, ?)", c.IP, c.Type, at, c.Node)
	default:
		_, err = db.exec(ctx, q, c.IP, c.Type, at, c.Node, c.IP, c.Type, c.Node)
	}
	return err
}
