package storetest

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"edumfa/internal/audit"
	"edumfa/internal/change"
	"edumfa/internal/radius"
	"edumfa/internal/realm"
	"edumfa/internal/remoteserver"
	"edumfa/internal/resolver"
	"edumfa/internal/serviceid"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

// What the command line and the upkeep ask of the audit.
func (k *kit) auditUpkeep() {
	newest := func(n int) int64 {
		k.t.Helper()
		id, ok, err := k.db.AuditNewest(k.ctx, n)
		k.must(err)
		equal(k, "there is one", ok, id != 0)
		return id
	}
	equal(k, "newest of none", newest(0), int64(0))
	var ids []int64
	for i := range 6 {
		at := moment.Add(time.Duration(i) * time.Hour).In(k.local)
		ids = append(ids, k.write(audit.Row{Date: &at, User: p([]string{"alice", "bob"}[i%2])}).ID)
	}
	equal(k, "newest", newest(0), ids[5])
	equal(k, "oldest", newest(5), ids[0])
	equal(k, "one before the oldest", newest(6), int64(0))
	var at audit.Place
	before := func(until time.Time, limit int) (out []int64) {
		k.t.Helper()
		list, err := k.db.AuditBefore(k.ctx, until, at, limit)
		k.must(err)
		for _, r := range list {
			out = append(out, r.ID)
			at = audit.Place{Date: *r.Date, ID: r.ID}
		}
		return out
	}
	// the moment itself is not before; the zone of the question does not matter
	equal(k, "before", before(moment.Add(2*time.Hour), 9), ids[:2])
	equal(k, "no more before", before(moment.Add(2*time.Hour), 9), []int64(nil))
	same := moment.Add(time.Hour).In(k.local)
	twin := k.write(audit.Row{Date: &same}).ID
	equal(k, "of the same moment", before(moment.Add(3*time.Hour), 1), []int64{twin})
	equal(k, "behind them", before(moment.Add(3*time.Hour), 9), []int64{ids[2]})
	_, err := k.db.DeleteAudit(k.ctx, []int64{twin})
	k.must(err)
	after := func(f audit.Filter, id int64, limit int) (out []int64) {
		k.t.Helper()
		list, err := k.db.AuditAfter(k.ctx, f, id, limit)
		k.must(err)
		for _, r := range list {
			out = append(out, r.ID)
		}
		return out
	}
	equal(k, "first portion", after(audit.Filter{}, 0, 4), ids[:4])
	equal(k, "second portion", after(audit.Filter{}, ids[3], 4), ids[4:])
	equal(k, "behind the end", after(audit.Filter{}, ids[5], 4), []int64(nil))
	equal(k, "of one user", after(audit.Filter{Columns: map[string]string{"user": "bob"}}, ids[1], 4), []int64{ids[3], ids[5]})
	n, err := k.db.DeleteAudit(k.ctx, append([]int64{ids[5] + 999}, ids[:5]...))
	k.must(err)
	equal(k, "deleted", n, int64(5))
	n, err = k.db.DeleteAudit(k.ctx, nil)
	k.must(err)
	equal(k, "deleted of none", n, int64(0))
	equal(k, "left", newest(0), ids[5])
	equal(k, "no other left", newest(1), int64(0))
}

func (k *kit) authCache() {
	for i, at := range []string{"2027-07-04 10:00:00.000000", "2027-07-04 10:20:30.123456", "2027-07-04 11:00:00.000000"} {
		k.exec("INSERT INTO authcache (id, username, last_auth) VALUES (?, 'alice', ?)", i+1, at)
	}
	n, err := k.db.CleanAuthCache(k.ctx, moment.In(k.local)) // the column is in UTC
	k.must(err)
	equal(k, "removed", n, int64(1))
	equal(k, "left", k.count("authcache"), 2)
}

func (k *kit) tokenGroups() {
	list, err := k.db.TokenGroups(k.ctx, "")
	k.must(err)
	equal(k, "groups", len(list), 0)
	b, err := k.db.SaveTokenGroup(k.ctx, token.Group{Name: "b", Description: "first"})
	k.must(err)
	a, err := k.db.SaveTokenGroup(k.ctx, token.Group{Name: "a"})
	k.must(err)
	again, err := k.db.SaveTokenGroup(k.ctx, token.Group{Name: "b", Description: "second"})
	k.must(err)
	equal(k, "id", again, b)
	list, err = k.db.TokenGroups(k.ctx, "")
	k.must(err)
	equal(k, "groups", list, []token.Group{{ID: a, Name: "a"}, {ID: b, Name: "b", Description: "second"}})
	list, err = k.db.TokenGroups(k.ctx, "b")
	k.must(err)
	equal(k, "groups named b", len(list), 1)
	for name, want := range map[string]bool{"a": true, "c": false, "": false} {
		there, err := k.db.TokenGroupExists(k.ctx, name)
		k.must(err)
		equal(k, "there is "+name, there, want)
	}
	t := k.newToken("T1", func(t *token.Token) { t.Groups = []string{"b"} })
	equal(k, "groups of the token", k.load("T1").Groups, []string{"b"})
	n, err := k.db.DeleteTokenGroup(k.ctx, b)
	k.must(err)
	equal(k, "tokens in the way", n, 1)
	k.must(k.db.DeleteToken(k.ctx, t.ID, "T1"))
	for _, id := range []int64{a, b} {
		n, err = k.db.DeleteTokenGroup(k.ctx, id)
		k.must(err)
		equal(k, "tokens in the way", n, 0)
	}
	equal(k, "left", k.count("tokengroup"), 0)
}

func (k *kit) names() {
	k.exec("INSERT INTO smsgateway (id, identifier, providermodule) VALUES (1, 'two', 'http')")
	k.exec("INSERT INTO smsgateway (id, identifier, providermodule) VALUES (2, 'one', 'http')")
	k.exec("INSERT INTO smsgateway (id, identifier, providermodule) VALUES (3, 'push', 'firebase')")
	list, err := k.db.GatewayNames(k.ctx, "http")
	k.must(err)
	equal(k, "gateways", list, []string{"two", "one"})
	list, err = k.db.GatewayNames(k.ctx, "none")
	k.must(err)
	equal(k, "no gateways", list, []string{})
	for _, table := range []string{"smtpserver", "radiusserver", "edumfaserver", "smsgateway", "caconnector", "tokengroup", "admin"} {
		list, err := k.db.ServerNames(k.ctx, table)
		k.must(err)
		want := 0
		if table == "smsgateway" {
			want = 3
		}
		equal(k, table, len(list), want)
	}
	if _, err := k.db.ServerNames(k.ctx, "token; DROP TABLE token"); err == nil {
		k.t.Error("another table was asked")
	}
}

// A resolver that goes leaves the realms and its tokens.
func (k *kit) dropResolver() {
	_, err := k.db.DropResolver(k.ctx, "users")
	k.wantErr(err, store.ErrNotFound)
	r1, _ := k.newRealms()
	other, err := k.db.SetResolver(k.ctx, resolver.Stored{Name: "others", Kind: "passwdresolver", Options: []resolver.StoredOption{{Key: "fileName", Value: "/x"}}})
	k.must(err)
	_, _, err = k.db.SetRealm(k.ctx, "r1", []realm.Link{{Resolver: "users"}, {Resolver: "others"}})
	k.must(err)
	k.newToken("T1", func(t *token.Token) {
		t.Owner, t.Realms = &token.Owner{UserID: "1", Resolver: "others", RealmID: r1}, []string{"r1"}
	})
	id, err := k.db.DropResolver(k.ctx, "others")
	k.must(err)
	equal(k, "id", id, other)
	equal(k, "its options", k.count("resolverconfig"), 0)
	list, err := k.db.Realms(k.ctx)
	k.must(err)
	for _, r := range list {
		equal(k, "resolvers of "+r.Name, len(r.Links), 1)
	}
	if o := k.load("T1").Owner; o == nil || o.UserID != "1" {
		k.t.Errorf("owner %v", o)
	}
}

func (k *kit) forgetUser() {
	r1, r2 := k.newRealms()
	for _, a := range []struct {
		realm            int64
		user, key, value string
	}{{r1, "u1", "a", "1"}, {r1, "u1", "b", "2"}, {r1, "u2", "a", "3"}, {r2, "u1", "a", "4"}} {
		_, err := k.db.SetCustomAttribute(k.ctx, a.user, "users", a.realm, a.key, a.value, "")
		k.must(err)
	}
	got, err := k.db.RealmAttributes(k.ctx, r1)
	k.must(err)
	equal(k, "attributes", got, map[[2]string]map[string]string{{"users", "u1"}: {"a": "1", "b": "2"}, {"users", "u2"}: {"a": "3"}})
	c := store.UserCache{DB: k.db}
	k.must(c.Store(k.ctx, "alice", "alice", "users", "u1"))
	k.must(c.Store(k.ctx, "alice@mail", "alice", "users", "u1"))
	k.must(c.Store(k.ctx, "alice", "alice", "others", "u9"))
	k.must(c.Store(k.ctx, "bob", "bob", "users", "u2"))
	k.must(k.db.ForgetUser(k.ctx, "alice", "users"))
	for login, want := range map[string]bool{"alice": false, "alice@mail": false, "bob": true} {
		_, _, ok, err := c.Lookup(k.ctx, login, "users", 600)
		k.must(err)
		equal(k, "remembered "+login, ok, want)
	}
	equal(k, "left", k.count("usercache"), 2)
}

func (k *kit) userTable() {
	const name = "users-2.of_test"
	for range 2 { // the second time it is there
		k.must(k.db.CreateUserTable(k.ctx, name))
	}
	defer k.exec(`DROP TABLE "` + name + `"`)
	k.exec(`INSERT INTO "` + name + `" ("username", "password") VALUES ('alice', 'x')`)
	k.exec(`INSERT INTO "` + name + `" ("username", "password") VALUES ('bob', 'x')`)
	equal(k, "users", fmt.Sprint(k.one(`SELECT COUNT(*) FROM "`+name+`" WHERE "id" IN (1, 2)`)), "2")
}

// A copy of the file is a whole database, and takes the place of another.
func (k *kit) copies() {
	equal(k, "product", k.db.Product(), k.product)
	k.must(k.db.Ping(k.ctx))
	k.must(k.db.CreateExtras(k.ctx)) // they are there
	file := filepath.Join(k.t.TempDir(), "a 'copy'.sqlite")
	if k.product != "sqlite" {
		if k.db.CopyTo(k.ctx, file) == nil || k.db.ReplaceBy(k.ctx, file) == nil {
			k.t.Error("this product has no file")
		}
		return
	}
	k.newToken("T1", nil)
	k.must(k.db.CopyTo(k.ctx, file))
	copied := Open(k.t, "sqlite:///"+file, store.Options{Now: func() time.Time { return moment }, Local: k.local})
	k.must(copied.CheckRevision(k.ctx))
	there, err := copied.SerialExists(k.ctx, "T1")
	k.must(err)
	equal(k, "the token is in the copy", there, true)
	k.must(copied.Close())
	if err := k.db.CopyTo(k.ctx, file); err == nil {
		k.t.Error("a file that is there was written over")
	}
	k.newToken("T2", nil)
	k.must(k.db.ReplaceBy(k.ctx, file))
	for serial, want := range map[string]bool{"T1": true, "T2": false} {
		there, err := k.db.SerialExists(k.ctx, serial)
		k.must(err)
		equal(k, "afterwards there is "+serial, there, want)
	}
	k.must(k.db.CheckRevision(k.ctx))
	k.newToken("T3", nil)
	if err := k.db.ReplaceBy(k.ctx, filepath.Join(k.t.TempDir(), "missing", "x.sqlite")); err == nil {
		k.t.Error("replaced by nothing")
	}
	there, err = k.db.SerialExists(k.ctx, "T3")
	k.must(err)
	equal(k, "untouched by a failure", there, true)
}

// Where the isolation ends transactions for the sake of others, each of them
// still gets through: nothing is counted twice or lost.
func (k *kit) strictIsolation() {
	t := k.newToken("T1", func(t *token.Token) { t.MaxFail = 1000 })
	for _, level := range []string{"REPEATABLE READ", "SERIALIZABLE"} {
		k.exec("UPDATE token SET failcount = 0")
		var nodes [2]*store.DB
		for i := range nodes {
			nodes[i] = Open(k.t, k.uri, store.Options{Isolation: level, Now: func() time.Time { return moment }, Local: k.local})
		}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				err := nodes[i%2].Apply(k.ctx, []change.Change{change.FailToken{ID: t.ID}, change.CountInfo{ID: t.ID, Key: level}}, entry("x"))
				if err != nil {
					k.t.Errorf("%s: %v", level, err)
				}
			})
		}
		wg.Wait()
		got := k.load("T1")
		equal(k, level+": failures", got.FailCount, 40)
		equal(k, level+": counted", got.InfoText(level), "40")
	}
	equal(k, "audit rows", k.count("mfa_audit"), 80)
}

// Definitions with unique names: other servers and service ids.
func (k *kit) namedDefinitions() {
	_, err := k.db.RemoteServer(k.ctx, "far")
	k.wantErr(err, store.ErrNotFound)
	far := remoteserver.Server{Identifier: "far", URL: "https://far.example", TLS: true, Description: "ä"}
	id, err := k.db.SaveRemoteServer(k.ctx, far)
	k.must(err)
	near := remoteserver.Server{Identifier: "near", URL: "http://near.example"}
	near.ID, err = k.db.SaveRemoteServer(k.ctx, near)
	k.must(err)
	far.ID, far.TLS = id, false
	again, err := k.db.SaveRemoteServer(k.ctx, far)
	k.must(err)
	equal(k, "id", again, id)
	list, err := k.db.RemoteServers(k.ctx)
	k.must(err)
	equal(k, "servers", list, []remoteserver.Server{far, near})
	got, err := k.db.RemoteServerByID(k.ctx, near.ID)
	k.must(err)
	equal(k, "by number", got, near)
	_, err = k.db.RemoteServerByID(k.ctx, near.ID+100)
	k.wantErr(err, store.ErrNotFound)
	gone, err := k.db.DeleteRemoteServer(k.ctx, "far")
	k.must(err)
	equal(k, "deleted", gone, id)
	_, err = k.db.DeleteRemoteServer(k.ctx, "far")
	k.wantErr(err, store.ErrNotFound)

	hall := radius.Definition{Identifier: "hall", Host: "radius.example", Port: 1812, Secret: "sealed", Dictionary: "/d", Description: "ä", Timeout: 2, Retries: 3, EnforceMA: true}
	hall.ID, err = k.db.SaveRADIUSServer(k.ctx, hall)
	k.must(err)
	hall.Port, hall.EnforceMA = 1645, false
	again, err = k.db.SaveRADIUSServer(k.ctx, hall)
	k.must(err)
	equal(k, "id", again, hall.ID)
	found, err := k.db.RADIUSServer(k.ctx, "hall")
	k.must(err)
	equal(k, "RADIUS server", found, hall)
	k.exec("UPDATE radiusserver SET port = NULL, secret = NULL, dictionary = NULL, description = NULL, timeout = NULL, retries = NULL, enforce_ma = NULL")
	all, err := k.db.RADIUSServers(k.ctx)
	k.must(err)
	equal(k, "RADIUS servers", all, []radius.Definition{{ID: hall.ID, Identifier: "hall", Host: "radius.example"}})
	_, err = k.db.DeleteRADIUSServer(k.ctx, "hall")
	k.must(err)
	_, err = k.db.RADIUSServer(k.ctx, "hall")
	k.wantErr(err, store.ErrNotFound)

	web, err := k.db.SaveServiceID(k.ctx, serviceid.ServiceID{Name: "web", Description: "first"})
	k.must(err)
	again, err = k.db.SaveServiceID(k.ctx, serviceid.ServiceID{Name: "web", Description: "second"})
	k.must(err)
	equal(k, "id", again, web)
	services, err := k.db.ServiceIDs(k.ctx, "web")
	k.must(err)
	equal(k, "service ids", services, []serviceid.ServiceID{{ID: web, Name: "web", Description: "second"}})
	_, err = k.db.DeleteServiceID(k.ctx, "web")
	k.must(err)
	_, err = k.db.DeleteServiceID(k.ctx, "web")
	k.wantErr(err, store.ErrNotFound)
	equal(k, "left", k.count("serviceid"), 0)
}
