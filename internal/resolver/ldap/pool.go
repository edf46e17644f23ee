package ldap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/resolver"
)

// question says how something is asked.
type question struct {
	use use
	// each is what one server may take, total what all together may take.
	each, total time.Duration
	// fresh asks for a new connection, for changes: they must not be put twice
	// because an idle connection turned out to be dead.
	fresh bool
}

// pool is the list of servers of one instance.
type pool struct {
	set     *settings
	members []*member
	rand    io.Reader
	pause   time.Duration // between two rounds
	turn    atomic.Uint32
}

func newPool(s *settings, d resolver.Deps) *pool {
	p := &pool{set: s, rand: d.Rand, pause: d.FailoverPause}
	for _, to := range s.servers {
		p.members = append(p.members, newMember(s, to, d.Now))
	}
	return p
}

// short is a question that one answer answers. All servers together get the time
// of three at most: a login does not wait for a long list of dead servers.
func (p *pool) short(u use) question {
	return question{use: u, each: p.set.timeout, total: p.set.timeout * time.Duration(min(len(p.members), 3))}
}

// long is a question that many answers answer, each within the time of one.
func (p *pool) long() question {
	total := 6 * p.set.timeout
	return question{use: asService, each: total, total: total}
}

// ask puts a question to one server after the other until one answers. f may be
// called several times and must begin anew each time. Errors: what the server
// answered, ErrUnavailable with the last reason, or the error of ctx when the
// caller cancelled.
//
// The list is gone through again, after the pause, only while there is hope: not
// when the pause is longer than the question may take, and not when all servers
// were already known to be down.
func (p *pool) ask(caller context.Context, q question, f func(context.Context, *conn) error) error {
	ctx, cancel := context.WithTimeout(caller, q.total)
	defer cancel()
	var last error
	for round := range p.set.rounds {
		if round > 0 && (p.pause >= q.total || !wait(ctx, p.pause)) {
			break
		}
		hope := false
		for _, m := range p.order() {
			known := m.down()
			ran, err := p.one(ctx, m, q, f)
			if ran && !failed(err) {
				return err
			}
			if _, before := errors.AsType[*connectError](err); ran && q.fresh && !before {
				return unavailable(caller, fmt.Errorf("%s: %w", m.server, err))
			}
			if last == nil || !errors.Is(err, breaker.ErrOpen) {
				last = fmt.Errorf("%s: %w", m.server, err)
			}
			if ctx.Err() != nil {
				return unavailable(caller, last)
			}
			hope = hope || !known
		}
		if !hope {
			break
		}
	}
	return unavailable(caller, last)
}

func (p *pool) one(ctx context.Context, m *member, q question, f func(context.Context, *conn) error) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, q.each)
	defer cancel()
	return m.attempt(ctx, q, f)
}

// unavailable is the error of a question that nobody answered.
func unavailable(caller context.Context, reason error) error {
	if errors.Is(caller.Err(), context.Canceled) {
		return caller.Err()
	}
	return fmt.Errorf("%w: %w", resolver.ErrUnavailable, reason)
}

// order is the order in which servers are asked: by the strategy, and those that
// lately refused connections last.
func (p *pool) order() []*member {
	n := len(p.members)
	start := 0
	switch p.set.strategy {
	case strategyFirst:
	case strategyRandom:
		var b [2]byte
		if _, err := io.ReadFull(p.rand, b[:]); err == nil {
			start = (int(b[0])<<8 | int(b[1])) % n
		}
	default:
		start = int((p.turn.Add(1) - 1) % uint32(n))
	}
	up, down := make([]*member, 0, n), []*member(nil)
	for i := range n {
		m := p.members[(start+i)%n]
		if m.down() {
			down = append(down, m)
		} else {
			up = append(up, m)
		}
	}
	return append(up, down...)
}

func (p *pool) close() {
	for _, m := range p.members {
		m.close()
	}
}

// wait pauses; false says that ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
