package app_test

import (
	"strconv"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/task"
)

// What the tasks count is what the endpoints show.
func TestTasks_Statistics(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
			n := apptest.New(t, apptest.Options{Engine: e, Now: c.now}).Serve()
			for _, x := range []struct{ serial, user, kind string }{{"S1", "alice", ""}, {"S2", "alice", "hardware"}, {"S3", "bob", ""}, {"S4", "carol", ""}, {"S5", "", "hardware"}} {
				n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": x.serial, "user": x.user, "genkey": "1", "pin": "1"})
				if x.kind != "" {
					n.Must("POST /token/info/"+x.serial+"/tokenkind", apptest.P{"value": x.kind})
				}
			}
			n.Must("POST /token/disable/S4", nil)
			all := apptest.P{}
			want := map[string]float64{"total_tokens": 5, "hardware_tokens": 2, "software_tokens": 3, "unassigned_hardware_tokens": 1, "assigned_tokens": 4, "user_with_token": 2}
			for k := range want {
				all[k] = "True"
			}
			stats := taskOf(t, n, "stats", "SimpleStats", all, nil)
			if report, err := n.App.Tasks.RunOn(t.Context(), stats, "n1"); err != nil || report == "" {
				t.Fatal(report, err)
			}
			for k, v := range want {
				if got := n.Must("GET /monitoring/"+k+"/last", nil).Value(); got != v {
					t.Errorf("%s: %v, want %v", k, got, v)
				}
			}
			run := func(def task.Task) {
				t.Helper()
				c.add(time.Minute)
				if _, err := n.App.Tasks.RunOn(t.Context(), def, "n1"); err != nil {
					t.Fatal(err)
				}
			}
			count := taskOf(t, n, "count", "EventCounter", apptest.P{"event_counter": "logins", "stats_key": "l", "reset_event_counter": true}, nil)
			run(count) // there is no such counter
			if got := n.Must("GET /monitoring/l/last", nil).Value(); got != nil {
				t.Errorf("of a counter that is not there: %v", got)
			}
			for range 3 {
				if err := n.App.Store.IncreaseCounter(t.Context(), "logins", "n1"); err != nil {
					t.Fatal(err)
				}
			}
			for i, want := range []float64{3, 0} {
				run(count)
				if got := n.Must("GET /monitoring/l/last", nil).Value(); got != want {
					t.Errorf("run %d: %v, want %v", i, got, want)
				}
			}
			if list, _ := n.Must("GET /monitoring/l", apptest.P{"start": "2027-01-01 12:02:30+0000"}).Value().([]any); len(list) != 1 {
				t.Errorf("window: %v", list)
			}
			if r := n.Admin("GET /monitoring/l", apptest.P{"end": "tomorrow or so"}); r.ErrorCode() != 905 {
				t.Errorf("a date that is none: %s", r.Raw)
			}
			if got := n.Must("DELETE /monitoring/l", nil).Value(); got != 2.0 {
				t.Errorf("deleted: %v", got)
			}
		})
	}
}

// The statistics may be in a database of their own.
func TestStatistics_DatabaseOfTheirOwn(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_MONITORING_SQL_URI = 'sqlite:///{dir}/stats.sqlite'"})
	n := in.Serve()
	def := taskOf(t, n, "stats", "SimpleStats", apptest.P{"total_tokens": "1"}, nil)
	if _, err := n.App.Tasks.RunOn(t.Context(), def, "n1"); err != nil {
		t.Fatal(err)
	}
	if got := n.Must("GET /monitoring/total_tokens/last", nil).Value(); got != 0.0 {
		t.Errorf("%v", got)
	}
	if list := statsOf(t, n, "total_tokens"); len(list) != 0 {
		t.Errorf("in the database of the tokens: %v", list)
	}
}

// A definition that cannot be kept is refused as a whole.
func TestPeriodicTask_Refuses(t *testing.T) {
	n := apptest.New(t, apptest.Options{}).Serve()
	def := taskOf(t, n, "there", "SimpleStats", nil, nil)
	long := make([]byte, 300)
	for i := range long {
		long[i] = 'x'
	}
	for name, more := range map[string]apptest.P{
		"a name that is taken":   {"name": "there"},
		"a long name":            {"name": string(long)},
		"long nodes":             {"nodes": string(long)},
		"an ordering":            {"ordering": "x"},
		"an id":                  {"id": "x"},
		"options":                {"options": "{1"},
		"a list for options":     {"options": []any{"a"}},
		"a long option":          {"options": map[string]any{string(long): "1"}},
		"another task with it":   {"id": def.ID, "name": "there", "interval": "* * *"},
		"a module that is wrong": {"taskmodule": "Nothing"},
	} {
		p := apptest.P{"name": "new", "interval": "* * * * *", "nodes": "n1", "taskmodule": "SimpleStats", "ordering": 0}
		for k, v := range more {
			p[k] = v
		}
		if r := n.Admin("POST /periodictask/", p); r.Status != 400 || r.ErrorCode() != 905 {
			t.Errorf("%s: %d %s", name, r.Status, r.Raw)
		}
	}
	if list, err := n.App.Store.PeriodicTasks(t.Context()); err != nil || len(list) != 1 || list[0].Interval != "* * * * *" {
		t.Errorf("%v %+v", err, list)
	}
	for _, call := range []string{"GET /periodictask/x", "DELETE /periodictask/x", "POST /periodictask/enable/x"} {
		if r := n.Admin(call, nil); r.ErrorCode() != 905 {
			t.Errorf("%s: %s", call, r.Raw)
		}
	}
	if r := n.Admin("DELETE /periodictask/"+strconv.Itoa(4711), nil); r.Status != 404 {
		t.Errorf("%s", r.Raw)
	}
}
