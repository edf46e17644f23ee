package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/audit"
	"edumfa/internal/monitoring"
	"edumfa/internal/task"
	"edumfa/internal/token"
)

// taskOf makes a periodic task and returns its definition.
func taskOf(t *testing.T, n *apptest.Node, name, module string, options apptest.P, more apptest.P) task.Task {
	t.Helper()
	p := apptest.P{"name": name, "interval": "* * * * *", "nodes": "n1, n2", "taskmodule": module, "ordering": 0, "options": map[string]any(options)}
	for k, v := range more {
		p[k] = v
	}
	id, _ := n.Must("POST /periodictask/", p).Value().(float64)
	def, err := n.App.Store.PeriodicTask(t.Context(), int64(id))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func runDue(t *testing.T, n *apptest.Node) {
	t.Helper()
	if err := n.App.Tasks.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func statsOf(t *testing.T, n *apptest.Node, key string) []monitoring.Value {
	t.Helper()
	list, err := n.App.Store.Stats(t.Context(), key, monitoring.Window{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Both nodes look at the same moment: one of them does the task, whenever it is
// due, and goes on when the other one is gone.
func TestTasks_OneNodeDoesEach(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 30, 0, time.UTC))
	onTwoNodes(t, c.now, func(t *testing.T, a, b *apptest.Node) {
		a.App.Tasks.Node, b.App.Tasks.Node = "n1", "n2"
		def := taskOf(t, a, "count", "SimpleStats", apptest.P{"total_tokens": "1"}, nil)
		both := func() {
			var wait sync.WaitGroup
			for _, n := range []*apptest.Node{a, b, a, b} {
				wait.Go(func() {
					if err := n.App.Tasks.RunDue(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		}
		both()
		if n := len(statsOf(t, a, "total_tokens")); n != 0 {
			t.Fatalf("before it is due: %d runs", n)
		}
		for i := range 3 {
			c.add(time.Minute)
			both()
			if n := len(statsOf(t, a, "total_tokens")); n != i+1 {
				t.Errorf("minute %d: %d runs", i, n)
			}
		}
		c.add(time.Minute)
		if b.App.Tasks.Node = "elsewhere"; len(statsOf(t, a, "total_tokens")) != 3 {
			t.Error("a node that is not named runs it")
		}
		runDue(t, b)
		runDue(t, a)
		def, err := a.App.Store.PeriodicTask(t.Context(), def.ID)
		if err != nil || len(statsOf(t, a, "total_tokens")) != 4 || def.LastRuns["n1"].Sub(c.now()).Abs() > time.Second {
			t.Errorf("%v %+v", err, def)
		}
	})
}

// What fails is tried again after a while, by whichever node, if it is meant to.
func TestTasks_Failures(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 30, 0, time.UTC))
	in := apptest.New(t, apptest.Options{Now: c.now})
	a, b := in.Serve(), in.AnotherNode()
	a.App.Tasks.Node, b.App.Tasks.Node = "n1", "n2"
	kind := &failing{}
	a.App.Tasks.Kinds, b.App.Tasks.Kinds = append(a.App.Tasks.Kinds, kind), append(b.App.Tasks.Kinds, kind)
	again := taskOf(t, a, "again", "SimpleStats", nil, nil)
	once := taskOf(t, a, "once", "SimpleStats", nil, apptest.P{"retry_if_failed": false})
	for _, def := range []task.Task{again, once} {
		def.Module = kind.Module()
		if _, err := a.App.Store.SavePeriodicTask(t.Context(), def); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		after time.Duration
		runs  int // of both together
	}{{time.Minute, 2}, {time.Second, 0}, {time.Minute, 1}, {3 * time.Minute, 1}, {time.Minute, 2}}
	for i, s := range steps {
		c.add(s.after)
		before := kind.runs
		runDue(t, a)
		runDue(t, b)
		if kind.runs-before != s.runs {
			t.Errorf("step %d: %d runs, want %d", i, kind.runs-before, s.runs)
		}
	}
	def, err := a.App.Store.PeriodicTask(t.Context(), again.ID)
	if err != nil || len(def.LastRuns) != 0 {
		t.Errorf("a failed run counts as a run: %v %+v", err, def.LastRuns)
	}
	// by hand it is tried at once, whatever the pause
	if _, err := a.App.Tasks.RunOn(t.Context(), def, "n1"); err == nil || errors.Is(err, task.ErrTaken) {
		t.Errorf("by hand: %v", err)
	}
	kind.panics = true
	if _, err := a.App.Tasks.RunOn(t.Context(), def, "n1"); err == nil {
		t.Error("a panic is a success")
	}
}

// A node that dies in the middle holds the task until its lease is over.
func TestTasks_DeadNode(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 30, 0, time.UTC))
	n := apptest.New(t, apptest.Options{Now: c.now}).Serve()
	n.App.Tasks.Node = "n1"
	def := taskOf(t, n, "count", "SimpleStats", apptest.P{"total_tokens": "1"}, nil)
	c.add(time.Minute)
	name := "task:" + strconv.FormatInt(def.ID, 10)
	if ok, err := n.App.Store.TakeLease(t.Context(), name, "dead", c.now(), c.now().Add(3*time.Minute), true); !ok || err != nil {
		t.Fatal(ok, err)
	}
	runDue(t, n)
	if _, err := n.App.Tasks.RunOn(t.Context(), def, "n1"); !errors.Is(err, task.ErrTaken) {
		t.Errorf("by hand: %v", err)
	}
	if len(statsOf(t, n, "total_tokens")) != 0 {
		t.Error("it is done by two")
	}
	c.add(3 * time.Minute)
	if runDue(t, n); len(statsOf(t, n, "total_tokens")) != 1 {
		t.Error("it is not done when the lease is over")
	}
}

// failing is a kind that never works.
type failing struct {
	runs   int
	panics bool
}

func (*failing) Module() string         { return "Failing" }
func (*failing) Options() []task.Option { return nil }
func (f *failing) Run(context.Context, task.Values) (string, error) {
	f.runs++
	if f.panics {
		panic("oh")
	}
	return "", errors.New("does not work")
}

// A user store that cannot be asked, or has lost its users, costs nobody his
// token.
func TestTasks_OrphanedTokens(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	users := []string{"alice", "bob", "carol", "dave", "erika"}
	for _, u := range users {
		n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "O" + u, "user": u, "pin": "1"})
	}
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "Onobody", "pin": "1"})
	file := filepath.Join(in.Dir, "passwd")
	full, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(full), "\n")
	write := func(text string) {
		t.Helper()
		_ = os.Remove(file)
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	active := func() (list []string) {
		for _, u := range append(users, "nobody") {
			tok, err := n.App.Store.Token(t.Context(), "O"+u, token.WithInfo)
			if err == nil && tok.Active {
				list = append(list, u)
			}
		}
		return list
	}
	def := taskOf(t, n, "orphans", "OrphanedTokens", apptest.P{"action": "disable"}, nil)
	for _, c := range []struct {
		name, file string
		options    map[string]string
		fails      bool
		gone       string
	}{
		{"all are there", string(full), nil, false, ""},
		{"the file is missing", "", nil, true, ""},
		{"nobody is in it", "nologin:x:9:9:::\n", nil, true, ""},
		{"most are missing", strings.Join(lines[:2], ""), nil, true, ""},
		{"one is missing, dry run", strings.Join(lines[:4], ""), map[string]string{"action": "disable", "dry_run": "1"}, false, ""},
		{"one is missing, report", strings.Join(lines[:4], ""), map[string]string{}, false, ""},
		{"another resolver", strings.Join(lines[:4], ""), map[string]string{"action": "disable", "resolver": "nosuch"}, false, ""},
		{"one is missing", strings.Join(lines[:4], ""), nil, false, "erika"},
	} {
		write(c.file)
		one := def
		if c.options != nil {
			one.Options = c.options
		}
		if _, err := n.App.Store.SavePeriodicTask(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		report, err := n.App.Tasks.RunOn(t.Context(), one, "n1")
		if (err != nil) != c.fails {
			t.Errorf("%s: %q %v", c.name, report, err)
		}
		want := strings.Join(append(users, "nobody"), " ")
		if c.gone != "" {
			want = strings.Replace(want, c.gone+" ", "", 1)
		}
		rows := 0
		if err := n.App.Store.EachAudit(t.Context(), audit.Filter{}, func(r audit.Row) error {
			if *r.Action == "TASK OrphanedTokens" && *r.Serial == "O"+c.gone && *r.ActionDetail == "disable" && *r.Resolver == "reso" && *r.Success == 1 {
				rows++
			}
			return nil
		}); err != nil || (rows == 1) != (c.gone != "") {
			t.Errorf("%s: %d audit rows, %v", c.name, rows, err)
		}
		if got := strings.Join(active(), " "); got != want {
			t.Errorf("%s: active are %q, want %q (%s)", c.name, got, want, report)
		}
	}
}

func TestTasks_UnusedTokensAndUpkeep(t *testing.T) {
	in := apptest.New(t, apptest.Options{})
	n := in.Serve()
	now := time.Now()
	for serial, last := range map[string]time.Time{"old": now.AddDate(0, 0, -100), "new": now.AddDate(0, 0, -1), "never": {}} {
		n.Must("POST /token/init", apptest.P{"type": "spass", "serial": serial, "pin": "1"})
		if !last.IsZero() {
			n.Must("POST /token/info/"+serial+"/last_auth", apptest.P{"value": last.Format("2006-01-02 15:04:05.000000-07:00")})
		}
	}
	run := func(module string, options apptest.P) (string, error) {
		def := taskOf(t, n, module, module, options, nil)
		defer func() { n.Must("DELETE /periodictask/"+strconv.FormatInt(def.ID, 10), nil) }()
		return n.App.Tasks.RunOn(t.Context(), def, "n1")
	}
	for _, c := range []struct {
		module  string
		options apptest.P
		want    string
	}{
		{"UnusedTokens", apptest.P{"age": "30"}, "1 unused tokens found"},
		{"UnusedTokens", apptest.P{"age": "30", "action": "delete", "dry_run": "true"}, "1 unused tokens would be deleted"},
		{"UnusedTokens", apptest.P{"age": "30", "action": "mark", "mark": "unused=yes"}, "1 unused tokens marked"},
		{"UnusedTokens", apptest.P{"age": "30", "action": "delete"}, "1 unused tokens deleted"},
		{"UnusedTokens", apptest.P{"age": "30"}, "0 unused tokens found"},
		{"ChallengeCleanup", apptest.P{"dry_run": "1"}, "0 expired challenges would be deleted"},
		{"UserCacheCleanup", nil, "0 entries of the user cache deleted"},
		{"AuthCacheCleanup", nil, "0 remembered logins deleted"},
		{"JobCleanup", nil, "0 jobs that were given up deleted"},
		{"AuditRotation", apptest.P{"age": "30", "dry_run": "1"}, "0 audit rows would be deleted"},
		{"AuditRotation", apptest.P{"highwatermark": "5", "lowwatermark": "2", "check": "1"}, "audit rows deleted"},
	} {
		if report, err := run(c.module, c.options); err != nil || !strings.HasSuffix(report, c.want) {
			t.Errorf("%s %v: %q %v, want %q", c.module, c.options, report, err, c.want)
		}
	}
	for _, c := range []struct {
		module  string
		options apptest.P
	}{
		{"UnusedTokens", nil}, {"UnusedTokens", apptest.P{"age": "x"}}, {"UnusedTokens", apptest.P{"age": "30", "action": "burn"}},
		{"UnusedTokens", apptest.P{"age": "30", "action": "mark"}}, {"AuditRotation", nil}, {"AuditRotation", apptest.P{"age": "3", "config": "x"}},
		{"AuditRotation", apptest.P{"highwatermark": "5"}}, {"ChallengeCleanup", apptest.P{"age": "-1"}}, {"EventCounter", nil}, {"FIDOMetadata", nil},
	} {
		if report, err := run(c.module, c.options); err == nil {
			t.Errorf("%s %v: %q, want an error", c.module, c.options, report)
		}
	}
}
