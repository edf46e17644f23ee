package snapshot

import (
	"context"
	"strconv"
	"sync"
	"testing"
)

// Requests that come while a question is on its way share the next one, and
// never see what was read before they came.
func TestStamps_SharedButNeverOlder(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	first, release := make(chan struct{}), make(chan struct{})
	s := &stamps{ask: func(context.Context) (string, error) {
		mu.Lock()
		asked++
		n := asked
		mu.Unlock()
		if n == 1 {
			close(first)
			<-release
		}
		return strconv.Itoa(n), nil
	}}
	var wg sync.WaitGroup
	wg.Go(func() {
		if got, err := s.read(t.Context()); got != "1" || err != nil {
			t.Errorf("the first: %q, %v", got, err)
		}
	})
	<-first
	joined := &shared{done: make(chan struct{})}
	s.mu.Lock()
	s.next = joined // as the first of those who wait does
	s.mu.Unlock()
	const waiting = 20
	for range waiting {
		wg.Go(func() {
			if got, err := s.read(t.Context()); got == "1" || err != nil {
				t.Errorf("one that came later: %q, %v", got, err)
			}
		})
	}
	close(release)
	wg.Wait()
	<-joined.done
	if got, err := s.read(t.Context()); err != nil || got == "1" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if asked > waiting {
		t.Errorf("%d questions for %d requests", asked, waiting+2)
	}
}

// Whoever gives up does not keep the others waiting.
func TestStamps_ContextEnds(t *testing.T) {
	release := make(chan struct{})
	started := make(chan struct{}, 8)
	s := &stamps{ask: func(context.Context) (string, error) {
		started <- struct{}{}
		<-release
		return "x", nil
	}}
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = s.read(t.Context()) })
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.read(ctx); err == nil {
		t.Error("an answer for a request that has ended")
	}
	close(release)
	wg.Wait()
	if got, err := s.read(t.Context()); got != "x" || err != nil {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}
