package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/keystore"
	"edumfa/internal/passhash"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/signature"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

// What the installation is called and knows.
const (
	realmName    = "bench"
	resolverName = "users"
	pin          = "1234"
	secretKey    = "only for measurements, never for an installation"
)

// hotpKey is the key of every token; a second token of the same user has another.
var hotpKey = [20]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}

// cost of a password hash with Argon2id.
type cost struct{ memoryKiB, passes, lanes int }

// The two costs: what new installations use and what older ones have.
var (
	moderate = cost{19456, 2, 1}
	high     = cost{102400, 9, 8}
)

func (c cost) String() string { return fmt.Sprintf("m=%d,t=%d,p=%d", c.memoryKiB, c.passes, c.lanes) }

func (c cost) params() string {
	return fmt.Sprintf("{'argon2__memory_cost': %d, 'argon2__rounds': %d, 'argon2__parallelism': %d}", c.memoryKiB, c.passes, c.lanes)
}

func (c cost) hasher(q *passhash.Queue) (*passhash.Hasher, error) {
	return passhash.New(passhash.Settings{Params: map[string]any{
		"argon2__memory_cost": c.memoryKiB, "argon2__rounds": c.passes, "argon2__parallelism": c.lanes}}, q, rand.Reader)
}

// installation is what is measured.
type installation struct {
	Options
	product   string
	dialect   string
	raw       *sql.DB
	directory *directory
	counters  []int64 // the next counter of the first token of each user
}

func (in *installation) path(name string) string { return filepath.Join(in.Dir, name) }

func (in *installation) configFile(c cost) string {
	return in.path(fmt.Sprintf("edumfa-%d.cfg", c.memoryKiB))
}

// config reads a configuration whose new hashes have the cost: a login with a
// hash of another cost would replace it.
func (in *installation) config(c cost) (*config.Config, error) {
	env := map[string]string{"EDUMFA_CONFIGFILE": in.configFile(c)}
	cfg, _, err := config.Load(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, os.ReadFile)
	return cfg, err
}

func (in *installation) close() {
	if in.raw != nil {
		_ = in.raw.Close()
	}
	if in.directory != nil {
		in.directory.stop()
	}
}

func (in *installation) make(ctx context.Context) error {
	in.counters = make([]int64, in.Users)
	if err := in.writeFiles(); err != nil {
		return err
	}
	target, err := dburi.Parse(in.Database, dburi.Options{})
	if err != nil {
		return err
	}
	in.dialect = target.Dialect
	if in.raw, err = sql.Open(target.Driver(), target.DSN); err != nil {
		return err
	}
	cfg, err := in.config(moderate)
	if err != nil {
		return err
	}
	db, err := app.OpenStore(ctx, cfg, app.Deps{Now: now})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	in.product = db.Product()
	in.say("making tables on %s", in.product)
	if err := db.DropTables(ctx); err != nil {
		return err
	}
	if err := db.CreateTables(ctx); err != nil {
		return err
	}
	if err := in.fillTables(ctx, cfg.EncFile); err != nil {
		return err
	}
	in.say("making the indexes of the audit log")
	if err := db.CreateTables(ctx); err != nil {
		return err
	}
	if err := in.exec(ctx, in.quick().analyze); err != nil {
		return err
	}
	return in.makeRealm(ctx, db)
}

func (in *installation) writeFiles() error {
	keys, err := keystore.Generate(rand.Reader)
	if err != nil {
		return err
	}
	private, public, err := signature.GenerateKeys(2048)
	if err != nil {
		return err
	}
	files := map[string]string{"enckey": string(keys), "private.pem": string(private), "public.pem": string(public)}
	for _, c := range []cost{moderate, high} {
		files[filepath.Base(in.configFile(c))] = fmt.Sprintf("SECRET_KEY = %q\nSQLALCHEMY_DATABASE_URI = %q\nEDUMFA_ENCFILE = %q\nEDUMFA_AUDIT_KEY_PRIVATE = %q\nEDUMFA_AUDIT_KEY_PUBLIC = %q\n"+
			"EDUMFA_PEPPER = 'pepper'\nEDUMFA_LOGLEVEL = 40\nEDUMFA_HASH_ALGO_PARAMS = %s\nEDUMFA_HASH_QUEUE = {'waiting': %d}\n",
			secretKey, in.Database, in.path("enckey"), in.path("private.pem"), in.path("public.pem"), c.params(), 2*in.Concurrency+64)
	}
	for name, text := range files {
		if err := os.WriteFile(in.path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// The users: the first half has tokens without a PIN, a quarter with a PIN hashed
// at moderate cost, the rest at high cost.
func (in *installation) withoutPIN() span { return span{0, in.Users / 2} }
func (in *installation) withModerate() span {
	return span{in.Users / 2, in.Users/2 + in.Users/4}
}
func (in *installation) withHigh() span { return span{in.Users/2 + in.Users/4, in.Users} }

// span is a range of users, from 0.
type span struct{ first, end int }

func login(user int) string { return fmt.Sprintf("user%d", user+1) }

// fillTables writes rows inside the database, out of a table of numbers: sending
// a million of them takes longer than everything else.
func (in *installation) fillTables(ctx context.Context, encFile string) error {
	ks, err := keystore.Open(encFile)
	if err != nil {
		return err
	}
	var sealed [2][2]string
	for i := range sealed {
		key := hotpKey
		key[0] += byte(i)
		c, iv, err := ks.Encrypt(keystore.Token, []byte(hex.EncodeToString(key[:])), rand.Reader)
		if err != nil {
			return err
		}
		sealed[i] = [2]string{c, iv}
	}
	var pins [2]string
	for i, c := range []cost{moderate, high} {
		h, err := c.hasher(passhash.NewQueue(passhash.Limits{}))
		if err != nil {
			return err
		}
		if pins[i], err = h.Hash(ctx, secret.New(pin)); err != nil {
			return err
		}
	}
	if err := in.numbers(ctx, max(in.Users, in.Tokens, in.AuditRows)); err != nil {
		return err
	}
	in.say("%d users, %d tokens, %d audit rows", in.Users, in.Tokens, in.AuditRows)
	u := in.Users
	owner := fmt.Sprintf("((i - 1) %% %d)", u)
	quick := in.quick()
	list := []string{
		`INSERT INTO realm (id, name, "default", option) VALUES (1, '` + realmName + `', ` + quick.yes + `, '')`,
		fmt.Sprintf(`INSERT INTO token (id, serial, tokentype, description, key_enc, key_iv, user_pin, user_pin_iv, so_pin, so_pin_iv, pin_hash, pin_seed, otplen, maxfail, failcount, count, count_window, sync_window, active, revoked, locked, rollout_state)
 SELECT i, CONCAT('BENCH', 10000000 + i), 'hotp', 'measured', CASE WHEN i <= %d THEN '%s' ELSE '%s' END, CASE WHEN i <= %d THEN '%s' ELSE '%s' END, '', '', '', '',
 CASE WHEN %s < %d THEN '' WHEN %s < %d THEN '%s' ELSE '%s' END, '', 6, 1000000, 0, 0, 10, 1000, %s, %s, %s, '' FROM bench_number WHERE i <= %d`,
			u, sealed[0][0], sealed[1][0], u, sealed[0][1], sealed[1][1],
			owner, in.withoutPIN().end, owner, in.withModerate().end, pins[0], pins[1], quick.yes, quick.no, quick.no, in.Tokens),
		fmt.Sprintf(`INSERT INTO tokenowner (id, token_id, resolver, user_id, realm_id) SELECT i, i, '%s', %s, 1 FROM bench_number WHERE i <= %d`, resolverName, in.userID(owner), in.Tokens),
		fmt.Sprintf(`INSERT INTO tokenrealm (id, token_id, realm_id) SELECT i, i, 1 FROM bench_number WHERE i <= %d`, in.Tokens),
	}
	// what is noted of a token that has been used
	notes := [][2]string{{"hashlib", "sha1"}, {"tokenkind", "software"}, {token.InfoCount, "1"}, {token.InfoCountSuccess, "1"}, {token.InfoLastAuth, "2026-01-01 00:00:00.000000+00:00"}}
	for n, kv := range notes {
		list = append(list, fmt.Sprintf(`INSERT INTO tokeninfo (id, token_id, "Key", "Value", "Type", "Description") SELECT %d + i, i, '%s', '%s', '', '' FROM bench_number WHERE i <= %d`,
			n*in.Tokens, kv[0], kv[1], in.Tokens))
	}
	for _, q := range append(list, in.auditRows()...) {
		if err := in.exec(ctx, q); err != nil {
			return err
		}
	}
	if err := in.sequences(ctx, map[string]int{"realm_seq": 1, "token_seq": in.Tokens, "tokenowner_seq": in.Tokens, "tokenrealm_seq": in.Tokens,
		"tokeninfo_seq": len(notes) * in.Tokens, "audit_seq": in.AuditRows}); err != nil {
		return err
	}
	return in.makeUsers(ctx)
}

// makeRealm puts the users' resolver into the realm.
func (in *installation) makeRealm(ctx context.Context, db *store.DB) error {
	s, err := in.resolver()
	if err != nil {
		return err
	}
	if _, err := db.SetResolver(ctx, s); err != nil {
		return err
	}
	one := 1
	_, _, err = db.SetRealm(ctx, realmName, []realm.Link{{Resolver: resolverName, Kind: s.Kind, Priority: &one}})
	return err
}

func options(values map[string]string) []resolver.StoredOption {
	var out []resolver.StoredOption
	for k, v := range values {
		out = append(out, resolver.StoredOption{Key: k, Value: v})
	}
	return out
}
