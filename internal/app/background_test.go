package app_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"edumfa/internal/app/apptest"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
)

func TestExpiredChallengesAreRemoved(t *testing.T) {
	c := clockAt(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite, Now: c.now}).Serve()
	var all []change.Change
	for i := range 1203 {
		end := c.now().Add(-time.Hour)
		if i < 3 {
			end = c.now().Add(time.Duration(i-1) * time.Minute) // just over, now, soon
		}
		all = append(all, change.NewChallenge{Challenge: challenge.Challenge{TransactionID: fmt.Sprint(i), Timestamp: end.Add(-time.Minute), Expiration: end}})
	}
	if err := n.App.Store.Apply(t.Context(), all, nil); err != nil {
		t.Fatal(err)
	}
	stop := n.App.Start(t.Context())
	left := -1
	for range 1000 { // it begins at once
		_, left, _ = n.App.Store.ChallengePage(t.Context(), challenge.Filter{}, challenge.Order{}, 0, 1)
		if left == 3 {
			break
		}
		runtime.Gosched()
	}
	stop()
	stop() // is harmless
	if left != 3 {
		t.Errorf("%d challenges are left, want 3", left)
	}
}

// Stopping leaves no goroutine behind.
func TestStoppedMeansStopped(t *testing.T) {
	n := apptest.New(t, apptest.Options{Engine: apptest.SQLite}).Serve()
	ctx, cancel := context.WithCancel(t.Context())
	stop := n.App.Start(ctx)
	cancel()
	stop()
	if dump := stacks(); strings.Contains(dump, "app.(*App).every") {
		t.Errorf("still running: %s", dump)
	}
}

func stacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}
