package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

// newToken stores a token, changed by with before.
func (k *kit) newToken(serial string, with func(*token.Token)) *token.Token {
	k.t.Helper()
	t := &token.Token{Serial: serial, Type: "hotp", Key: token.Sealed{Cipher: "aabb", IV: "ccdd"}, OTPLen: 6, MaxFail: 3, CountWindow: 10,
		SyncWindow: 1000, Active: true, Info: map[string]token.Info{"tokenkind": {Value: "software"}}}
	if with != nil {
		with(t)
	}
	k.must(k.db.InsertToken(k.ctx, t))
	return t
}

// newRealms makes the realms r1 and r2 and the resolver users.
func (k *kit) newRealms() (r1, r2 int64) {
	k.t.Helper()
	_, err := k.db.SetResolver(k.ctx, resolver.Stored{Name: "users", Kind: "passwdresolver"})
	k.must(err)
	for _, n := range []string{"r1", "r2"} {
		_, _, err := k.db.SetRealm(k.ctx, n, []realm.Link{{Resolver: "users"}})
		k.must(err)
	}
	list, err := k.db.Realms(k.ctx)
	k.must(err)
	for _, r := range list {
		if r.Name == "r1" {
			r1 = r.ID
		} else {
			r2 = r.ID
		}
	}
	return r1, r2
}

func (k *kit) load(serial string) *token.Token {
	k.t.Helper()
	t, err := k.db.Token(k.ctx, serial, token.Whole)
	k.must(err)
	return t
}

func (k *kit) tokenRoundTrip() {
	r1, _ := k.newRealms()
	k.exec("INSERT INTO tokengroup (id, name) VALUES (77, 'g1')")
	want := k.newToken("T-1_é", func(t *token.Token) {
		*t = token.Token{Serial: "T-1", Type: "totp", Description: "Schlüssel ✓ 'quoted' \"x\" \\ %_", Key: token.Sealed{Cipher: strings.Repeat("ab", 500), IV: strings.Repeat("c", 32)},
			UserPIN: token.Sealed{Cipher: "u1", IV: "u2"}, SOPIN: token.Sealed{Cipher: "s1", IV: "s2"}, PINHash: "$argon2id$v=19$m=1,t=2,p=3$x$y", PINSeed: "00ff",
			OTPLen: 8, MaxFail: 11, FailCount: 4, Count: 59842714, CountWindow: 5, SyncWindow: 50, Active: true, Revoked: true, Locked: true, State: token.StateVerify,
			Info:  map[string]token.Info{"hashlib": {Value: "sha256"}, "secret": {Value: "xyz", Type: "password"}, "Leer": {}, "long": {Value: strings.Repeat("ä", 5000)}},
			Owner: &token.Owner{UserID: "uid=1,dc=x", Resolver: "users", RealmID: r1, Realm: "r1"}, Realms: []string{"r1", "r2"}, Groups: []string{"g1"}}
	})
	equal(k, "token", *k.load("T-1"), *want)
	_, err := k.db.Token(k.ctx, "T-2", token.Whole)
	k.wantErr(err, store.ErrNotFound)
	k.wantErr(k.db.InsertToken(k.ctx, &token.Token{Serial: "T-1", Type: "hotp"}), store.ErrConflict)
	there, err := k.db.SerialExists(k.ctx, "T-1")
	k.must(err)
	equal(k, "there", there, true)
	// parts are loaded only when they are asked for
	bare, err := k.db.Token(k.ctx, "T-1", 0)
	k.must(err)
	if len(bare.Info)+len(bare.Realms)+len(bare.Groups) != 0 || bare.Owner != nil {
		k.t.Errorf("parts nobody asked for: %+v", bare)
	}
}

// The original reads our rows with its own idea of the columns.
func (k *kit) tokenRow() {
	k.newToken("T-1", nil)
	yes := any(int64(1))
	if k.product == "postgres" {
		yes = true
	}
	equal(k, "active", k.one("SELECT active FROM token"), yes)
	for _, column := range []string{"description", "user_pin", "user_pin_iv", "so_pin", "so_pin_iv", "pin_hash", "pin_seed", "rollout_state"} {
		equal(k, column, k.one("SELECT "+column+" FROM token"), any(""))
	}
	for _, column := range []string{"Type", "Description"} {
		equal(k, "tokeninfo."+column, k.one(`SELECT "`+column+`" FROM tokeninfo`), any(""))
	}
}

func (k *kit) tokenFilters() {
	r1, r2 := k.newRealms()
	k.newToken("OATH0001", func(t *token.Token) {
		t.Description, t.Realms, t.State = "first", []string{"r1"}, "clientwait"
		t.Owner = &token.Owner{UserID: "1", Resolver: "users", RealmID: r1}
	})
	k.newToken("OATH_002", func(t *token.Token) {
		t.Description, t.Active, t.Realms = "100% sure", false, []string{"r1", "r2"}
		t.Owner = &token.Owner{UserID: "2", Resolver: "users", RealmID: r2}
	})
	k.newToken("OATHx002", func(t *token.Token) { t.Type, t.Locked, t.Description = "totp", true, "100 sure" })
	k.newToken("free!1", func(t *token.Token) { t.Revoked = true; t.Info["customkey"] = token.Info{Value: "v_1"} })
	yes, no, wait, none := true, false, "clientwait", ""
	for _, c := range []struct {
		name string
		f    token.Filter
		want string
	}{
		{"all", token.Filter{}, "OATH0001 OATH_002 OATHx002 free!1"},
		{"serial", token.Filter{Serial: "OATH0001"}, "OATH0001"},
		{"serial with wildcards of SQL", token.Filter{Serial: "OATH%"}, ""},
		{"pattern", token.Filter{SerialLike: "OATH*"}, "OATH0001 OATH_002 OATHx002"},
		{"pattern in other letters", token.Filter{SerialLike: "oath*"}, "OATH0001 OATH_002 OATHx002"},
		{"pattern with an underscore", token.Filter{SerialLike: "*H_0*"}, "OATH_002"},
		{"pattern with the escape character", token.Filter{SerialLike: "*!*"}, "free!1"},
		{"stars only", token.Filter{SerialLike: "**"}, "OATH0001 OATH_002 OATHx002 free!1"},
		{"list", token.Filter{Serials: []string{"OATHx002", "free!1", "none"}}, "OATHx002 free!1"},
		{"empty list", token.Filter{Serials: []string{}}, ""},
		{"type", token.Filter{Type: "TOTP"}, "OATHx002"},
		{"type pattern", token.Filter{Type: "*otp"}, "OATH0001 OATH_002 OATHx002 free!1"},
		{"description", token.Filter{Description: "FIRST"}, "OATH0001"},
		{"description with percent", token.Filter{Description: "100%*"}, "OATH_002"},
		{"realm", token.Filter{Realm: "R2"}, "OATH_002"},
		{"realm pattern", token.Filter{Realm: "r*"}, "OATH0001 OATH_002"},
		{"allowed realms", token.Filter{AllowedRealms: []string{"R2", "none"}}, "OATH_002"},
		{"no allowed realm", token.Filter{AllowedRealms: []string{}}, ""},
		{"resolver", token.Filter{Resolver: "users"}, "OATH0001 OATH_002"},
		{"user id", token.Filter{UserID: "2"}, "OATH_002"},
		{"owner", token.Filter{Of: &token.Owner{UserID: "1", Resolver: "users"}}, "OATH0001"},
		{"owner in a realm", token.Filter{Of: &token.Owner{UserID: "1", Resolver: "users", RealmID: r2}}, ""},
		{"assigned", token.Filter{Assigned: &yes}, "OATH0001 OATH_002"},
		{"unassigned", token.Filter{Assigned: &no}, "OATHx002 free!1"},
		{"active", token.Filter{Active: &yes}, "OATH0001 OATHx002 free!1"},
		{"inactive", token.Filter{Active: &no}, "OATH_002"},
		{"locked", token.Filter{Locked: &yes}, "OATHx002"},
		{"not revoked", token.Filter{Revoked: &no}, "OATH0001 OATH_002 OATHx002"},
		{"state", token.Filter{State: &wait}, "OATH0001"},
		{"no state", token.Filter{State: &none}, "OATH_002 OATHx002 free!1"},
		{"info", token.Filter{InfoKey: "customkey", InfoVal: "v_1"}, "free!1"},
		{"info of another", token.Filter{InfoKey: "customkey", InfoVal: "vx1"}, ""},
	} {
		list, err := k.db.Tokens(k.ctx, c.f, 0)
		k.must(err)
		var got []string
		for _, t := range list {
			got = append(got, t.Serial)
		}
		if strings.Join(got, " ") != c.want {
			k.t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		n, err := k.db.CountTokens(k.ctx, c.f)
		k.must(err)
		equal(k, c.name+": count", n, len(got))
	}
	n, err := k.db.UsersWithTokens(k.ctx, token.Filter{})
	k.must(err)
	equal(k, "users with tokens", n, 2)
}

func (k *kit) tokenPages() {
	for i := range 7 {
		k.newToken(fmt.Sprintf("T%d", i), func(t *token.Token) { t.Count = int64(100 - i) })
	}
	page := func(o token.Order, offset, limit int) string {
		list, total, err := k.db.TokenPage(k.ctx, token.Filter{}, o, offset, limit, token.Whole)
		k.must(err)
		equal(k, "total", total, 7)
		var got []string
		for _, t := range list {
			got = append(got, t.Serial)
		}
		return strings.Join(got, " ")
	}
	equal(k, "first page", page(token.Order{}, 0, 3), "T0 T1 T2")
	equal(k, "second page", page(token.Order{By: "serial"}, 3, 3), "T3 T4 T5")
	equal(k, "third page", page(token.Order{By: "SERIAL"}, 6, 3), "T6")
	equal(k, "behind the end", page(token.Order{}, 9, 3), "")
	equal(k, "all by count", page(token.Order{By: "count"}, 0, 0), "T6 T5 T4 T3 T2 T1 T0")
	equal(k, "descending", page(token.Order{By: "serial", Desc: true}, 0, 2), "T6 T5")
	equal(k, "unknown column", page(token.Order{By: "id; DROP TABLE token"}, 0, 1), "T0")
}

func (k *kit) tokenUpdate() {
	r1, r2 := k.newRealms()
	k.newToken("T1", func(t *token.Token) {
		t.Owner, t.Realms = &token.Owner{UserID: "1", Resolver: "users", RealmID: r1, Realm: "r1"}, []string{"r1"}
	})
	change := func(f func(*token.Token)) error {
		before, now := k.load("T1"), k.load("T1")
		f(now)
		return k.db.UpdateToken(k.ctx, before, now)
	}
	k.must(change(func(t *token.Token) {
		t.Description, t.MaxFail, t.Active, t.Count, t.State = "new", 7, false, 5, "enrolled"
		t.Owner = &token.Owner{UserID: "2", Resolver: "users", RealmID: r2, Realm: "r2"}
		t.Realms = []string{"r2"}
		t.Info["k"] = token.Info{Value: "v"}
		delete(t.Info, "tokenkind")
	}))
	got := k.load("T1")
	equal(k, "description", got.Description, "new")
	equal(k, "count", got.Count, int64(5))
	equal(k, "owner", *got.Owner, token.Owner{UserID: "2", Resolver: "users", RealmID: r2, Realm: "r2"})
	equal(k, "realms", got.Realms, []string{"r2"})
	equal(k, "info", maps.Collect(maps.All(got.Info)), map[string]token.Info{"k": {Value: "v"}})
	k.must(change(func(t *token.Token) { t.Owner, t.Realms = nil, nil }))
	equal(k, "owners", k.count("tokenowner"), 0)
	// the same value again is no new row, on a product that counts changed rows
	k.must(change(func(t *token.Token) { t.Info["k"] = token.Info{Value: "v", Type: "x"} }))
	equal(k, "rows of tokeninfo", k.count("tokeninfo"), 1)
	// another request moved the counter meanwhile
	before, now := k.load("T1"), k.load("T1")
	k.exec("UPDATE token SET count = 6")
	now.Count, now.Description = 9, "lost"
	k.wantErr(k.db.UpdateToken(k.ctx, before, now), store.ErrConflict)
	equal(k, "description", k.load("T1").Description, "new")
	now.Count = before.Count
	// logins failed meanwhile: what they counted stays, but for a reset
	for _, c := range []struct {
		name             string
		was, seen, write int
		want             int
		err              error
	}{
		{"not changed", 3, 2, 2, 3, nil},
		{"not changed from nothing", 1, 0, 0, 1, nil},
		{"reset", 3, 2, 0, 0, nil},
		{"set", 2, 2, 5, 5, nil},
		{"set over a failure", 3, 2, 5, 3, store.ErrConflict},
	} {
		before, now := k.load("T1"), k.load("T1")
		k.exec("UPDATE token SET failcount = ?, description = 'old'", c.was)
		before.FailCount, now.FailCount, now.Description = c.seen, c.write, "new, "+c.name
		if err := k.db.UpdateToken(k.ctx, before, now); !errors.Is(err, c.err) {
			k.t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		got := k.load("T1")
		equal(k, c.name+": fail counter", got.FailCount, c.want)
		equal(k, c.name+": description", got.Description, map[bool]string{true: "old", false: now.Description}[c.err != nil])
	}
	// a token that is gone
	k.must(k.db.DeleteToken(k.ctx, got.ID, "T1"))
	now.Count = before.Count
	k.wantErr(k.db.UpdateToken(k.ctx, before, now), store.ErrConflict)
}

func (k *kit) tokenDelete() {
	r1, _ := k.newRealms()
	k.exec("INSERT INTO tokengroup (id, name) VALUES (77, 'g1')")
	full := func(serial string) *token.Token {
		return k.newToken(serial, func(t *token.Token) {
			t.Owner, t.Realms, t.Groups = &token.Owner{UserID: "1", Resolver: "users", RealmID: r1}, []string{"r1", "r2"}, []string{"g1"}
		})
	}
	gone, kept := full("GONE"), full("KEPT")
	for i, t := range []*token.Token{gone, kept} {
		k.exec("INSERT INTO machinetoken (id, token_id, application) VALUES (?, ?, 'ssh')", 500+i, t.ID)
		k.exec("INSERT INTO machinetokenoptions (id, machinetoken_id, mt_key, mt_value) VALUES (?, ?, 'user', 'root')", 600+i, 500+i)
		k.exec("INSERT INTO challenge (id, transaction_id, serial) VALUES (?, '1', ?)", 700+i, t.Serial)
	}
	k.must(k.db.DeleteToken(k.ctx, gone.ID, gone.Serial))
	for table, want := range map[string]int{"token": 1, "tokeninfo": 1, "tokenowner": 1, "tokenrealm": 2, "tokentokengroup": 1, "machinetoken": 1, "machinetokenoptions": 1, "challenge": 1} {
		equal(k, table, k.count(table), want)
	}
	k.wantErr(k.db.DeleteToken(k.ctx, gone.ID, gone.Serial), store.ErrNotFound)
	equal(k, "kept", k.load("KEPT").Groups, []string{"g1"})
}

// Rows of the field hold NULL where others hold nothing.
func (k *kit) nullReads() {
	k.exec("INSERT INTO token (id, serial, active) VALUES (900, 'NULLS', TRUE)")
	k.exec("UPDATE token SET tokentype = NULL, description = NULL, locked = NULL, revoked = NULL, count = NULL, rollout_state = NULL, pin_hash = NULL, user_pin = NULL")
	k.exec(`INSERT INTO tokeninfo (id, token_id, "Key", "Value", "Type", "Description") VALUES (901, 900, 'k', NULL, NULL, NULL)`)
	k.exec("INSERT INTO tokenowner (id, token_id, resolver, user_id) VALUES (902, 900, NULL, NULL)")
	t := k.load("NULLS")
	equal(k, "info", t.Info["k"], token.Info{})
	equal(k, "owner", *t.Owner, token.Owner{})
	equal(k, "state", t.State, "")
	none := ""
	list, err := k.db.Tokens(k.ctx, token.Filter{State: &none}, 0)
	k.must(err)
	equal(k, "without a state", len(list), 1)
	k.exec("INSERT INTO challenge (id, transaction_id) VALUES (5, '123')")
	k.exec("UPDATE challenge SET serial = NULL, challenge = NULL, data = NULL, timestamp = NULL, expiration = NULL, received_count = NULL, otp_valid = NULL")
	c, err := k.db.Challenges(k.ctx, "123")
	k.must(err)
	equal(k, "challenges", len(c), 1)
	k.exec(`INSERT INTO config ("Key") VALUES ('k')`)
	s, err := k.db.Settings(k.ctx)
	k.must(err)
	equal(k, "settings", len(s), 1)
	k.exec("INSERT INTO admin (username) VALUES ('nopass')")
	a, err := k.db.Admin(k.ctx, "nopass")
	k.must(err)
	equal(k, "password", a.Password, "")
}

// What we insert must not collide with what the original inserts next.
func (k *kit) sequences() {
	k.newRealms()
	t := k.newToken("T1", func(t *token.Token) { t.Realms = []string{"r1"} })
	if k.product == "sqlite" {
		equal(k, "first id", t.ID, int64(1))
		return
	}
	for table, seq := range map[string]string{"token": "token_seq", "tokeninfo": "tokeninfo_seq", "realm": "realm_seq", "resolver": "resolver_seq", "resolverrealm": "resolverrealm_seq", "tokenrealm": "tokenrealm_seq"} {
		next := "SELECT nextval('" + seq + "')"
		if k.product == "mariadb" {
			next = "SELECT nextval(" + seq + ")"
		}
		n := k.one(next).(int64)
		last := k.one("SELECT MAX(id) FROM " + table)
		if v, ok := last.(int64); !ok || n <= v {
			k.t.Errorf("%s gives %d, the table is at %v", seq, n, last)
		}
	}
	// ids another program took from the sequence are left out
	n := k.one(map[string]string{"postgres": "SELECT nextval('token_seq')", "mariadb": "SELECT nextval(token_seq)"}[k.product]).(int64)
	if u := k.newToken("T2", nil); u.ID <= n {
		k.t.Errorf("id %d was given out before (%d)", u.ID, n)
	}
}

func (k *kit) oddTexts() {
	texts := []string{"", " ", "'", `"`, "`", "\\", "%s ? $1 :name", "null", "ünï ✓ 𝄞", "a\tb\nc", "--", ";", strings.Repeat("x", 1500)}
	t := k.newToken("T1", func(t *token.Token) {
		for i, s := range texts {
			t.Info[fmt.Sprintf("k%02d", i)] = token.Info{Value: s}
		}
	})
	got := k.load("T1")
	for key, want := range t.Info {
		equal(k, key, got.Info[key], want)
	}
	// An encrypted key longer than any of today fits.
	key := strings.Repeat("ab", 1400)
	long := k.newToken("T2", func(t *token.Token) { t.Key.Cipher = key })
	equal(k, "key", k.load(long.Serial).Key.Cipher, key)
	// A NUL cannot be stored by PostgreSQL: an error, and no broken connection.
	err := k.db.InsertToken(k.ctx, &token.Token{Serial: "T3", Type: "hotp", Description: "a\x00b", Info: map[string]token.Info{}})
	if k.product == "postgres" && err == nil {
		k.t.Error("a NUL was stored")
	}
	k.newToken("T4", nil)
	var names []string
	list, err := k.db.Tokens(k.ctx, token.Filter{SerialLike: "T4"}, 0)
	k.must(err)
	for _, t := range list {
		names = append(names, t.Serial)
	}
	equal(k, "found", slices.Sorted(slices.Values(names)), []string{"T4"})
}
