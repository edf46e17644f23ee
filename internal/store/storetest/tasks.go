package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/monitoring"
	"edumfa/internal/store"
	"edumfa/internal/task"
	"edumfa/internal/token"
)

func (k *kit) periodicTasks() {
	want := task.Task{Name: "nächtlich", Active: true, Retry: true, Interval: "0 3 * * *", Nodes: []string{"n1", "n 2"}, Module: "SimpleStats", Ordering: 5,
		Options: map[string]string{"total_tokens": "1", "empty": ""}}
	id, err := k.db.SavePeriodicTask(k.ctx, want)
	k.must(err)
	other, err := k.db.SavePeriodicTask(k.ctx, task.Task{Name: "first", Interval: "* * * * *", Nodes: []string{"n1"}, Module: "EventCounter"})
	k.must(err)
	want.ID, want.LastUpdate, want.LastRuns = id, moment, map[string]time.Time{}
	if k.product == "mariadb" {
		want.LastUpdate = k.stored("SELECT last_update FROM periodictask WHERE id = ?", id)
	}
	got, err := k.db.PeriodicTask(k.ctx, id)
	k.must(err)
	equal(k, "task", got, want)
	list, err := k.db.PeriodicTasks(k.ctx)
	k.must(err)
	if len(list) != 2 || list[0].ID != other {
		k.t.Errorf("order: %+v", list)
	}
	_, err = k.db.SavePeriodicTask(k.ctx, task.Task{Name: "first", Interval: "* * * * *", Nodes: []string{"n1"}, Module: "EventCounter"})
	k.wantErr(err, store.ErrNameTaken)
	_, err = k.db.SavePeriodicTask(k.ctx, task.Task{ID: 4711, Name: "x", Interval: "* * * * *", Nodes: []string{"n1"}, Module: "EventCounter"})
	k.wantErr(err, store.ErrNotFound)

	at := moment.Add(time.Hour).Truncate(time.Second)
	for _, n := range []string{"n1", "n 2", "n1"} {
		k.must(k.db.NoteRun(k.ctx, id, n, at))
	}
	k.must(k.db.NoteRun(k.ctx, 4711, "n1", at)) // gone meanwhile
	equal(k, "runs", k.count("periodictasklastrun"), 2)
	want.Nodes, want.Options = []string{"n1", "n3"}, map[string]string{"x": "y"}
	_, err = k.db.SavePeriodicTask(k.ctx, want)
	k.must(err)
	got, err = k.db.PeriodicTask(k.ctx, id)
	k.must(err)
	equal(k, "options", got.Options, want.Options)
	equal(k, "runs of the nodes that are left", got.LastRuns, map[string]time.Time{"n1": at})
	k.must(k.db.EnablePeriodicTask(k.ctx, id, false))
	k.wantErr(k.db.EnablePeriodicTask(k.ctx, 4711, true), store.ErrNotFound)
	if got, err = k.db.PeriodicTask(k.ctx, id); err != nil || got.Active {
		k.t.Errorf("switched off: %+v %v", got, err)
	}
	k.must(k.db.DeletePeriodicTask(k.ctx, id))
	k.wantErr(k.db.DeletePeriodicTask(k.ctx, id), store.ErrNotFound)
	equal(k, "options left", k.count("periodictaskoption"), 0)
	equal(k, "runs left", k.count("periodictasklastrun"), 0)
}

// stored reads a moment as the product kept it.
func (k *kit) stored(q string, args ...any) time.Time {
	k.t.Helper()
	var at time.Time
	k.must(k.raw.QueryRowContext(k.ctx, Rebind(k.product, q), args...).Scan(&at))
	return at.UTC()
}

// leases: of many who want one at once one gets it, also the first time.
func (k *kit) leases() {
	now := moment
	race := func(name string, now time.Time, respect bool) string {
		var holder atomic.Value
		var won atomic.Int32
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				h := fmt.Sprintf("h%d", i)
				ok, err := k.db.TakeLease(k.ctx, name, h, now, now.Add(time.Minute), respect)
				if err != nil {
					k.t.Error(err)
				}
				if ok {
					won.Add(1)
					holder.Store(h)
				}
			})
		}
		wait.Wait()
		if won.Load() > 1 {
			k.t.Errorf("%d have the lease", won.Load())
		}
		h, _ := holder.Load().(string)
		return h
	}
	first := race("a", now, true)
	if first == "" || race("a", now.Add(59*time.Second), false) != "" {
		k.t.Error("a lease is had twice, or by nobody")
	}
	if ok, err := k.db.KeepLease(k.ctx, "a", first, now.Add(2*time.Minute)); err != nil || !ok {
		k.t.Error(ok, err)
	}
	if race("a", now.Add(time.Minute), true) != "" {
		k.t.Error("a lease that was kept is had twice")
	}
	second := race("a", now.Add(2*time.Minute), true)
	if second == "" {
		k.t.Error("a lease that is over is still held")
	}
	if ok, err := k.db.KeepLease(k.ctx, "a", first, now.Add(time.Hour)); err != nil || ok && first != second {
		k.t.Error("who lost the lease keeps it", err)
	}
	k.must(k.db.FreeLease(k.ctx, "a", second, now.Add(time.Hour)))
	if race("a", now.Add(30*time.Minute), true) != "" {
		k.t.Error("a pause is not respected")
	}
	third := race("a", now.Add(30*time.Minute), false)
	if third == "" {
		k.t.Error("a pause is a lease")
	}
	k.must(k.db.FreeLease(k.ctx, "a", third, time.Time{}))
	equal(k, "rows", k.count("go_lease"), 0)
}

func (k *kit) statistics() {
	day := time.Date(2027, 1, 1, 10, 0, 0, 0, time.UTC)
	for i := range 4 {
		k.must(k.db.AddStats(k.ctx, "tokens", monitoring.Value{At: day.AddDate(0, 0, i), Number: int64(100 + i)}))
	}
	k.must(k.db.AddStats(k.ctx, "tokens", monitoring.Value{At: day, Number: 7})) // there is one
	k.must(k.db.AddStats(k.ctx, "logins", monitoring.Value{At: day, Number: -1}))
	keys, err := k.db.StatsKeys(k.ctx)
	k.must(err)
	equal(k, "keys", keys, []string{"logins", "tokens"})
	list, err := k.db.Stats(k.ctx, "tokens", monitoring.Window{From: day.AddDate(0, 0, 1), To: day.AddDate(0, 0, 2)})
	k.must(err)
	equal(k, "window", list, []monitoring.Value{{At: day.AddDate(0, 0, 1), Number: 101}, {At: day.AddDate(0, 0, 2), Number: 102}})
	last, there, err := k.db.LastStats(k.ctx, "tokens")
	k.must(err)
	equal(k, "last", last, monitoring.Value{At: day.AddDate(0, 0, 3), Number: 103})
	if _, none, err := k.db.LastStats(k.ctx, "nosuch"); none || err != nil || !there {
		k.t.Error(none, err)
	}
	n, err := k.db.DeleteStats(k.ctx, "tokens", monitoring.Window{To: day.AddDate(0, 0, 1)})
	k.must(err)
	equal(k, "deleted", n, int64(2))
	n, err = k.db.DeleteStats(k.ctx, "tokens", monitoring.Window{})
	k.must(err)
	equal(k, "deleted", n, int64(2))
	equal(k, "rows", k.count("monitoringstats"), 1)
}

// counterRows: what is counted between reading and lowering stays.
func (k *kit) counterRows() {
	k.exec("INSERT INTO eventcounter (id, counter_name, counter_value, node) VALUES (1, 'c', 5, 'a')")
	k.exec("INSERT INTO eventcounter (id, counter_name, counter_value, node) VALUES (2, 'c', 7, 'b')")
	k.exec("INSERT INTO eventcounter (id, counter_name, counter_value, node) VALUES (3, 'd', 9, 'a')")
	rows, err := k.db.CounterRows(k.ctx, "c")
	k.must(err)
	equal(k, "rows", rows, map[int64]int64{1: 5, 2: 7})
	k.exec("UPDATE eventcounter SET counter_value = counter_value + 1 WHERE id = 2")
	k.must(k.db.LowerCounter(k.ctx, rows))
	n, err := k.db.Counter(k.ctx, "c")
	k.must(err)
	equal(k, "counted meanwhile", n, int64(1))
	none, err := k.db.CounterRows(k.ctx, "nosuch")
	k.must(err)
	equal(k, "no counter", len(none), 0)
}

func (k *kit) housekeeping() {
	old := moment.Add(-time.Hour)
	for i := range 5 {
		end := old
		if i > 2 {
			end = moment.Add(time.Hour)
		}
		k.must(k.db.Apply(k.ctx, []change.Change{
			change.NewChallenge{Challenge: challenge.Challenge{TransactionID: fmt.Sprint(i), Timestamp: end, Expiration: end}},
			change.RememberLogin{Username: fmt.Sprint(i), Realm: "r", Resolver: "s", Hash: "h", At: end},
		}, nil))
		k.exec("INSERT INTO usercache (id, username, used_login, resolver, user_id, timestamp) VALUES (?, 'u', 'u', 's', '1', ?)", i+1, end.In(k.local).Format("2006-01-02 15:04:05"))
		j := aJob(i)
		j.Created, j.Dead = end, i != 0
		k.must(k.db.AddJob(k.ctx, j))
	}
	before := moment.Add(-time.Minute)
	for name, f := range map[string]struct {
		count  func() (int64, error)
		delete func(limit int) (int64, error)
		want   int64
	}{
		"challenges": {func() (int64, error) { return k.db.CountExpiredChallenges(k.ctx, before) }, func(n int) (int64, error) { return k.db.DeleteExpiredChallenges(k.ctx, before, n) }, 3},
		"users":      {func() (int64, error) { return k.db.CountStaleUsers(k.ctx, before) }, func(n int) (int64, error) { return k.db.DeleteStaleUsers(k.ctx, before, n) }, 3},
		"logins":     {func() (int64, error) { return k.db.CountUnusedLogins(k.ctx, before) }, func(n int) (int64, error) { return k.db.DeleteUnusedLogins(k.ctx, before, n) }, 3},
		"jobs":       {func() (int64, error) { return k.db.CountDeadJobs(k.ctx, before) }, func(n int) (int64, error) { return k.db.DeleteDeadJobs(k.ctx, before, n) }, 2},
	} {
		n, err := f.count()
		k.must(err)
		equal(k, name+" counted", n, f.want)
		n, err = f.delete(1)
		k.must(err)
		equal(k, name+" of a portion", n, 1)
		n, err = f.delete(10)
		k.must(err)
		equal(k, name+" of the rest", n, f.want-1)
		n, err = f.delete(10)
		k.must(err)
		equal(k, name+" left", n, 0)
	}
}

// usersWithTokens counts users, not tokens; a realm is that of the ownership.
func (k *kit) usersWithTokens() {
	k.exec("INSERT INTO realm (id, name, \"default\") VALUES (71, 'one', ?)", true)
	k.exec("INSERT INTO realm (id, name, \"default\") VALUES (72, 'two', ?)", false)
	for i, c := range []struct {
		user  string
		realm int64
		name  string
		kind  string
		on    bool
	}{{"1", 71, "one", "hotp", true}, {"1", 71, "one", "totp", true}, {"2", 71, "one", "totp", false}, {"1", 72, "two", "hotp", true}, {"", 0, "", "hotp", true}} {
		k.newToken(fmt.Sprintf("U%d", i), func(t *token.Token) {
			t.Type, t.Active = c.kind, c.on
			if c.user != "" {
				t.Owner, t.Realms = &token.Owner{UserID: c.user, Resolver: "s" + c.name, RealmID: c.realm, Realm: c.name}, []string{c.name}
			}
		})
	}
	yes, no := true, false
	for name, c := range map[string]struct {
		f    token.Filter
		want int
	}{
		"all": {token.Filter{}, 3}, "of a realm": {token.Filter{Realm: "ONE"}, 2}, "of no realm": {token.Filter{Realm: "x"}, 0}, "of a type": {token.Filter{Type: "hotp"}, 2},
		"of types": {token.Filter{Type: "*otp", Realm: "one"}, 2}, "active": {token.Filter{Active: &yes}, 2}, "not active": {token.Filter{Active: &no}, 1},
	} {
		n, err := k.db.CountUsersWithTokens(k.ctx, c.f)
		k.must(err)
		equal(k, name, n, c.want)
	}
	var serials []string
	for last := int64(0); ; {
		page, err := k.db.TokensAfter(k.ctx, token.Filter{Type: "hotp"}, last, 2, token.WithOwner)
		k.must(err)
		if len(page) == 0 {
			break
		}
		for _, t := range page {
			serials = append(serials, t.Serial)
		}
		last = page[len(page)-1].ID
	}
	equal(k, "page by page", serials, []string{"U0", "U3", "U4"})
}
