// Package metrics counts what the server does, in the form that Prometheus
// reads. No label has anything of users in it: routes are the patterns of the
// server's own table, and the names of user stores are the administrators'.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"edumfa/internal/queue"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	logins   *prometheus.CounterVec
	reloads  *prometheus.CounterVec
	stores   *prometheus.CounterVec
	tasks    *prometheus.CounterVec
	handlers *prometheus.CounterVec
}

// buckets go from a cached answer to the longest wait for a password hash.
func buckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// New makes metrics in a registry of their own and registers there, too, what
// the Go runtime and the process tell. Each registry takes one Metrics.
func New(registry *prometheus.Registry) *Metrics {
	m := &Metrics{
		registry: registry,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_http_requests_total",
			Help: "Requests by route, method and status of the answer."}, []string{"route", "method", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "edumfa_http_request_duration_seconds",
			Help: "Time from the arrival of a request to its answer.", Buckets: buckets()}, []string{"route", "method"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_logins_total",
			Help: "Login attempts by outcome: accepted, challenge or rejected."}, []string{"outcome"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_configuration_loads_total",
			Help: "How often settings, realms, policies and events were read from the database."}, []string{"outcome"}),
		stores: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_user_store_failures_total",
			Help: "Questions to a user store that were not answered, those left out while it rests included."}, []string{"resolver"}),
		handlers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_event_handlers_total",
			Help: "Event handlers that ran, by module and outcome: done, failed, timeout, undecided conditions, unknown module."}, []string{"module", "outcome"}),
	}
	m.tasks = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "edumfa_tasks_total",
		Help: "Runs of periodic tasks by module and outcome: done or failed."}, []string{"module", "outcome"})
	registry.MustRegister(m.tasks, m.requests, m.took, m.logins, m.reloads, m.stores, m.handlers,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts an answered request. path is the pattern of its route.
func (m *Metrics) Request(path, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(path, method, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(path, method).Observe(took.Seconds())
}

// Login counts a login attempt. outcome is one of a few fixed words.
func (m *Metrics) Login(outcome string) { m.logins.WithLabelValues(outcome).Inc() }

// Loaded counts a load of the configuration.
func (m *Metrics) Loaded(err error) {
	outcome := "loaded"
	if err != nil {
		outcome = "failed"
	}
	m.reloads.WithLabelValues(outcome).Inc()
}

// UserStoreFailed counts a question that a user store did not answer.
func (m *Metrics) UserStoreFailed(resolver string) { m.stores.WithLabelValues(resolver).Inc() }

// EventHandler counts an event handler that ended.
func (m *Metrics) EventHandler(module, outcome string) {
	m.handlers.WithLabelValues(module, outcome).Inc()
}

// HashQueue shows the queue of password hashes: how many are computed and how
// many wait now, and how many were refused until now.
func (m *Metrics) HashQueue(now func() (running, waiting int, refused uint64)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "edumfa_hash_queue_running", Help: "Password hashes being computed."},
			func() float64 { n, _, _ := now(); return float64(n) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "edumfa_hash_queue_waiting", Help: "Callers that wait for a password hash."},
			func() float64 { _, n, _ := now(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "edumfa_hash_queue_refused_total", Help: "Callers refused because too many waited."},
			func() float64 { _, _, n := now(); return float64(n) }),
	)
}

// Task counts a run of a periodic task. Modules that there are not are one.
func (m *Metrics) Task(module string, err error) {
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	m.tasks.WithLabelValues(module, outcome).Inc()
}

// JobQueue shows the job queue: what lies in the database, as this node counted
// it last, and what this node did.
func (m *Metrics) JobQueue(now func() (c queue.Counts, delivered, failed uint64)) {
	gauge := func(name, help string, value func(queue.Counts) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { c, _, _ := now(); return value(c) })
	}
	m.registry.MustRegister(
		gauge("edumfa_jobs_waiting", "Jobs in the queue of all nodes that are to be delivered.", func(c queue.Counts) float64 { return float64(c.Waiting) }),
		gauge("edumfa_jobs_dead", "Jobs that were given up and wait for an administrator.", func(c queue.Counts) float64 { return float64(c.Dead) }),
		gauge("edumfa_jobs_oldest_timestamp_seconds", "When the oldest waiting job was made; 0 without one.", func(c queue.Counts) float64 {
			if c.Oldest.IsZero() {
				return 0
			}
			return float64(c.Oldest.UnixMilli()) / 1000
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "edumfa_jobs_delivered_total", Help: "Jobs that this node delivered."},
			func() float64 { _, n, _ := now(); return float64(n) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "edumfa_jobs_failed_total", Help: "Attempts of this node that failed."},
			func() float64 { _, _, n := now(); return float64(n) }),
	)
}

// Handler serves all of it at /metrics.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	return mux
}

// NewRegistry is an empty registry for [New].
func NewRegistry() *prometheus.Registry { return prometheus.NewRegistry() }
