package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/event/handler/webhook"
)

// on attaches an action to events.
func on(n *apptest.Node, events, position, module, action string, options, more apptest.P) *apptest.Reply {
	p := apptest.P{"name": module, "event": events, "position": position, "handlermodule": module, "action": action, "conditions": "{}"}
	for k, v := range options {
		p["option."+k] = v
	}
	for k, v := range more {
		p[k] = v
	}
	return n.Must("POST /event", p)
}

func counted(t *testing.T, n *apptest.Node, name string) int64 {
	t.Helper()
	got, err := n.App.Store.Counter(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Requests for the same value at once are decided more than once; what is
// attached to them is done once for each request, on every database.
func TestEvents_OnceForEachRequest(t *testing.T) {
	for _, e := range apptest.Engines(t) {
		t.Run(string(e), func(t *testing.T) {
			in := apptest.New(t, apptest.Options{Engine: e})
			n, other := in.Serve(), in.AnotherNode()
			n.Must("POST /token/init", apptest.P{"type": "hotp", "serial": "H1", "user": "alice", "otpkey": parallelKey})
			on(n, "validate_check", "pre", "Counter", "increase_counter", apptest.P{"counter_name": "before"}, nil)
			on(n, "validate_check", "post", "Counter", "increase_counter", apptest.P{"counter_name": "behind"}, nil)
			other.App.Snapshots.Invalidate()
			const requests = 16
			var wg sync.WaitGroup
			var mu sync.Mutex
			answered, accepted := int64(0), 0
			for i := range requests {
				wg.Go(func() {
					at := n
					if i%2 == 1 {
						at = other
					}
					r, err := at.Try("POST /validate/check", apptest.P{"user": "alice", "pass": hotpValue(0)})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
						return
					}
					if r.Status == http.StatusOK {
						answered++
					}
					if r.Accepted() {
						accepted++
					}
				})
			}
			wg.Wait()
			if accepted != 1 {
				t.Errorf("%d were accepted", accepted)
			}
			if got := counted(t, n, "before"); got != requests {
				t.Errorf("before %d requests: %d", requests, got)
			}
			if got := counted(t, n, "behind"); got != answered {
				t.Errorf("behind %d answers: %d", answered, got)
			}
		})
	}
}

// The key of a web hook is encrypted in the database, and shown nowhere.
func TestEvents_TheKeyOfAWebHook(t *testing.T) {
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, body = r, nil
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	n := apptest.New(t, apptest.Options{}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1"})
	r := on(n, "token_enable", "post", "WebHook", "post_webhook", apptest.P{"URL": s.URL, "content_type": "application/json", "replace": "1",
		"data": `{"serial": "{token_serial}"}`, "hmac_key": "Jefe"}, nil)
	id := r.At("result.value")
	signed := func() {
		t.Helper()
		got = nil
		n.Must("POST /token/enable/S1", nil)
		if got == nil || string(body) != `{"serial": "S1"}` || got.Header.Get(webhook.HeaderSignature) != webhook.Sign("Jefe", got.Header.Get(webhook.HeaderTime), body) {
			t.Fatalf("%v %s", got, body)
		}
	}
	signed()
	list := n.Must("GET /event/", nil)
	if !strings.Contains(string(list.Raw), `"hmac_key": "__CENSORED__"`) {
		t.Errorf("%s", list.Raw)
	}
	// what was shown can be sent back, and keeps the key
	on(n, "token_enable", "post", "WebHook", "post_webhook", apptest.P{"hmac_key": "__CENSORED__"}, apptest.P{"id": id})
	signed()
	rows, err := n.App.Store.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	audit := n.Must("GET /audit/", apptest.P{"action": "*EVENT*"})
	for where, text := range map[string]string{"database": rows[0].Options["hmac_key"], "list": string(list.Raw), "audit": string(audit.Raw)} {
		if strings.Contains(text, "Jefe") || where != "database" && strings.Contains(text, rows[0].Options["hmac_key"]) {
			t.Errorf("%s: %s", where, text)
		}
	}
	if !strings.Contains(string(audit.Raw), "POST-EVENT token_enable>>WebHook:post_webhook") {
		t.Errorf("%s", audit.Raw)
	}
	if r := n.Admin("POST /event", apptest.P{"name": "x", "event": "auth", "handlermodule": "WebHook", "action": "post_webhook", "option.hmac_key": strings.Repeat("k", 600)}); r.ErrorCode() != 905 {
		t.Errorf("%d %s", r.Status, r.Raw)
	}
}

// A web hook whose server is away waits in the queue, and the requests do not.
func TestEvents_WebHookThroughTheQueue(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	var mu sync.Mutex
	status := http.StatusServiceUnavailable
	ids := []string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, r.Header.Get(webhook.HeaderID))
		w.WriteHeader(status)
	}))
	defer s.Close()
	n := apptest.New(t, apptest.Options{Config: withJobQueue, Now: c.now}).Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1"})
	on(n, "token_enable", "post", "WebHook", "post_webhook", apptest.P{"URL": s.URL, "content_type": "json", "data": "x"}, nil)
	n.Must("POST /token/enable/S1", nil)
	if len(ids) != 0 {
		t.Fatal("the request waited for the server")
	}
	if _, err := n.App.Queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	status = http.StatusOK
	mu.Unlock()
	drain(t, c, n)
	if len(ids) != 2 || ids[0] == "" || ids[0] != ids[1] {
		t.Errorf("attempts of one delivery: %q", ids)
	}
}

// Whatever happens to a handler, the request is answered as without it, and the
// audit knows; only a definition that says so makes it fail.
func TestEvents_FailuresAreContained(t *testing.T) {
	in := apptest.New(t, apptest.Options{Config: "EDUMFA_SCRIPT_HANDLER_DIRECTORY = '{dir}/scripts'\n", Log: slog.New(slog.DiscardHandler)})
	dir := filepath.Join(in.Dir, "scripts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"hangs.sh": "sleep 600", "bad.sh": "exit 3"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil { //nolint:gosec // it is a program
			t.Fatal(err)
		}
	}
	n := in.Serve()
	n.Must("POST /token/init", apptest.P{"type": "spass", "serial": "S1", "user": "alice", "pin": "pin"})
	for _, c := range []struct {
		name, module, action string
		options, conditions  apptest.P
	}{
		{"a script that hangs", "Script", "hangs.sh", apptest.P{"background": "wait", "timeout": "1"}, nil},
		{"a script that fails", "Script", "bad.sh", apptest.P{"background": "wait"}, nil},
		{"a script that is not there", "Script", "../bad.sh", apptest.P{"background": "wait"}, nil},
		{"a web hook to nobody", "WebHook", "post_webhook", apptest.P{"URL": "http://127.0.0.1:1/", "content_type": "json", "data": "x"}, nil},
		{"an unknown module", "Webhook", "post_webhook", nil, nil},
		{"a description with an unknown tag", "Token", "set description", apptest.P{"description": "{pin}"}, nil},
		{"a token of an unknown type", "Token", "enroll", apptest.P{"tokentype": "unheard"}, nil},
		{"a condition that cannot be decided", "Counter", "increase_counter", apptest.P{"counter_name": "c"}, apptest.P{"conditions": `{"counter": "x"}`}},
		{"a counter without a name", "Counter", "increase_counter", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := on(n, "validate_check", "post", c.module, c.action, c.options, c.conditions).At("result.value")
			if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); !r.Accepted() {
				t.Errorf("%d %s", r.Status, r.Raw)
			}
			rows := n.Must("GET /audit/", apptest.P{"action": "POST-EVENT validate_check>>" + c.module + ":*", "sortorder": "desc"})
			if rows.At("result.value.auditdata.0.success") != 0.0 {
				t.Errorf("audit: %s", rows.Raw)
			}
			again := apptest.P{"id": id}
			for k, v := range c.conditions {
				again[k] = v
			}
			on(n, "validate_check", "post", c.module, c.action, apptest.P{"abort_on_error": "1"}, again)
			if r := n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "pin"}); r.Status == http.StatusOK || r.Status == http.StatusInternalServerError || r.Accepted() {
				t.Errorf("with abort_on_error: %d %s", r.Status, r.Raw)
			}
			n.Must("DELETE /event/"+itoa(id), nil)
		})
	}
}

func itoa(v any) string { return fmt.Sprint(v) }
