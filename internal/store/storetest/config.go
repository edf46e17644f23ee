package storetest

import (
	"fmt"
	"strconv"
	"time"

	"edumfa/internal/admin"
	"edumfa/internal/change"
	"edumfa/internal/clientapp"
	"edumfa/internal/event"
	"edumfa/internal/policy"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/settings"
	"edumfa/internal/smsprovider"
	"edumfa/internal/smtpserver"
	"edumfa/internal/store"
	"edumfa/internal/token"
)

func setting(key, value string) settings.Entry { return settings.Entry{Key: key, Value: value} }

func (k *kit) settings() {
	set := func(e settings.Entry, wantNew bool) {
		k.t.Helper()
		inserted, err := k.db.SetSetting(k.ctx, e)
		k.must(err)
		equal(k, "inserted", inserted, wantNew)
	}
	set(settings.Entry{Key: "a", Value: "1", Type: "public", Description: "d"}, true)
	set(settings.Entry{Key: "a", Value: "2"}, false)
	set(settings.Entry{Key: "a", Value: "2"}, false) // the same again
	list, err := k.db.Settings(k.ctx)
	k.must(err)
	equal(k, "entry", settings.New(list).All()["a"], settings.Entry{Key: "a", Value: "2", Type: "public", Description: "d"})
	found, err := k.db.DeleteSetting(k.ctx, "a")
	k.must(err)
	equal(k, "found", found, true)
	found, err = k.db.DeleteSetting(k.ctx, "a")
	k.must(err)
	equal(k, "found again", found, false)
	set(setting("long", fmt.Sprintf("%01999d", 1)), true)
}

func (k *kit) stamp() int64 {
	k.t.Helper()
	s, err := k.db.Timestamp(k.ctx)
	k.must(err)
	n, err := strconv.ParseInt(s, 10, 64)
	k.must(err)
	return n
}

func (k *kit) timestamp() {
	s, err := k.db.Timestamp(k.ctx)
	k.must(err)
	equal(k, "stamp of a new database", s, "")
	k.must(k.db.Touch(k.ctx))
	equal(k, "stamp", k.stamp(), moment.Unix())
	equal(k, "description", k.one(`SELECT "Description" FROM config`), any("config timestamp. last changed."))
	last := k.stamp()
	// every change of configuration moves it, though the clock stands still
	r := realm.Link{Resolver: "users"}
	var event1, gateway int64
	for _, c := range []struct {
		name string
		f    func() error
	}{
		{"setting", func() error { _, err := k.db.SetSetting(k.ctx, setting("a", "b")); return err }},
		{"resolver", func() error {
			_, err := k.db.SetResolver(k.ctx, resolver.Stored{Name: "users", Kind: "passwdresolver"})
			return err
		}},
		{"realm", func() error { _, _, err := k.db.SetRealm(k.ctx, "r1", []realm.Link{r}); return err }},
		{"default realm", func() error { _, err := k.db.SetDefaultRealm(k.ctx, "r1"); return err }},
		{"no default realm", func() error { _, err := k.db.SetDefaultRealm(k.ctx, ""); return err }},
		{"realm deleted", func() error { _, err := k.db.DeleteRealm(k.ctx, "r1"); return err }},
		{"resolver deleted", func() error { _, err := k.db.DeleteResolver(k.ctx, "users"); return err }},
		{"policy", func() error { _, err := k.db.SavePolicy(k.ctx, policy.Row{Name: "p", Scope: "admin"}); return err }},
		{"policy switched", func() error { _, err := k.db.EnablePolicy(k.ctx, "p", true); return err }},
		{"policy deleted", func() error { _, err := k.db.DeletePolicy(k.ctx, "p"); return err }},
		{"event", func() (err error) { event1, err = k.db.SaveEvent(k.ctx, event.Row{Name: "e"}); return err }},
		{"event switched", func() error { return k.db.EnableEvent(k.ctx, event1, false) }},
		{"event deleted", func() error { return k.db.DeleteEvent(k.ctx, event1) }},
		{"SMS gateway", func() (err error) {
			gateway, err = k.db.SaveSMSGateway(k.ctx, smsprovider.Gateway{Name: "g", Module: "m", Options: map[string]string{"o": "1"}})
			return err
		}},
		{"SMS gateway changed", func() error {
			_, err := k.db.SaveSMSGateway(k.ctx, smsprovider.Gateway{Name: "g", Module: "m", Options: map[string]string{"o": "2"}})
			return err
		}},
		{"SMS gateway's option deleted", func() error { _, err := k.db.DeleteSMSGatewayOption(k.ctx, gateway, "o", false); return err }},
		{"SMS gateway deleted", func() error { _, err := k.db.DeleteSMSGateway(k.ctx, "g"); return err }},
		{"mail server", func() error { _, err := k.db.SaveSMTPServer(k.ctx, smtpserver.Server{Identifier: "m"}); return err }},
		{"mail server changed", func() error {
			_, err := k.db.SaveSMTPServer(k.ctx, smtpserver.Server{Identifier: "m", Host: "h"})
			return err
		}},
		{"mail server deleted", func() error { _, err := k.db.DeleteSMTPServer(k.ctx, "m"); return err }},
		{"setting deleted", func() error { _, err := k.db.DeleteSetting(k.ctx, "a"); return err }},
	} {
		k.must(c.f())
		if now := k.stamp(); now <= last {
			k.t.Errorf("%s: the stamp stays %d", c.name, now)
		} else {
			last = now
		}
	}
	// a stamp far in the future (a clock that was wrong) is not gone on with
	k.exec(`UPDATE config SET "Value" = '9999999999' WHERE "Key" = ?`, settings.TimestampKey)
	k.must(k.db.Touch(k.ctx))
	equal(k, "stamp after a wrong clock", k.stamp(), moment.Unix())
}

func (k *kit) realms() {
	r1, _ := k.newRealms()
	two := 2
	added, failed, err := k.db.SetRealm(k.ctx, "r1", []realm.Link{{Resolver: "users", Priority: &two}, {Resolver: "missing"}})
	k.must(err)
	equal(k, "added", added, []string{"users"})
	equal(k, "failed", failed, []string{"missing"})
	list, err := k.db.Realms(k.ctx)
	k.must(err)
	equal(k, "first", list[0], realm.Row{ID: r1, Name: "r1", Default: true, Links: []realm.Link{{Resolver: "users", Kind: "passwdresolver", Priority: &two}}})
	equal(k, "second is not the default", list[1].Default, false)
	equal(k, "no priority is NULL", k.one("SELECT priority FROM resolverrealm WHERE realm_id <> ?", r1), any(nil))
	t := k.newToken("T1", func(t *token.Token) {
		t.Owner, t.Realms = &token.Owner{UserID: "1", Resolver: "users", RealmID: r1}, []string{"r1"}
	})
	_, err = k.db.SetCustomAttribute(k.ctx, "1", "users", r1, "k", "v", "")
	k.must(err)
	id, err := k.db.DeleteRealm(k.ctx, "r1")
	k.must(err)
	equal(k, "deleted", id, r1)
	equal(k, "realms of the token", k.load(t.Serial).Realms, []string(nil))
	list, err = k.db.Realms(k.ctx)
	k.must(err)
	equal(k, "the last one is the default", list[0].Default, true)
	_, err = k.db.DeleteRealm(k.ctx, "r1")
	k.wantErr(err, store.ErrNotFound)
	_, err = k.db.SetDefaultRealm(k.ctx, "r1")
	k.wantErr(err, store.ErrNotFound)
	_, err = k.db.SetDefaultRealm(k.ctx, "")
	k.must(err)
	_, err = k.db.SetDefaultRealm(k.ctx, "")
	k.wantErr(err, store.ErrNotFound)
}

func (k *kit) resolvers() {
	s := resolver.Stored{Name: "users", Kind: "passwdresolver", Options: []resolver.StoredOption{{Key: "fileName", Value: "/x", Type: "string", Description: "d"}, {Key: "pw", Value: "secret", Type: "password"}}}
	id, err := k.db.SetResolver(k.ctx, s)
	k.must(err)
	again, err := k.db.SetResolver(k.ctx, resolver.Stored{Name: "users", Kind: "passwdresolver", Options: []resolver.StoredOption{{Key: "fileName", Value: "/y"}}})
	k.must(err)
	equal(k, "id", again, id)
	s.ID, s.Options[0] = id, resolver.StoredOption{Key: "fileName", Value: "/y"}
	list, err := k.db.Resolvers(k.ctx)
	k.must(err)
	equal(k, "resolvers", list, []resolver.Stored{s})
	_, _, err = k.db.SetRealm(k.ctx, "r1", []realm.Link{{Resolver: "users"}})
	k.must(err)
	_, err = k.db.DeleteResolver(k.ctx, "users")
	k.wantErr(err, store.ErrConflict)
	_, err = k.db.DeleteRealm(k.ctx, "r1")
	k.must(err)
	_, err = k.db.DeleteResolver(k.ctx, "users")
	k.must(err)
	equal(k, "options", k.count("resolverconfig"), 0)
	_, err = k.db.DeleteResolver(k.ctx, "users")
	k.wantErr(err, store.ErrNotFound)
}

func (k *kit) policies() {
	p := policy.Row{Name: "p1", Active: true, CheckAllResolvers: true, Scope: "authentication", Action: "otppin=none, passOnNoUser", Realm: "r1", AdminRealm: "a", AdminUser: "b",
		Resolver: "c", Node: "d", User: "e, -f", Client: "10.0.0.0/8", Time: "Mon-Fri: 8-18", Priority: 3,
		Conditions: []policy.Condition{{Section: "userinfo", Key: "email", Comparator: "equals", Value: "x", Active: true}, {Section: "s", Key: "k", Comparator: "c", Value: ""}}}
	var err error
	p.ID, err = k.db.SavePolicy(k.ctx, p)
	k.must(err)
	list, err := k.db.Policies(k.ctx)
	k.must(err)
	equal(k, "policies", list, []policy.Row{p})
	p.Active, p.Action, p.Conditions = false, "", p.Conditions[1:]
	id, err := k.db.SavePolicy(k.ctx, p)
	k.must(err)
	equal(k, "id", id, p.ID)
	_, err = k.db.EnablePolicy(k.ctx, "p1", true)
	k.must(err)
	p.Active = true
	list, err = k.db.Policies(k.ctx)
	k.must(err)
	equal(k, "changed policies", list, []policy.Row{p})
	_, err = k.db.DeletePolicy(k.ctx, "p1")
	k.must(err)
	equal(k, "conditions", k.count("policycondition"), 0)
	_, err = k.db.DeletePolicy(k.ctx, "p1")
	k.wantErr(err, store.ErrNotFound)
	_, err = k.db.EnablePolicy(k.ctx, "p1", true)
	k.wantErr(err, store.ErrNotFound)
}

func (k *kit) events() {
	e := event.Row{Name: "e1", Active: true, Ordering: 3, Position: "post", Event: "auth,validate_check", HandlerModule: "Token", Action: "enable",
		Conditions: map[string]string{"realm": "r1"}, Options: map[string]string{"key": "v"}}
	var err error
	e.ID, err = k.db.SaveEvent(k.ctx, e)
	k.must(err)
	list, err := k.db.Events(k.ctx)
	k.must(err)
	equal(k, "events", list, []event.Row{e})
	e.Name, e.Ordering, e.Conditions, e.Options = "e2", 1, map[string]string{"result_value": "False"}, map[string]string{"a": "b", "c": ""}
	_, err = k.db.SaveEvent(k.ctx, e)
	k.must(err)
	k.must(k.db.EnableEvent(k.ctx, e.ID, false))
	e.Active = false
	list, err = k.db.Events(k.ctx)
	k.must(err)
	equal(k, "changed events", list, []event.Row{e})
	equal(k, "comparator", k.one("SELECT comparator FROM eventhandlercondition"), any("equal"))
	k.must(k.db.DeleteEvent(k.ctx, e.ID))
	equal(k, "options", k.count("eventhandleroption"), 0)
	k.wantErr(k.db.DeleteEvent(k.ctx, e.ID), store.ErrNotFound)
	k.wantErr(k.db.EnableEvent(k.ctx, e.ID, true), store.ErrNotFound)
	_, err = k.db.SaveEvent(k.ctx, e)
	k.wantErr(err, store.ErrNotFound)
	k.exec("INSERT INTO eventcounter (id, counter_name, counter_value, node) VALUES (1, 'n', 2, 'a')")
	k.exec("INSERT INTO eventcounter (id, counter_name, counter_value, node) VALUES (2, 'n', 3, 'b')")
	n, err := k.db.Counter(k.ctx, "n")
	k.must(err)
	equal(k, "counter", n, int64(5))
	n, err = k.db.Counter(k.ctx, "other")
	k.must(err)
	equal(k, "no counter", n, int64(0))
}

func (k *kit) admins() {
	k.must(k.db.SaveAdmin(k.ctx, admin.Account{Username: "Anna", Password: "hash", Email: "a@b"}))
	k.must(k.db.SaveAdmin(k.ctx, admin.Account{Username: "Anna", Password: "hash2"}))
	k.must(k.db.SaveAdmin(k.ctx, admin.Account{Username: "bert", Password: "x"}))
	equal(k, "no address is NULL", k.one("SELECT email FROM admin WHERE username = 'bert'"), any(nil))
	list, err := k.db.Admins(k.ctx)
	k.must(err)
	equal(k, "admins", list, []admin.Account{{Username: "Anna", Password: "hash2", Email: "a@b"}, {Username: "bert", Password: "x"}})
	// names are compared letter by letter, also where the database would not
	_, err = k.db.Admin(k.ctx, "anna")
	k.wantErr(err, store.ErrNotFound)
	_, err = k.db.Admin(k.ctx, "Anna ")
	k.wantErr(err, store.ErrNotFound)
	k.must(k.apply(change.SetAdminPassword{Username: "Anna", Old: "hash", New: "no"}, change.SetAdminPassword{Username: "bert", Old: "x", New: "y"}))
	a, err := k.db.Admin(k.ctx, "Anna")
	k.must(err)
	equal(k, "password", a.Password, "hash2")
	k.wantErr(k.db.DeleteAdmin(k.ctx, "anna"), store.ErrNotFound)
	k.must(k.db.DeleteAdmin(k.ctx, "Anna"))
	k.wantErr(k.db.DeleteAdmin(k.ctx, "Anna"), store.ErrNotFound)
}

func (k *kit) mailServers() {
	s := smtpserver.Server{Identifier: "m1", Host: "h", Port: 25, Username: "u", Password: "p", Sender: "a@b", TLS: true, Description: "d", Timeout: 10, Enqueue: true}
	var err error
	s.ID, err = k.db.SaveSMTPServer(k.ctx, s)
	k.must(err)
	got, err := k.db.SMTPServer(k.ctx, "m1")
	k.must(err)
	equal(k, "server", got, s)
	s.TLS, s.Port = false, 587
	_, err = k.db.SaveSMTPServer(k.ctx, s)
	k.must(err)
	list, err := k.db.SMTPServers(k.ctx)
	k.must(err)
	equal(k, "servers", list, []smtpserver.Server{s})
	_, err = k.db.DeleteSMTPServer(k.ctx, "m1")
	k.must(err)
	_, err = k.db.DeleteSMTPServer(k.ctx, "m1")
	k.wantErr(err, store.ErrNotFound)
	_, err = k.db.SMTPServer(k.ctx, "m1")
	k.wantErr(err, store.ErrNotFound)
}

func (k *kit) users() {
	r1, r2 := k.newRealms()
	set := func(realmID int64, key, value string) int64 {
		id, err := k.db.SetCustomAttribute(k.ctx, "u1", "users", realmID, key, value, "")
		k.must(err)
		return id
	}
	first := set(r1, "a", "1")
	equal(k, "row", set(r1, "a", "2"), first)
	set(r1, "b", "3")
	set(r2, "a", "4")
	got, err := k.db.CustomAttributes(k.ctx, "u1", "users", r1)
	k.must(err)
	equal(k, "attributes", got, map[string]string{"a": "2", "b": "3"})
	n, err := k.db.DeleteCustomAttribute(k.ctx, "u1", "users", r1, "a")
	k.must(err)
	equal(k, "deleted", n, int64(1))
	n, err = k.db.DeleteCustomAttribute(k.ctx, "u1", "users", r1, "")
	k.must(err)
	equal(k, "deleted all", n, int64(1))
	equal(k, "left", k.count("customuserattribute"), 1)

	c := store.UserCache{DB: k.db}
	k.must(c.Store(k.ctx, "alice", "Alice", "users", "u1"))
	equal(k, "timestamp is local", k.text("timestamp", "usercache", k.one("SELECT id FROM usercache").(int64)), "2027-07-04 12:20:30.123456")
	u, name, ok, err := c.Lookup(k.ctx, "alice", "users", 600)
	k.must(err)
	if !ok || u.ID != "u1" || name != "Alice" {
		k.t.Errorf("cached: %v %q %v", u, name, ok)
	}
	_, _, ok, err = c.Lookup(k.ctx, "alice", "other", 600)
	k.must(err)
	equal(k, "another resolver's", ok, false)
	k.exec("UPDATE usercache SET timestamp = '2027-07-04 12:00:00.000000'")
	_, _, ok, err = c.Lookup(k.ctx, "alice", "users", 600)
	k.must(err)
	equal(k, "an old one", ok, false)
	n, err = k.db.PurgeUserCache(k.ctx, 600)
	k.must(err)
	equal(k, "purged", n, int64(1))
}

func (k *kit) clients() {
	seen := func(ip, node string, at time.Time) {
		k.must(k.apply(change.SeenClient{IP: ip, Type: "app", Node: node, At: at}))
	}
	seen("10.0.0.1", "n1", moment)
	seen("10.0.0.1", "n1", moment.Add(time.Hour))
	seen("10.0.0.1", "n2", moment)
	list, err := k.db.Clients(k.ctx)
	k.must(err)
	equal(k, "clients", list, []clientapp.Client{
		{IP: "10.0.0.1", Type: "app", Node: "n1", LastSeen: moment.Add(time.Hour).In(k.local)},
		{IP: "10.0.0.1", Type: "app", Node: "n2", LastSeen: moment.In(k.local)},
	})
	equal(k, "column is local", k.text("lastseen", "clientapplication", k.one("SELECT id FROM clientapplication WHERE node = 'n1'").(int64)), "2027-07-04 13:20:30.123456")
}
