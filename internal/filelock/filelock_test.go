//go:build unix

package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"edumfa/internal/filelock"
)

func TestHold_OneAtATime(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	inside, most := 0, 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				release, err := filelock.Hold(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				release()
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

func TestHold_EndsWithTheContext(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Hold(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := filelock.Hold(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	release()
	release, err = filelock.Hold(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	release()
	if _, err := filelock.Hold(t.Context(), filepath.Join(name, "below a file")); err == nil {
		t.Error("a lock where no file can be")
	}
}
