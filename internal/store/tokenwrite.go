package store

import (
	"context"
	"errors"
	"strings"

	"edumfa/internal/token"
)

// InsertToken stores a new token with all its parts and sets its id. A serial
// that is there already gives ErrConflict.
func (db *DB) InsertToken(ctx context.Context, t *token.Token) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		id, err := db.insert(ctx, "token", `serial, tokentype, description, key_enc, key_iv, user_pin, user_pin_iv, so_pin, so_pin_iv,
 pin_hash, pin_seed, otplen, maxfail, failcount, count, count_window, sync_window, active, revoked, locked, rollout_state`,
			t.Serial, t.Type, t.Description, t.Key.Cipher, t.Key.IV, t.UserPIN.Cipher, t.UserPIN.IV, t.SOPIN.Cipher, t.SOPIN.IV,
			t.PINHash, t.PINSeed, t.OTPLen, t.MaxFail, t.FailCount, t.Count, t.CountWindow, t.SyncWindow, t.Active, t.Revoked, t.Locked, t.State)
		if duplicate(err) {
			return ErrConflict
		}
		if err != nil {
			return err
		}
		t.ID = id
		return db.saveParts(ctx, t, &token.Token{})
	})
}

// UpdateToken stores what differs between before and t: columns, tokeninfo,
// owner, realms and groups. The counter is written only when it changed, and
// only if it still is what before says (ErrConflict). So is the fail counter,
// but that a reset takes away whatever was counted until then: who counts up
// meanwhile must not keep others from resetting.
func (db *DB) UpdateToken(ctx context.Context, before, t *token.Token) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		w := &where{}
		set := func(column string, old, now any) {
			if old != now {
				w.add(column+" = ?", now)
			}
		}
		set("tokentype", before.Type, t.Type)
		set("description", before.Description, t.Description)
		set("key_enc", before.Key.Cipher, t.Key.Cipher)
		set("key_iv", before.Key.IV, t.Key.IV)
		set("user_pin", before.UserPIN.Cipher, t.UserPIN.Cipher)
		set("user_pin_iv", before.UserPIN.IV, t.UserPIN.IV)
		set("so_pin", before.SOPIN.Cipher, t.SOPIN.Cipher)
		set("so_pin_iv", before.SOPIN.IV, t.SOPIN.IV)
		set("pin_hash", before.PINHash, t.PINHash)
		set("pin_seed", before.PINSeed, t.PINSeed)
		set("otplen", before.OTPLen, t.OTPLen)
		set("maxfail", before.MaxFail, t.MaxFail)
		set("failcount", before.FailCount, t.FailCount)
		set("count", before.Count, t.Count)
		set("count_window", before.CountWindow, t.CountWindow)
		set("sync_window", before.SyncWindow, t.SyncWindow)
		set("active", before.Active, t.Active)
		set("revoked", before.Revoked, t.Revoked)
		set("locked", before.Locked, t.Locked)
		set("rollout_state", before.State, t.State)
		if len(w.conds) > 0 {
			q, args := "UPDATE token SET "+strings.Join(w.conds, ", ")+" WHERE id = ?", append(w.args, t.ID)
			if before.Count != t.Count {
				q, args = q+" AND count = ?", append(args, before.Count)
			}
			if before.FailCount != t.FailCount && t.FailCount != 0 {
				q, args = q+" AND failcount = ?", append(args, before.FailCount)
			}
			n, err := db.exec(ctx, q, args...)
			if err != nil {
				return err
			}
			if n != 1 {
				return ErrConflict
			}
		}
		return db.saveParts(ctx, t, before)
	})
}

func (db *DB) saveParts(ctx context.Context, t, before *token.Token) error {
	for k, v := range t.Info {
		if old, ok := before.Info[k]; ok && old == v {
			continue
		}
		if err := db.setInfo(ctx, t.ID, k, v.Value, v.Type); err != nil {
			return err
		}
	}
	for k := range before.Info {
		if _, ok := t.Info[k]; !ok {
			if _, err := db.exec(ctx, `DELETE FROM tokeninfo WHERE token_id = ? AND "Key" = ?`, t.ID, k); err != nil {
				return err
			}
		}
	}
	if err := db.saveOwner(ctx, t, before); err != nil {
		return err
	}
	if err := db.saveLinks(ctx, t.ID, before.Realms, t.Realms, "realm", "tokenrealm", "realm_id"); err != nil {
		return err
	}
	return db.saveLinks(ctx, t.ID, before.Groups, t.Groups, "tokengroup", "tokentokengroup", "tokengroup_id")
}

func (db *DB) saveOwner(ctx context.Context, t, before *token.Token) error {
	if before.Owner == nil && t.Owner == nil || before.Owner != nil && t.Owner != nil && *before.Owner == *t.Owner {
		return nil
	}
	if _, err := db.exec(ctx, "DELETE FROM tokenowner WHERE token_id = ?", t.ID); err != nil {
		return err
	}
	if t.Owner == nil {
		return nil
	}
	_, err := db.insert(ctx, "tokenowner", "token_id, resolver, user_id, realm_id", t.ID, t.Owner.Resolver, t.Owner.UserID, t.Owner.RealmID)
	return err
}

// saveLinks brings a token's rows in a link table from the names in old to the
// names in now. Names that do not exist are left out.
func (db *DB) saveLinks(ctx context.Context, tokenID int64, old, now []string, names, table, column string) error {
	has := map[string]bool{}
	for _, n := range old {
		has[n] = true
	}
	keep := map[string]bool{}
	for _, n := range now {
		keep[n] = true
		if has[n] {
			continue
		}
		has[n] = true
		var id int64
		err := db.queryOne(ctx, "SELECT id FROM "+names+" WHERE name = ?", []any{n}, &id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := db.insert(ctx, table, "token_id, "+column, tokenID, id); err != nil {
			return err
		}
	}
	for _, n := range old {
		if keep[n] {
			continue
		}
		if _, err := db.exec(ctx, "DELETE FROM "+table+" WHERE token_id = ? AND "+column+" IN (SELECT id FROM "+names+" WHERE name = ?)", tokenID, n); err != nil {
			return err
		}
	}
	return nil
}

const setInfoText = `UPDATE tokeninfo SET "Value" = ?, "Type" = ? WHERE token_id = ? AND "Key" = ?`

// setInfo writes a tokeninfo value, whether the key is there or not.
func (db *DB) setInfo(ctx context.Context, id int64, key, value, kind string) error {
	n, err := db.exec(ctx, setInfoText, value, kind, id, key)
	if err != nil || n > 0 {
		return err
	}
	_, err = db.insert(ctx, "tokeninfo", `token_id, "Key", "Value", "Type", "Description"`, id, key, value, kind, "")
	return raced(err)
}

// DeleteToken removes a token and everything that hangs on it; the children
// first, as no foreign key does it. ErrNotFound when it is gone already.
func (db *DB) DeleteToken(ctx context.Context, id int64, serial string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, q := range []string{
			"DELETE FROM tokeninfo WHERE token_id = ?", "DELETE FROM tokenowner WHERE token_id = ?",
			"DELETE FROM tokenrealm WHERE token_id = ?", "DELETE FROM tokentokengroup WHERE token_id = ?",
			"DELETE FROM machinetokenoptions WHERE machinetoken_id IN (SELECT id FROM machinetoken WHERE token_id = ?)",
			"DELETE FROM machinetoken WHERE token_id = ?",
		} {
			if _, err := db.exec(ctx, q, id); err != nil {
				return err
			}
		}
		if _, err := db.exec(ctx, "DELETE FROM challenge WHERE serial = ?", serial); err != nil {
			return err
		}
		n, err := db.exec(ctx, "DELETE FROM token WHERE id = ?", id)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
