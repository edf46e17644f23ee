package store

import (
	"bufio"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Head is the Alembic revision of the schema: the stamp by which the field's
// programs know a database. Ours reads and writes exactly this revision.
const Head = "9cad6f046bd2"

// ErrRevision says that the database is stamped with another revision.
var ErrRevision = errors.New("schema revision does not fit")

//go:embed schema/*.sql
var schemaFiles embed.FS

// sequences names the SEQUENCE each table's ids come from, where the product
// has such things. The names are the field's and follow no rule.
var sequences = map[string]string{
	"token": "token_seq", "realm": "realm_seq", "caconnector": "caconnector_seq", "resolver": "resolver_seq",
	"passwordreset": "pwreset_seq", "challenge": "challenge_seq", "policy": "policy_seq", "eventhandler": "eventhandler_seq",
	"machineresolver": "machineresolver_seq", "smsgateway": "smsgateway_seq", "edumfaserver": "edumfaserver_seq",
	"radiusserver": "radiusserver_seq", "smtpserver": "smtpserver_seq", "clientapplication": "clientapp_seq",
	"subscription": "subscription_seq", "eventcounter": "eventcounter_seq", "mfa_audit": "audit_seq", "usercache": "usercache_seq",
	"authcache": "authcache_seq", "periodictask": "periodictask_seq", "monitoringstats": "monitoringstats_seq",
	"serviceid": "serviceid_seq", "tokengroup": "tokengroup_seq", "tokeninfo": "tokeninfo_seq",
	"customuserattribute": "customuserattribute_seq", "caconnectorconfig": "caconfig_seq", "resolverconfig": "resolverconf_seq",
	"resolverrealm": "resolverrealm_seq", "tokenowner": "tokenowner_seq", "tokenrealm": "tokenrealm_seq",
	"policycondition": "policycondition_seq", "machinetoken": "machinetoken_seq", "eventhandlercondition": "eventhandlercond_seq",
	"eventhandleroption": "eventhandleropt_seq", "machineresolverconfig": "machineresolverconf_seq", "smsgatewayoption": "smsgwoption_seq",
	"periodictaskoption": "periodictaskopt_seq", "periodictasklastrun": "periodictasklastrun_seq",
	"tokentokengroup": "tokentokengroup_seq", "machinetokenoptions": "machtokenopt_seq",
}

// extraIndexes are ours: questions asked at every login or list that the
// field's own indexes do not answer. They change nothing for other programs.
// Searches of the audit log are in the order of numbers, hence the id in indexes.
var extraIndexes = []struct{ name, on string }{
	{"ix_go_tokenowner_token", "tokenowner (token_id)"},
	{"ix_go_tokenrealm_realm", "tokenrealm (realm_id, token_id)"},
	{"ix_go_audit_serial_id", "mfa_audit (serial, id)"},
	{"ix_go_audit_action_id", "mfa_audit (action, id)"},
	{"ix_go_audit_user_id", `mfa_audit ("user", id)`},
	{"ix_go_audit_user", `mfa_audit ("user", realm, date)`},
	{"ix_go_challenge_expiration", "challenge (expiration)"},
	{"ix_go_machinetoken_token", "machinetoken (token_id)"},
	{"ix_go_machinetokenoptions", "machinetokenoptions (machinetoken_id)"},
	{"ix_go_job_due", "go_job (dead, due)"},
	{"ix_go_audit_checkpoint_last", "go_audit_checkpoint (last_row)"},
}

// extraTables are ours, for what the field's tables have no place for. Other
// programs leave them alone. Moments are milliseconds since 1970, so that all
// products compare them alike; LONGTEXT is TEXT where that has no limit.
var extraTables = []struct{ name, columns string }{
	{"go_job", "id VARCHAR(64) NOT NULL PRIMARY KEY, kind VARCHAR(40) NOT NULL, target VARCHAR(255) NOT NULL, payload LONGTEXT NOT NULL, " +
		"node VARCHAR(255) NOT NULL, created BIGINT NOT NULL, due BIGINT NOT NULL, expires BIGINT NOT NULL, attempts INTEGER NOT NULL, " +
		"claim VARCHAR(64) NOT NULL, dead INTEGER NOT NULL, problem VARCHAR(500) NOT NULL"},
	{"go_audit_checkpoint", "number BIGINT NOT NULL PRIMARY KEY, kind VARCHAR(10) NOT NULL, written BIGINT NOT NULL, node VARCHAR(255) NOT NULL, " +
		"first_row BIGINT NOT NULL, last_row BIGINT NOT NULL, row_count INTEGER NOT NULL, content LONGTEXT NOT NULL, digest VARCHAR(64) NOT NULL, " +
		"previous VARCHAR(64) NOT NULL, signature VARCHAR(4200) NOT NULL"},
	{"go_audit_cursor", "name VARCHAR(100) NOT NULL PRIMARY KEY, sent BIGINT NOT NULL, claim VARCHAR(64) NOT NULL, claimed BIGINT NOT NULL"},
	{"go_lease", "name VARCHAR(255) NOT NULL PRIMARY KEY, holder VARCHAR(64) NOT NULL, ends BIGINT NOT NULL"},
}

// statements splits a schema file; every statement ends with ";" at a line end.
func statements(product string) ([]string, error) {
	b, err := schemaFiles.ReadFile("schema/" + product + ".sql")
	if err != nil {
		return nil, err
	}
	var out []string
	var cur strings.Builder
	sc := bufio.NewScanner(strings.NewReader(string(b)))
	for sc.Scan() {
		line := strings.TrimRight(sc.Text(), " ")
		if line == "" && cur.Len() == 0 {
			continue
		}
		cur.WriteString(line)
		cur.WriteByte('\n')
		if strings.HasSuffix(line, ";") {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(cur.String()), ";"))
			cur.Reset()
		}
	}
	return out, sc.Err()
}

// Tables lists the tables of the schema in the order they are made.
func (db *DB) Tables() ([]string, error) {
	stmts, err := statements(db.engine.name)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range stmts {
		if f := strings.Fields(s); len(f) > 2 && f[0] == "CREATE" && f[1] == "TABLE" {
			out = append(out, f[2])
		}
	}
	return out, nil
}

// Existing lists the tables the database has.
func (db *DB) Existing(ctx context.Context) ([]string, error) {
	q := "SELECT name FROM sqlite_master WHERE type = 'table'"
	switch db.engine.name {
	case "postgres":
		q = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	case "mysql", "mariadb":
		q = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	var out []string
	err := db.query(ctx, q, nil, func(r *sql.Rows) error {
		var n string
		if err := r.Scan(textTo{&n}); err != nil {
			return err
		}
		out = append(out, n)
		return nil
	})
	return out, err
}

// Revision is the stamp of the database, "" when it has none.
func (db *DB) Revision(ctx context.Context) (string, error) {
	have, err := db.Existing(ctx)
	if err != nil || !slices.Contains(have, "alembic_version") {
		return "", err
	}
	var rev string
	err = db.queryOne(ctx, "SELECT version_num FROM alembic_version", nil, textTo{&rev})
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return rev, err
}

// CheckRevision returns nil when the database is of the revision this program
// reads and writes; otherwise an ErrRevision that says what to do.
func (db *DB) CheckRevision(ctx context.Context) error {
	rev, err := db.Revision(ctx)
	switch {
	case err != nil:
		return err
	case rev == Head:
		return nil
	case rev == "":
		return fmt.Errorf("%w: the database has no eduMFA tables or no stamp; run \"edumfa-manage create_tables\"", ErrRevision)
	}
	return fmt.Errorf("%w: the database is stamped %s, this program works with %s (eduMFA 2.9.5); an older database is brought there with \"edumfa-manage db upgrade\" of eduMFA 2.9.5, a newer one belongs to a newer program", ErrRevision, rev, Head)
}

// CreateTables makes what is missing and stamps a database that has no stamp.
// It may be repeated after an interruption.
func (db *DB) CreateTables(ctx context.Context) error {
	stmts, err := statements(db.engine.name)
	if err != nil {
		return err
	}
	have, err := db.Existing(ctx)
	if err != nil {
		return err
	}
	for _, s := range stmts {
		if err := db.createOne(ctx, s, have); err != nil {
			return err
		}
	}
	if err := db.CreateExtras(ctx); err != nil {
		return err
	}
	rev, err := db.Revision(ctx)
	if err != nil || rev != "" {
		return err
	}
	return db.Stamp(ctx, Head)
}

// CreateAuditTables makes the tables of the audit log alone, with their indexes,
// where they are missing. Of a table that is there the indexes are left to
// administrators: that may take long.
func (db *DB) CreateAuditTables(ctx context.Context) error {
	if err := db.createTablesNamed(ctx, "go_audit_"); err != nil {
		return err
	}
	return db.createAlone(ctx, "mfa_audit")
}

// CreateStatsTable does the same for the table of the statistics.
func (db *DB) CreateStatsTable(ctx context.Context) error {
	return db.createAlone(ctx, "monitoringstats")
}

func (db *DB) createAlone(ctx context.Context, table string) error {
	stmts, err := statements(db.engine.name)
	if err != nil {
		return err
	}
	have, err := db.Existing(ctx)
	if err != nil || slices.Contains(have, table) {
		return err
	}
	for _, s := range stmts {
		if !strings.Contains(s, " "+table) && !strings.HasPrefix(s, "CREATE SEQUENCE "+sequences[table]) {
			continue
		}
		if err := db.createOne(ctx, s, have); err != nil {
			return err
		}
	}
	return db.createIndexesOn(ctx, table)
}

// CreateAuditIndexes adds the indexes of our own to the audit log where they are
// missing.
func (db *DB) CreateAuditIndexes(ctx context.Context) error {
	return db.createIndexesOn(ctx, "mfa_audit")
}

func (db *DB) createIndexesOn(ctx context.Context, table string) error {
	for _, ix := range extraIndexes {
		if strings.HasPrefix(ix.on, table+" ") {
			if err := db.createIndex(ctx, ix.name, ix.on); err != nil {
				return err
			}
		}
	}
	return nil
}

func (db *DB) createOne(ctx context.Context, s string, have []string) error {
	f := strings.Fields(s)
	switch {
	case f[1] == "TABLE":
		if slices.Contains(have, f[2]) {
			return nil
		}
	case f[1] == "SEQUENCE":
		s = strings.Replace(s, "CREATE SEQUENCE", "CREATE SEQUENCE IF NOT EXISTS", 1)
	default: // CREATE [UNIQUE] INDEX name ON table
		if db.engine.name != "mysql" {
			s = strings.Replace(s, "INDEX ", "INDEX IF NOT EXISTS ", 1)
		} else if i := slices.Index(f, "ON"); i > 0 && slices.Contains(have, f[i+1]) {
			return nil
		}
	}
	if _, err := db.pool.ExecContext(ctx, s); err != nil {
		return fmt.Errorf("%s: %w", firstWords(s), err)
	}
	return nil
}

// CreateExtras adds the tables and indexes of our own where they are missing.
// Several servers may do so at once.
func (db *DB) CreateExtras(ctx context.Context) error {
	if err := db.createExtraTables(ctx); err != nil {
		return err
	}
	return db.createExtraIndexes(ctx)
}

// Prepare adds the tables of our own where they are missing: a server needs
// them, other than the indexes, which may take long on large tables.
func (db *DB) Prepare(ctx context.Context) error { return db.createExtraTables(ctx) }

func (db *DB) createExtraTables(ctx context.Context) error { return db.createTablesNamed(ctx, "") }

// createTablesNamed makes those tables of our own whose names begin so.
func (db *DB) createTablesNamed(ctx context.Context, begin string) error {
	have, err := db.Existing(ctx)
	if err != nil {
		return err
	}
	for _, t := range extraTables {
		if slices.Contains(have, t.name) || !strings.HasPrefix(t.name, begin) {
			continue
		}
		if err := db.createExtraTable(ctx, t.name, t.columns); err != nil {
			return fmt.Errorf("the table %s cannot be made: %w", t.name, err)
		}
	}
	return nil
}

func (db *DB) createExtraTable(ctx context.Context, name, columns string) error {
	if db.engine.name == "postgres" || db.engine.name == "sqlite" {
		columns = strings.ReplaceAll(columns, "LONGTEXT", "TEXT")
	}
	if _, err := db.pool.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+name+" ("+columns+")"+db.engine.tableOptions()); err != nil {
		// PostgreSQL: of two at once one fails
		if have, lerr := db.Existing(ctx); lerr != nil || !slices.Contains(have, name) {
			return err
		}
	}
	for _, ix := range extraIndexes {
		if strings.HasPrefix(ix.on, name+" ") {
			if err := db.createIndex(ctx, ix.name, ix.on); err != nil {
				return err
			}
		}
	}
	return nil
}

func (db *DB) createExtraIndexes(ctx context.Context) error {
	for _, ix := range extraIndexes {
		if err := db.createIndex(ctx, ix.name, ix.on); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) createIndex(ctx context.Context, name, on string) error {
	on = db.engine.rebind(on)
	q := "CREATE INDEX IF NOT EXISTS " + name + " ON " + on
	if db.engine.name == "mysql" {
		if there, err := db.hasIndex(ctx, name); err != nil || there {
			return err
		}
		q = "CREATE INDEX " + name + " ON " + on
	}
	if _, err := db.pool.ExecContext(ctx, q); err != nil {
		if there, lerr := db.hasIndex(ctx, name); lerr != nil || !there { // else another server was faster
			return fmt.Errorf("%s: %w", firstWords(q), err)
		}
	}
	return nil
}

func (db *DB) hasIndex(ctx context.Context, name string) (bool, error) {
	q := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name = ?"
	switch db.engine.name {
	case "postgres":
		q = "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = current_schema() AND indexname = ?"
	case "mysql", "mariadb":
		q = "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = ?"
	}
	var n int
	err := db.queryOne(ctx, q, []any{name}, &n)
	return n > 0, err
}

// Stamp sets the revision.
func (db *DB) Stamp(ctx context.Context, revision string) error {
	if _, err := db.pool.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"); err != nil {
		return err
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM alembic_version"); err != nil {
			return err
		}
		_, err := db.exec(ctx, "INSERT INTO alembic_version (version_num) VALUES (?)", revision)
		return err
	})
}

// DropTables removes all tables and sequences of the schema, and the stamp.
func (db *DB) DropTables(ctx context.Context) error {
	tables, err := db.Tables()
	if err != nil {
		return err
	}
	slices.Reverse(tables)
	for _, t := range extraTables {
		tables = append(tables, t.name)
	}
	for _, t := range append(tables, "alembic_version") {
		if _, err := db.pool.ExecContext(ctx, "DROP TABLE IF EXISTS "+t); err != nil {
			return fmt.Errorf("drop %s: %w", t, err)
		}
		if seq := sequences[t]; seq != "" && db.engine.sequences {
			if _, err := db.pool.ExecContext(ctx, "DROP SEQUENCE IF EXISTS "+seq); err != nil {
				return fmt.Errorf("drop %s: %w", seq, err)
			}
		}
	}
	return nil
}

// AdvanceSequences moves every sequence behind the largest id of its table: rows
// that were brought in with ids of their own would collide with the next new
// ones. Products without sequences need nothing.
func (db *DB) AdvanceSequences(ctx context.Context) error {
	if !db.engine.sequences {
		return nil
	}
	for table, seq := range sequences {
		var last int64
		if err := db.queryOne(ctx, "SELECT MAX(id) FROM "+table, nil, intTo{&last}); err != nil {
			return err
		}
		if last == 0 {
			continue
		}
		name := seq
		if db.engine.name == "postgres" {
			name = "'" + seq + "'"
		}
		var n sql.NullInt64 // MariaDB: NULL when the sequence is ahead already
		if err := db.queryOne(ctx, fmt.Sprintf("SELECT setval(%s, %d)", name, last), nil, &n); err != nil {
			return err
		}
	}
	return nil
}
