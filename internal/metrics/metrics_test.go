package metrics

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edumfa/internal/queue"
)

func TestMetrics_Served(t *testing.T) {
	m := New(NewRegistry())
	m.Request("/validate/check", "POST", 200, 3*time.Millisecond)
	m.Request("/validate/check", "POST", 200, 40*time.Second)
	m.Login("accepted")
	m.Loaded(nil)
	m.Loaded(errors.New("no database"))
	m.UserStoreFailed("ldap1")
	m.EventHandler("WebHook", "timeout")
	m.HashQueue(func() (int, int, uint64) { return 2, 7, 3 })

	m.Task("SimpleStats", nil)
	m.Task("SimpleStats", errors.New("no database"))
	m.JobQueue(func() (queue.Counts, uint64, uint64) {
		return queue.Counts{Waiting: 4, Dead: 1, Oldest: time.UnixMilli(1800000000500)}, 20, 3
	})

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d", w.Code)
	}
	for _, line := range []string{
		`edumfa_http_requests_total{method="POST",route="/validate/check",status="200"} 2`,
		`edumfa_http_request_duration_seconds_bucket{method="POST",route="/validate/check",le="0.005"} 1`,
		`edumfa_http_request_duration_seconds_count{method="POST",route="/validate/check"} 2`,
		`edumfa_logins_total{outcome="accepted"} 1`,
		`edumfa_configuration_loads_total{outcome="failed"} 1`,
		`edumfa_configuration_loads_total{outcome="loaded"} 1`,
		`edumfa_user_store_failures_total{resolver="ldap1"} 1`,
		`edumfa_event_handlers_total{module="WebHook",outcome="timeout"} 1`,
		"edumfa_hash_queue_running 2",
		"edumfa_hash_queue_waiting 7",
		"edumfa_hash_queue_refused_total 3",
		`edumfa_tasks_total{module="SimpleStats",outcome="done"} 1`,
		`edumfa_tasks_total{module="SimpleStats",outcome="failed"} 1`,
		"edumfa_jobs_waiting 4",
		"edumfa_jobs_dead 1",
		"edumfa_jobs_oldest_timestamp_seconds 1.8000000005e+09",
		"edumfa_jobs_delivered_total 20",
		"edumfa_jobs_failed_total 3",
		"go_goroutines ",
	} {
		if !strings.Contains(w.Body.String(), line) {
			t.Errorf("%s is missing", line)
		}
	}
}

func TestHandler_NothingElse(t *testing.T) {
	m := New(NewRegistry())
	for name, r := range map[string]*http.Request{
		"other path":   httptest.NewRequest(http.MethodGet, "/", nil),
		"other method": httptest.NewRequest(http.MethodPost, "/metrics", nil),
	} {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, r)
		if w.Code < 400 {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
}
