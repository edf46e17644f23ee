package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

func TestCommands(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_NODE = 'n1'"})
	n := in.Serve()
	make := func(name, module, nodes string) {
		t.Helper()
		n.Must("POST /periodictask/", apptest.P{"name": name, "interval": "* * * * *", "nodes": nodes, "taskmodule": module, "ordering": 0,
			"options": map[string]any{"total_tokens": "1"}})
	}
	make("good", "SimpleStats", "n1, n2")
	make("bad", "UnusedTokens", "n2") // needs an option
	env := func(name string) (string, bool) {
		if name == "EDUMFA_CONFIGFILE" {
			return filepath.Join(in.Dir, "edumfa.cfg"), true
		}
		return "", false
	}
	cron := func(want int, line string, words ...string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(t.Context(), strings.Fields(line), env, &out, &errs); got != want {
			t.Errorf("%s: %d, want %d: %s%s", line, got, want, out.String(), errs.String())
		}
		for _, w := range words {
			if !strings.Contains(out.String()+errs.String(), w) {
				t.Errorf("%s does not say %q: %s%s", line, w, out.String(), errs.String())
			}
		}
		if strings.Contains(line, " -c") && out.Len() > 0 {
			t.Errorf("%s writes %s", line, out.String())
		}
	}
	runs := func() int {
		t.Helper()
		list, err := n.App.Store.PeriodicTask(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return len(list.LastRuns)
	}
	cron(0, "list", "good", "UnusedTokens", `{"total_tokens":"1"}`)
	cron(0, "run_scheduled", "There are no tasks scheduled on node n1.")
	cron(0, "run-manually -t good", "'good' on node 'n1' exited successfully", "total_tokens is 0")
	if runs() != 1 {
		t.Errorf("%d runs", runs())
	}
	cron(1, "run-manually -n n2 --task bad", "did not run successfully")
	cron(1, "run-manually -t nosuch", "there is no periodic task 'nosuch'")
	cron(2, "run-manually", "--task")
	cron(2, "run_manually -t good", "run-manually")
	cron(2, "fly")
	cron(2, "list -n n1")
	cron(2, "run_scheduled extra")
	cron(0, "--help", "run_scheduled")
	cron(0, "run_scheduled -n n1 -c")
}
