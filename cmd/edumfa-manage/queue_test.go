package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"edumfa/internal/app/apptest"
)

// The whole life of a job that nobody can deliver, at the command line.
func TestQueueCommands(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_JOB_QUEUE_CLASS = 'any.Class'"})
	t.Setenv("EDUMFA_CONFIGFILE", filepath.Join(in.Dir, "edumfa.cfg"))
	n := in.Serve()
	n.Must("POST /smtpserver/post", apptest.P{"server": "127.0.0.1", "port": "1", "enqueue_job": "1"})
	n.Must("POST /system/setConfig", apptest.P{"email.identifier": "post"})
	for _, address := range []string{"alice@example.org", "no address"} {
		n.Must("POST /token/init", apptest.P{"type": "email", "serial": "M" + address[:1], "email": address, "pin": "pin", "genkey": "1"})
		n.Must("POST /validate/triggerchallenge", apptest.P{"serial": "M" + address[:1]})
	}
	manage := func(want int, words string, parts ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(strings.Fields(words), nil, &out, &errs); got != want {
			t.Fatalf("%s: %d, want %d: %s%s", words, got, want, out.String(), errs.String())
		}
		for _, p := range parts {
			if !strings.Contains(out.String(), p) {
				t.Errorf("%s does not say %q: %s", words, p, out.String())
			}
		}
		return out.String()
	}
	if list := manage(0, "queue list"); strings.Count(list, "waiting  mail:post") != 2 {
		t.Errorf("%s", list)
	}
	manage(0, "queue work", "0 jobs are delivered, 2 attempts failed.")
	dead := strings.Split(strings.TrimSpace(manage(0, "queue list --dead")), "\n")
	if len(dead) != 2 {
		t.Fatalf("dead: %v", dead)
	}
	id := strings.Fields(dead[1])[0]
	show := manage(0, "queue show "+id, "State:       dead", "Attempts:    1", "is no mail address")
	if strings.Contains(show, "Your OTP") {
		t.Errorf("the content is shown: %s", show)
	}
	manage(0, "queue retry --dead", "1 jobs are tried again.")
	manage(0, "queue list --dead")
	manage(0, "queue delete "+id, "1 jobs are deleted.")
	manage(1, "queue show "+id)
	manage(1, "queue delete "+id)
	manage(2, "queue delete")
	manage(2, "queue retry --dead "+id)
}
