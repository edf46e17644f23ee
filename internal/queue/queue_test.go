package queue_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"edumfa/internal/queue"
)

// memory is a store with the promises of the real one.
type memory struct {
	mu   sync.Mutex
	rows map[string]queue.Job
	down bool
	// refused is told when a job cannot be ended.
	refused chan struct{}
}

var errDown = errors.New("the database is down")

func (m *memory) AddJob(_ context.Context, j queue.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[string]queue.Job{}
	}
	m.rows[j.ID] = j
	return nil
}

func (m *memory) DueJobs(_ context.Context, now time.Time, resting []string, limit int) ([]queue.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, errDown
	}
	var list []queue.Job
	for _, j := range m.rows {
		if !j.Dead && !j.Due.After(now) && !slices.Contains(resting, j.Target) {
			list = append(list, j)
		}
	}
	slices.SortFunc(list, func(a, b queue.Job) int { return cmp.Or(a.Due.Compare(b.Due), strings.Compare(a.ID, b.ID)) })
	return list[:min(limit, len(list))], nil
}

func (m *memory) ClaimJob(_ context.Context, seen queue.Job, claim string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, ok := m.rows[seen.ID]
	if m.down || !ok || j != seen {
		return false, nil
	}
	j.Claim, j.Due, j.Attempts = claim, until, j.Attempts+1
	m.rows[j.ID] = j
	return true, nil
}

func (m *memory) EndJob(_ context.Context, id, claim string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		select {
		case m.refused <- struct{}{}:
		default:
		}
		return false, errDown
	}
	if m.rows[id].Claim != claim {
		return false, nil
	}
	delete(m.rows, id)
	return true, nil
}

func (m *memory) ReturnJob(_ context.Context, j queue.Job) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows[j.ID].Claim != j.Claim {
		return false, nil
	}
	j.Claim = ""
	m.rows[j.ID] = j
	return true, nil
}

func (m *memory) JobCounts(context.Context) (queue.Counts, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return queue.Counts{Waiting: len(m.rows)}, nil
}

func (m *memory) setDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// plain keys are good enough where nobody looks at rest.
type plain struct{ locked bool }

func (p plain) Locked() bool                        { return p.locked }
func (plain) SealJob(b []byte) (string, error)      { return string(b), nil }
func (plain) OpenJob(sealed string) ([]byte, error) { return []byte(sealed), nil }

// clock is moved by the test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// receiver keeps what was delivered and fails as it is told.
type receiver struct {
	mu   sync.Mutex
	got  []string
	ids  map[string]string // payload → id
	fail func(d queue.Delivery) error
}

func (r *receiver) send(_ context.Context, d queue.Delivery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids == nil {
		r.ids = map[string]string{}
	}
	p := string(d.Payload)
	if before, again := r.ids[p]; again && before != d.ID {
		return queue.Permanent(fmt.Errorf("another id than before"))
	}
	r.ids[p] = d.ID
	if r.fail != nil {
		if err := r.fail(d); err != nil {
			return err
		}
	}
	r.got = append(r.got, p)
	return nil
}

func node(s queue.Store, c *clock, r *receiver) *queue.Queue {
	return &queue.Queue{Store: s, Keys: plain{}, MaxAge: time.Hour, Node: "n", Now: c.now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Kinds: []queue.Kind{{Name: "k", Send: r.send}}}
}

func setUp(t *testing.T) (*memory, *clock, *receiver, *queue.Queue) {
	t.Helper()
	m, c, r := &memory{}, &clock{at: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}, &receiver{}
	return m, c, r, node(m, c, r)
}

func add(t *testing.T, q *queue.Queue, target string, payloads ...string) {
	t.Helper()
	for _, p := range payloads {
		if err := q.Enqueue(t.Context(), "k", target, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, q *queue.Queue) int {
	t.Helper()
	n, err := q.RunDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func one(t *testing.T, m *memory) queue.Job {
	t.Helper()
	if len(m.rows) != 1 {
		t.Fatalf("%d jobs", len(m.rows))
	}
	for _, j := range m.rows {
		return j
	}
	return queue.Job{}
}

func TestQueue_ManyNodesDeliverEachJobOnce(t *testing.T) {
	m, c, r, q := setUp(t)
	for i := range 200 {
		add(t, q, "t", fmt.Sprint(i))
	}
	var wait sync.WaitGroup
	for range 4 {
		other := node(m, c, r)
		wait.Go(func() {
			if _, err := other.RunDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	slices.Sort(r.got)
	if len(r.got) != 200 || len(slices.Compact(slices.Clone(r.got))) != 200 || len(m.rows) != 0 {
		t.Errorf("%d deliveries, %d jobs left", len(r.got), len(m.rows))
	}
}

func TestQueue_RetriesWithGrowingPauses(t *testing.T) {
	m, c, r, q := setUp(t)
	r.fail = func(queue.Delivery) error { return queue.Postpone(errors.New("greylisted"), nil) }
	add(t, q, "t", "a")
	last := time.Duration(0)
	for i := range 5 {
		if n := run(t, q); n != 1 {
			t.Fatalf("attempt %d: %d tried", i+1, n)
		}
		j := one(t, m)
		pause := j.Due.Sub(c.now())
		if pause <= last || j.Attempts != i+1 || j.Problem != "greylisted" || j.Claim != "" {
			t.Errorf("after attempt %d: %+v, pause %s after %s", i+1, j, pause, last)
		}
		last = pause
		c.add(pause - time.Millisecond)
		if n := run(t, q); n != 0 {
			t.Errorf("tried too early")
		}
		c.add(time.Millisecond)
	}
	r.fail = nil
	run(t, q)
	if len(r.got) != 1 || len(m.rows) != 0 {
		t.Errorf("delivered %v, left %v", r.got, m.rows)
	}
}

func TestQueue_GivesUp(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		wait time.Duration
		want string
	}{
		{"at once what can never work", queue.Permanent(errors.New("no such mailbox")), 0, "no such mailbox"},
		{"what is too old", queue.Postpone(errors.New("busy"), nil), 2 * time.Hour, "it is too old to be tried again; at last: busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, now, r, q := setUp(t)
			r.fail = func(queue.Delivery) error { return c.err }
			add(t, q, "t", "a")
			run(t, q)
			if c.wait > 0 {
				now.add(c.wait)
				run(t, q)
			}
			if j := one(t, m); !j.Dead || j.Problem != c.want || j.Claim != "" {
				t.Errorf("%+v", j)
			}
			if now.add(time.Hour); run(t, q) != 0 {
				t.Error("a dead job is tried")
			}
		})
	}
}

// A target that does not answer is left alone; the others are not held up, and
// what waits for it comes when it is back.
func TestQueue_TargetRests(t *testing.T) {
	m, c, r, q := setUp(t)
	tries := 0
	r.fail = func(d queue.Delivery) error {
		if strings.HasPrefix(string(d.Payload), "dead") {
			tries++
			return errors.New("connection refused")
		}
		return nil
	}
	for i := range 100 {
		add(t, q, "down", fmt.Sprintf("dead%d", i))
	}
	add(t, q, "up", "a", "b", "c")
	run(t, q)
	if len(r.got) != 3 || tries > 20 {
		t.Errorf("%v delivered, %d tries of what is down", r.got, tries)
	}
	before := tries
	if c.add(11 * time.Second); run(t, q) == 0 || tries == before || tries > before+2 {
		t.Errorf("%d probes", tries-before)
	}
	r.fail = nil
	for range 20 {
		c.add(time.Minute)
		run(t, q)
	}
	if len(r.got) != 103 || len(m.rows) != 0 {
		t.Errorf("%d delivered, %d left", len(r.got), len(m.rows))
	}
}

// What is left of a job is all that the next attempt gets.
func TestQueue_DeliversTheRest(t *testing.T) {
	m, c, r, q := setUp(t)
	r.fail = func(d queue.Delivery) error {
		if d.Attempt == 1 {
			return queue.Postpone(errors.New("only one"), []byte("second half"))
		}
		return nil
	}
	add(t, q, "t", "both halves")
	run(t, q)
	c.add(time.Minute)
	run(t, q)
	if !slices.Equal(r.got, []string{"second half"}) || len(m.rows) != 0 {
		t.Errorf("%v", r.got)
	}
}

// Another worker waits for the lease of one that died, and no longer.
func TestQueue_LeaseOfTheDead(t *testing.T) {
	m, c, r, q := setUp(t)
	add(t, q, "t", "a")
	j := one(t, m)
	if ok, err := m.ClaimJob(t.Context(), j, "of a worker that dies", c.now().Add(5*time.Minute)); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 4 {
		c.add(time.Minute)
		if run(t, q) != 0 {
			t.Fatal("a job in work is taken")
		}
	}
	c.add(time.Minute)
	if run(t, q) != 1 || len(r.got) != 1 {
		t.Errorf("delivered: %v", r.got)
	}
}

// A delivery that cannot be noted, because the database is away, is noted when
// it is back, and not made again.
func TestQueue_DatabaseGoesDuringADelivery(t *testing.T) {
	m, c, r, q := setUp(t)
	m.refused = make(chan struct{}, 1)
	r.fail = func(queue.Delivery) error { m.setDown(true); return nil }
	add(t, q, "t", "a")
	done := make(chan struct{})
	go func() { defer close(done); _, _ = q.RunDue(t.Context()) }()
	<-m.refused
	m.setDown(false)
	<-done
	if len(r.got) != 1 || len(m.rows) != 0 {
		t.Errorf("%v delivered, %v left", r.got, m.rows)
	}
	c.add(time.Hour)
	if run(t, q) != 0 {
		t.Error("delivered again")
	}
}

// Stopping finishes what has begun, and begins nothing.
func TestQueue_Stop(t *testing.T) {
	m, _, r, q := setUp(t)
	ctx, stop := context.WithCancel(t.Context())
	r.fail = func(queue.Delivery) error { stop(); return nil }
	for i := range 100 {
		add(t, q, "t", fmt.Sprint(i))
	}
	q.Work(ctx)
	if len(r.got) == 0 || len(r.got) > 20 || len(r.got)+len(m.rows) != 100 {
		t.Errorf("%d delivered, %d left", len(r.got), len(m.rows))
	}
	for _, j := range m.rows {
		if j.Claim != "" {
			t.Errorf("a job stays claimed: %+v", j)
		}
	}
}

func TestQueue_PanicsAndStrangeJobs(t *testing.T) {
	m, c, r, q := setUp(t)
	r.fail = func(queue.Delivery) error { panic("oh") }
	add(t, q, "t", "a")
	run(t, q)
	if j := one(t, m); j.Dead || j.Attempts != 1 {
		t.Errorf("after a panic: %+v", j)
	}
	if err := q.Enqueue(t.Context(), "carrier pigeon", "t", nil); err == nil {
		t.Error("a kind that is not there is taken")
	}
	j := one(t, m)
	j.Kind = "of a newer program"
	m.rows[j.ID] = j
	c.add(time.Minute)
	run(t, q)
	if j := one(t, m); j.Dead {
		t.Errorf("a job that another node may know is given up: %+v", j)
	}
	q.Keys = plain{locked: true}
	c.add(10 * time.Minute)
	if run(t, q) != 0 {
		t.Error("jobs are tried without keys")
	}
}
