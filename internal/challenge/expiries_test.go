package challenge

import (
	"testing"
	"time"
)

func TestExpiries_OneSweepForWhatHasExpired(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	var e Expiries
	if e.Due(start) {
		t.Error("due before anything was made")
	}
	e.Note(start.Add(time.Second))
	e.Note(start.Add(time.Second + time.Millisecond))
	e.Note(start.Add(time.Minute))
	for _, c := range []struct {
		name string
		at   time.Duration
		want bool
	}{
		{"nothing has expired", 900 * time.Millisecond, false},
		{"two have expired", 1100 * time.Millisecond, true},
		{"they were swept", 1200 * time.Millisecond, false},
		{"the last one has expired", time.Minute, true},
		{"nothing is left", time.Hour, false},
	} {
		if got := e.Due(start.Add(c.at)); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
