package storetest

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"edumfa/internal/store"
)

// Moment is what the suite's clock shows: summer time in zones that have it, so
// that UTC and local differ.
var moment = time.Date(2027, 7, 4, 10, 20, 30, 123456000, time.UTC)

// kit is one database under test.
type kit struct {
	t       *testing.T
	db      *store.DB
	raw     *sql.DB
	product string
	uri     string
	local   *time.Location
	ctx     context.Context
}

// Run runs the suite on one product.
func Run(t *testing.T, product string) {
	all, uri, fresh := t, URI(t, product), false
	for _, c := range []struct {
		name string
		test func(*kit)
		// ownSchema: the test leaves a schema nobody else wants.
		ownSchema bool
	}{
		{"schema is made, dropped and made again", (*kit).schemaAgain, true},
		{"schema is completed after an interruption", (*kit).schemaInterrupted, true},
		{"revision tells what to do", (*kit).revision, true},
		{"tokens come back as they were stored", (*kit).tokenRoundTrip, false},
		{"token rows have the field's types", (*kit).tokenRow, false},
		{"tokens are found by each filter", (*kit).tokenFilters, false},
		{"token pages", (*kit).tokenPages, false},
		{"updates of tokens", (*kit).tokenUpdate, false},
		{"deleted tokens leave nothing behind", (*kit).tokenDelete, false},
		{"NULL reads as empty", (*kit).nullReads, false},
		{"ids come from the field's sequences", (*kit).sequences, false},
		{"changes of what has changed", (*kit).conflicts, false},
		{"uses of a counter", (*kit).useToken, false},
		{"uses of a nonce", (*kit).useNonce, false},
		{"fail counter", (*kit).failCounter, false},
		{"counts in tokeninfo", (*kit).countInfo, false},
		{"nothing of a transaction that fails", (*kit).allOrNothing, false},
		{"one of many writers wins", (*kit).contention, false},
		{"writers do not share a failure", (*kit).groupFailure, false},
		{"challenges", (*kit).challenges, false},
		{"expired challenges go in portions", (*kit).expiredChallenges, false},
		{"settings", (*kit).settings, false},
		{"the stamp of changes always moves", (*kit).timestamp, false},
		{"realms", (*kit).realms, false},
		{"resolvers", (*kit).resolvers, false},
		{"policies", (*kit).policies, false},
		{"events", (*kit).events, false},
		{"event counters", (*kit).counters, false},
		{"event counters at the same time", (*kit).countersAtOnce, false},
		{"administrators", (*kit).admins, false},
		{"mail servers", (*kit).mailServers, false},
		{"connectors to authorities", (*kit).caConnectors, false},
		{"one holds a lock", (*kit).hold, false},
		{"custom attributes and the user cache", (*kit).users, false},
		{"clients seen", (*kit).clients, false},
		{"audit rows", (*kit).auditRows, false},
		{"audit filters", (*kit).auditFilters, false},
		{"audit numbers others took", (*kit).auditNumbers, false},
		{"upkeep of the audit", (*kit).auditUpkeep, false},
		{"remembered logins are cleaned up", (*kit).authCache, false},
		{"codes to set a password", (*kit).recoveryCodes, false},
		{"tokens on machines", (*kit).attachments, false},
		{"machine stores", (*kit).machineStores, false},
		{"token groups", (*kit).tokenGroups, false},
		{"definitions with names", (*kit).namedDefinitions, false},
		{"jobs are claimed once", (*kit).jobClaims, false},
		{"jobs come back, die and live again", (*kit).jobLife, false},
		{"periodic tasks", (*kit).periodicTasks, false},
		{"a lease has one holder", (*kit).leases, false},
		{"statistics", (*kit).statistics, false},
		{"event counters are lowered by what was read", (*kit).counterRows, false},
		{"what is over is removed in portions", (*kit).housekeeping, false},
		{"users with tokens", (*kit).usersWithTokens, false},
		{"tables of our own are made by several at once", (*kit).extraTables, false},
		{"names of definitions", (*kit).names, false},
		{"a resolver is dropped", (*kit).dropResolver, false},
		{"a user is forgotten", (*kit).forgetUser, false},
		{"tables for users", (*kit).userTable, false},
		{"strict isolation", (*kit).strictIsolation, false},
		{"copies of the file", (*kit).copies, true},
		{"long and odd texts", (*kit).oddTexts, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if fresh {
				uri = URI(all, product)
			}
			fresh = c.ownSchema
			c.test(newKit(t, product, uri))
		})
	}
}

func newKit(t *testing.T, product, uri string) *kit {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.FixedZone("two hours east", 2*3600)
	}
	k := &kit{t: t, product: product, uri: uri, local: zone, ctx: t.Context()}
	k.db = Open(t, k.uri, store.Options{Now: func() time.Time { return moment }, Local: zone})
	k.must(k.db.CreateTables(k.ctx))
	k.raw = Raw(t, k.uri)
	k.empty()
	return k
}

func (k *kit) must(err error) {
	k.t.Helper()
	if err != nil {
		for e := err; e != nil; e = errors.Unwrap(e) {
			err = e // the driver's own words, which the error hides from clients
		}
		k.t.Fatal(err)
	}
}

func (k *kit) wantErr(got, want error) {
	k.t.Helper()
	if !errors.Is(got, want) {
		k.t.Fatalf("error = %v, want %v", got, want)
	}
}

func equal[T any](k *kit, what string, got, want T) {
	k.t.Helper()
	if !reflect.DeepEqual(got, want) {
		k.t.Errorf("%s = %#v, want %#v", what, got, want)
	}
}

// exec changes the database behind the store's back. q is written like the
// store's own SQL: "double quotes" around names.
func (k *kit) exec(q string, args ...any) {
	k.t.Helper()
	if _, err := k.raw.ExecContext(k.ctx, Rebind(k.product, q), args...); err != nil {
		k.t.Fatalf("%s: %v", q, err)
	}
}

// one reads one value, as the driver gives it.
func (k *kit) one(q string, args ...any) any {
	k.t.Helper()
	var v any
	if err := k.raw.QueryRowContext(k.ctx, Rebind(k.product, q), args...).Scan(&v); err != nil {
		k.t.Fatalf("%s: %v", q, err)
	}
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}

func (k *kit) count(table string) int {
	k.t.Helper()
	var n int
	if err := k.raw.QueryRowContext(k.ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// empty removes all rows: making tables anew for every test takes long.
func (k *kit) empty() {
	k.t.Helper()
	tables, err := k.db.Tables()
	k.must(err)
	slices.Reverse(tables)
	for _, t := range append(tables, "go_job", "go_lease") {
		k.exec("DELETE FROM " + t)
	}
}
