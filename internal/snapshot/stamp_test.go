package snapshot

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

// Requests that come while a question is on its way share the next one, and
// never see what was read before they came.
func TestStamps_SharedButNeverOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0 // one question at a time: no lock
		release := make(chan struct{})
		s := &stamps{ask: func(context.Context) (string, error) {
			asked++
			n := asked
			<-release
			return strconv.Itoa(n), nil
		}}
		var answered sync.WaitGroup
		reads := func(n int, want string) {
			for range n {
				answered.Go(func() {
					if got, err := s.read(t.Context()); got != want || err != nil {
						t.Errorf("%q, %v, want the answer %s", got, err, want)
					}
				})
			}
			synctest.Wait() // each asks, or waits
		}
		reads(1, "1")
		reads(20, "2")
		if asked != 1 {
			t.Errorf("%d questions on their way", asked)
		}
		release <- struct{}{}
		synctest.Wait() // the second question is on its way, and all wait for it
		reads(20, "3")
		if asked != 2 {
			t.Errorf("%d questions after one answer", asked)
		}
		close(release)
		answered.Wait()
		synctest.Wait()
		reads(1, "4")
		if asked != 4 {
			t.Errorf("%d questions, want 4", asked)
		}
	})
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
