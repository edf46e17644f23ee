package ldap

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"edumfa/internal/breaker"
)

const (
	// maxBusy bounds the questions that one server works on at a time.
	maxBusy = 32
	// maxIdle bounds the connections of one sort that wait for a question.
	maxIdle = 8
	// idleTime is how long a connection waits: shorter than what firewalls and
	// directories allow before they drop it silently.
	idleTime = time.Minute
	// failuresToSkip in a row take a silent server out. One slow answer is no
	// proof, and the second failure comes soon enough.
	failuresToSkip = 2
)

// use says who is bound on a connection. Connections on which users prove their
// passwords are never used for questions.
type use int

const (
	asService use = iota
	asUser
	uses
)

// member is one server of the list with its connections.
type member struct {
	server
	set     *settings
	now     func() time.Time
	breaker *breaker.Breaker
	slots   chan struct{}

	mu      sync.Mutex
	idle    [uses][]*conn
	closed  bool
	refused time.Time // when it last refused a connection; zero: not since it answered
}

func newMember(s *settings, to server, now func() time.Time) *member {
	return &member{server: to, set: s, now: now, slots: make(chan struct{}, maxBusy),
		breaker: breaker.New(breaker.Settings{Failures: failuresToSkip, Pause: s.skip, Now: now})}
}

// down reports whether the server is known not to work at present: asked last,
// or not at all.
func (m *member) down() bool {
	m.mu.Lock()
	refused := m.refusedLately()
	m.mu.Unlock()
	return refused || m.breaker.Open()
}

func (m *member) refusedLately() bool {
	return !m.refused.IsZero() && m.now().Sub(m.refused) < m.set.skip
}

// attempt runs one question on the server. ran is false when the server was
// left out. A connection that was idle may have been closed by the server
// meanwhile; then the question is put again on a new one.
func (m *member) attempt(ctx context.Context, q question, f func(context.Context, *conn) error) (ran bool, err error) {
	select {
	case m.slots <- struct{}{}:
		defer func() { <-m.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	try, err := m.breaker.Allow()
	if err != nil {
		return false, err
	}
	defer try.Drop()
	c, reused, err := m.connect(ctx, q)
	if err == nil {
		if err = m.run(ctx, q, c, f); reused && failed(err) && ctx.Err() == nil && !overloaded(err) {
			m.drain()
			if c, _, err = m.connect(ctx, q); err == nil {
				err = m.run(ctx, q, c, f)
			}
		}
	}
	m.judge(ctx, try, err)
	return true, err
}

// judge tells the breaker how the try ended. A refused connection costs no time,
// so it does not take the server out: it is only asked last for a while and
// found working as soon as it is back.
func (m *member) judge(ctx context.Context, try *breaker.Try, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !failed(err):
		m.refused = time.Time{}
		try.Succeed()
	case errors.Is(ctx.Err(), context.Canceled):
		try.Drop()
	case errors.Is(err, syscall.ECONNREFUSED):
		m.refused = m.now()
		try.Drop()
	default:
		try.Fail()
	}
}

// run puts the question and keeps the connection if it is still good.
func (m *member) run(ctx context.Context, q question, c *conn, f func(context.Context, *conn) error) error {
	good := false
	defer func() { // also when f panics
		if good {
			m.keep(q.use, c)
		} else {
			c.discard()
		}
	}()
	err := f(ctx, c)
	good = !failed(err) && c.alive() && ctx.Err() == nil
	return err
}

// connect takes an idle connection or makes one.
func (m *member) connect(ctx context.Context, q question) (c *conn, reused bool, err error) {
	if !q.fresh {
		if c := m.take(q.use); c != nil {
			return c, true, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, m.set.timeout)
	defer cancel()
	if c, err = m.set.dial(ctx, m.server); err != nil {
		return nil, false, &connectError{err}
	}
	if q.use == asService {
		if err = m.set.bindService(ctx, c); err != nil {
			c.discard()
			return nil, false, &connectError{err}
		}
	}
	return c, false, nil
}

func (m *member) take(u use) *conn {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := len(m.idle[u]); n > 0; n = len(m.idle[u]) {
		c := m.idle[u][n-1]
		m.idle[u] = m.idle[u][:n-1]
		if c.alive() && m.now().Sub(c.idle) < idleTime {
			return c
		}
		c.discard()
	}
	return nil
}

func (m *member) keep(u use, c *conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	// Other ways to bind than Simple are not done twice on one connection.
	if m.closed || len(m.idle[u]) >= maxIdle || (u == asUser && m.set.authType != authSimple) {
		c.quit()
		return
	}
	c.idle = m.now()
	m.idle[u] = append(m.idle[u], c)
}

// drain discards the idle connections.
func (m *member) drain() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for u := range m.idle {
		for _, c := range m.idle[u] {
			c.discard()
		}
		m.idle[u] = nil
	}
}

// close ends the idle connections now and the others when they come back.
func (m *member) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for u := range m.idle {
		for _, c := range m.idle[u] {
			c.quit()
		}
		m.idle[u] = nil
	}
}
