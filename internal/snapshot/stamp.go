package snapshot

import (
	"context"
	"sync"
	"time"
)

// askLimit bounds a question that several requests wait for: it must not end
// with the one that happened to come first.
const askLimit = 10 * time.Second

// stamps reads the database's timestamp for many requests at once. Whoever comes
// while a question is on its way joins the next one: its answer was read after
// he came, so nobody works with what was true before his request, and at any
// time one question is on its way and not one for every request.
type stamps struct {
	ask func(ctx context.Context) (string, error)

	mu     sync.Mutex
	asking bool
	next   *shared
}

// shared is a question that several requests wait for.
type shared struct {
	done  chan struct{}
	stamp string
	err   error
}

// read returns the timestamp as it is after the call began.
func (s *stamps) read(ctx context.Context) (string, error) {
	s.mu.Lock()
	if !s.asking {
		s.asking = true
		s.mu.Unlock()
		defer s.handOver()
		return s.ask(ctx)
	}
	q := s.next
	if q == nil {
		q = &shared{done: make(chan struct{})}
		s.next = q
	}
	s.mu.Unlock()
	select {
	case <-q.done:
		return q.stamp, q.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// handOver asks for those who came meanwhile.
func (s *stamps) handOver() {
	s.mu.Lock()
	q := s.next
	s.next = nil
	s.asking = q != nil
	s.mu.Unlock()
	if q == nil {
		return
	}
	go func() {
		defer s.handOver()
		defer close(q.done)
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		q.stamp, q.err = s.ask(ctx)
	}()
}
