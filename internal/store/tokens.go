package store

import (
	"context"
	"database/sql"
	"strings"

	"edumfa/internal/token"
)

const tokenColumns = `t.id, t.serial, t.tokentype, t.description, t.key_enc, t.key_iv, t.user_pin, t.user_pin_iv, t.so_pin, t.so_pin_iv,
 t.pin_hash, t.pin_seed, t.otplen, t.maxfail, t.failcount, t.count, t.count_window, t.sync_window, t.active, t.revoked, t.locked, t.rollout_state`

// scanToken is where the columns go.
func scanToken(t *token.Token) []any {
	return []any{&t.ID, textTo{&t.Serial}, textTo{&t.Type}, textTo{&t.Description}, textTo{&t.Key.Cipher}, textTo{&t.Key.IV},
		textTo{&t.UserPIN.Cipher}, textTo{&t.UserPIN.IV}, textTo{&t.SOPIN.Cipher}, textTo{&t.SOPIN.IV}, textTo{&t.PINHash}, textTo{&t.PINSeed},
		smallTo{&t.OTPLen}, smallTo{&t.MaxFail}, smallTo{&t.FailCount}, intTo{&t.Count}, smallTo{&t.CountWindow}, smallTo{&t.SyncWindow},
		boolTo{&t.Active}, boolTo{&t.Revoked}, boolTo{&t.Locked}, textTo{&t.State}}
}

// where collects the conditions of a query.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

func (w *where) text() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// match adds "column fits value": a pattern when the value has a *, without
// regard to letter case when fold is set. A value of stars only fits all.
func (w *where) match(e engine, column, value string, fold bool) {
	if strings.Trim(value, "*") == "" {
		return
	}
	if strings.Contains(value, "*") {
		w.add(column+" "+e.like()+" ? ESCAPE '!'", likePattern(value))
		return
	}
	if fold {
		w.add("LOWER("+column+") = ?", strings.ToLower(value))
		return
	}
	w.add(column+" = ?", value)
}

func (db *DB) tokenWhere(f token.Filter) *where {
	w := &where{}
	if f.IDs != nil {
		in, args := inList(f.IDs)
		w.add("t.id IN "+in, args...)
	}
	if f.Serial != "" {
		w.add("t.serial = ?", f.Serial)
	}
	if f.Serials != nil {
		in, args := inList(f.Serials)
		w.add("t.serial IN "+in, args...)
	}
	if strings.Trim(f.SerialLike, "*") != "" {
		w.add("t.serial "+db.engine.like()+" ? ESCAPE '!'", likePattern(f.SerialLike))
	}
	if strings.Contains(f.Type, "*") {
		w.match(db.engine, "t.tokentype", f.Type, true)
	} else if f.Type != "" {
		// types are stored in lower case, which lets the index answer
		w.add("t.tokentype = ?", strings.ToLower(f.Type))
	}
	w.match(db.engine, "t.description", f.Description, true)
	if strings.Trim(f.Realm, "*") != "" {
		in := &where{}
		in.match(db.engine, "r.name", f.Realm, true)
		w.add("EXISTS (SELECT 1 FROM tokenrealm tr JOIN realm r ON r.id = tr.realm_id WHERE tr.token_id = t.id AND "+strings.Join(in.conds, " AND ")+")", in.args...)
	}
	if f.AllowedRealms != nil {
		lower := make([]string, len(f.AllowedRealms))
		for i, r := range f.AllowedRealms {
			lower[i] = strings.ToLower(r)
		}
		in, args := inList(lower)
		w.add("EXISTS (SELECT 1 FROM tokenrealm tr JOIN realm r ON r.id = tr.realm_id WHERE tr.token_id = t.id AND r.name IN "+in+")", args...)
	}
	db.ownerWhere(w, f)
	for _, b := range []struct {
		column string
		value  *bool
	}{{"t.active", f.Active}, {"t.revoked", f.Revoked}, {"t.locked", f.Locked}} {
		if b.value != nil {
			w.add(b.column+" = ?", *b.value)
		}
	}
	if f.State != nil {
		if strings.Contains(*f.State, "*") {
			w.match(db.engine, "t.rollout_state", *f.State, true)
		} else {
			w.add("LOWER(COALESCE(t.rollout_state, '')) = ?", strings.ToLower(*f.State))
		}
	}
	if f.InfoKey != "" {
		w.add(`EXISTS (SELECT 1 FROM tokeninfo ti WHERE ti.token_id = t.id AND ti."Key" = ? AND ti."Value" = ?)`, f.InfoKey, f.InfoVal)
	}
	return w
}

func (db *DB) ownerWhere(w *where, f token.Filter) {
	if f.Assigned != nil {
		not := ""
		if !*f.Assigned {
			not = "NOT "
		}
		w.add(not + "EXISTS (SELECT 1 FROM tokenowner o WHERE o.token_id = t.id)")
	}
	o := &where{}
	o.match(db.engine, "o.resolver", f.Resolver, false)
	o.match(db.engine, "o.user_id", f.UserID, false)
	if f.Of != nil {
		if f.Of.UserID != "" {
			if exact := db.engine.exactly("o.user_id"); exact != "" {
				o.add("o.user_id = ?"+exact, f.Of.UserID, f.Of.UserID)
			} else {
				o.add("o.user_id = ?", f.Of.UserID)
			}
		}
		if f.Of.Resolver != "" {
			// Not the column itself where the user's id is asked for too: without
			// statistics the index of resolvers, who have all tokens, looks as good.
			column := "o.resolver"
			if f.Of.UserID != "" {
				column = "COALESCE(o.resolver, '')"
			}
			o.add(column+" = ?", f.Of.Resolver)
		}
		if f.Of.RealmID != 0 {
			o.add("o.realm_id = ?", f.Of.RealmID)
			// a token that was moved out of its owner's realm is not his there
			w.add("EXISTS (SELECT 1 FROM tokenrealm tr WHERE tr.realm_id = ? AND tr.token_id = t.id)", f.Of.RealmID)
		}
	}
	if len(o.conds) > 0 {
		// IN and not EXISTS: the owner's index finds a user's few tokens among many
		w.add("t.id IN (SELECT o.token_id FROM tokenowner o WHERE "+strings.Join(o.conds, " AND ")+")", o.args...)
	}
}

var tokenOrder = map[string]string{
	"serial": "t.serial", "tokentype": "t.tokentype", "type": "t.tokentype", "description": "t.description", "id": "t.id",
	"active": "t.active", "failcount": "t.failcount", "maxfail": "t.maxfail", "count": "t.count", "rollout_state": "t.rollout_state",
	"otplen": "t.otplen", "count_window": "t.count_window", "sync_window": "t.sync_window", "locked": "t.locked", "revoked": "t.revoked",
}

// Tokens finds tokens in the order of their ids.
func (db *DB) Tokens(ctx context.Context, f token.Filter, with token.Parts) ([]*token.Token, error) {
	w := db.tokenWhere(f)
	if with == token.WithInfo {
		return db.tokensWithInfo(ctx, w)
	}
	return db.loadTokens(ctx, "SELECT "+tokenColumns+" FROM token t"+w.text()+" ORDER BY t.id", w.args, with)
}

// tokensWithInfo asks for the few tokens of a login and what is noted of them in
// one question.
func (db *DB) tokensWithInfo(ctx context.Context, w *where) ([]*token.Token, error) {
	var list []*token.Token
	t := &token.Token{}
	scan := scanToken(t)
	var key sql.NullString
	var info token.Info
	scan = append(scan, &key, textTo{&info.Value}, textTo{&info.Type})
	q := "SELECT " + tokenColumns + `, ti."Key", ti."Value", ti."Type" FROM token t LEFT JOIN tokeninfo ti ON ti.token_id = t.id` + w.text() + " ORDER BY t.id"
	err := db.query(ctx, q, w.args, func(r *sql.Rows) error {
		if err := r.Scan(scan...); err != nil {
			return err
		}
		if len(list) == 0 || list[len(list)-1].ID != t.ID {
			found := *t
			found.Info = map[string]token.Info{}
			list = append(list, &found)
		}
		if key.Valid {
			list[len(list)-1].Info[key.String] = info
		}
		return nil
	})
	return list, err
}

// TokenPage finds one page of tokens (limit 0: all) and how many there are.
func (db *DB) TokenPage(ctx context.Context, f token.Filter, o token.Order, offset, limit int, with token.Parts) ([]*token.Token, int, error) {
	w := db.tokenWhere(f)
	total, err := db.countTokens(ctx, w)
	if err != nil {
		return nil, 0, err
	}
	by := tokenOrder[strings.ToLower(o.By)]
	if by == "" {
		by = "t.serial"
	}
	if o.Desc {
		by += " DESC"
	}
	q := "SELECT " + tokenColumns + " FROM token t" + w.text() + " ORDER BY " + by + ", t.id"
	args := w.args
	if limit > 0 {
		q += " LIMIT ? OFFSET ?"
		args = append(args, limit, offset)
	}
	list, err := db.loadTokens(ctx, q, args, with)
	return list, total, err
}

func (db *DB) countTokens(ctx context.Context, w *where) (n int, err error) {
	err = db.queryOne(ctx, "SELECT COUNT(*) FROM token t"+w.text(), w.args, &n)
	return n, err
}

// CountTokens counts the tokens that fit.
func (db *DB) CountTokens(ctx context.Context, f token.Filter) (int, error) {
	return db.countTokens(ctx, db.tokenWhere(f))
}

func (db *DB) loadTokens(ctx context.Context, q string, args []any, with token.Parts) ([]*token.Token, error) {
	var list []*token.Token
	err := db.query(ctx, q, args, func(r *sql.Rows) error {
		t := &token.Token{}
		list = append(list, t)
		return r.Scan(scanToken(t)...)
	})
	if err != nil || len(list) == 0 {
		return list, err
	}
	return list, db.fill(ctx, list, with)
}

// fill loads what belongs to the tokens, each part with one query.
func (db *DB) fill(ctx context.Context, list []*token.Token, with token.Parts) error {
	const chunk = 512
	for len(list) > chunk {
		if err := db.fill(ctx, list[:chunk], with); err != nil {
			return err
		}
		list = list[chunk:]
	}
	byID := make(map[int64]*token.Token, len(list))
	ids := make([]int64, len(list))
	for i, t := range list {
		byID[t.ID], ids[i] = t, t.ID
		t.Info = map[string]token.Info{}
	}
	in, args := inList(ids)
	parts := []struct {
		part token.Parts
		q    string
		row  func(*sql.Rows) error
	}{
		{token.WithInfo, `SELECT token_id, "Key", "Value", "Type" FROM tokeninfo WHERE token_id IN ` + in, func(r *sql.Rows) error {
			var id int64
			var k string
			var v token.Info
			if err := r.Scan(&id, &k, textTo{&v.Value}, textTo{&v.Type}); err != nil {
				return err
			}
			byID[id].Info[k] = v
			return nil
		}},
		{token.WithOwner, `SELECT o.token_id, o.user_id, o.resolver, o.realm_id, r.name FROM tokenowner o LEFT JOIN realm r ON r.id = o.realm_id WHERE o.token_id IN ` + in + " ORDER BY o.id", func(r *sql.Rows) error {
			var id int64
			o := &token.Owner{}
			if err := r.Scan(&id, textTo{&o.UserID}, textTo{&o.Resolver}, intTo{&o.RealmID}, textTo{&o.Realm}); err != nil {
				return err
			}
			if byID[id].Owner == nil { // the first row counts
				byID[id].Owner = o
			}
			return nil
		}},
		{token.WithRealms, `SELECT tr.token_id, r.name FROM tokenrealm tr JOIN realm r ON r.id = tr.realm_id WHERE tr.token_id IN ` + in + " ORDER BY tr.id", func(r *sql.Rows) error {
			var id int64
			var name string
			if err := r.Scan(&id, &name); err != nil {
				return err
			}
			byID[id].Realms = append(byID[id].Realms, name)
			return nil
		}},
		{token.WithGroups, `SELECT tg.token_id, g.name FROM tokentokengroup tg JOIN tokengroup g ON g.id = tg.tokengroup_id WHERE tg.token_id IN ` + in + " ORDER BY tg.id", func(r *sql.Rows) error {
			var id int64
			var name string
			if err := r.Scan(&id, &name); err != nil {
				return err
			}
			byID[id].Groups = append(byID[id].Groups, name)
			return nil
		}},
	}
	for _, p := range parts {
		if with&p.part == 0 {
			continue
		}
		if err := db.query(ctx, p.q, args, p.row); err != nil {
			return err
		}
	}
	return nil
}

// Token finds one token by its serial; ErrNotFound when there is none.
func (db *DB) Token(ctx context.Context, serial string, with token.Parts) (*token.Token, error) {
	list, err := db.Tokens(ctx, token.Filter{Serial: serial}, with)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNotFound
	}
	return list[0], nil
}

// SerialExists reports whether a token has the serial.
func (db *DB) SerialExists(ctx context.Context, serial string) (bool, error) {
	n, err := db.CountTokens(ctx, token.Filter{Serial: serial})
	return n > 0, err
}

// UsersWithTokens counts the distinct owners of the tokens that fit.
func (db *DB) UsersWithTokens(ctx context.Context, f token.Filter) (n int, err error) {
	w := db.tokenWhere(f)
	err = db.queryOne(ctx, "SELECT COUNT(*) FROM (SELECT DISTINCT o.user_id, o.resolver, o.realm_id FROM tokenowner o JOIN token t ON t.id = o.token_id"+w.text()+") u", w.args, &n)
	return n, err
}
