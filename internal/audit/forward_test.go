package audit

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"
)

// cursors is a table with a cursor in memory.
type cursors struct {
	table
	sent    int64
	owner   string
	claimed time.Time
}

func (c *cursors) ClaimCursor(_ context.Context, _, owner string, now time.Time, lease time.Duration) (int64, bool, error) {
	if c.owner != "" && c.owner != owner && now.Sub(c.claimed) < lease {
		return 0, false, nil
	}
	c.owner, c.claimed = owner, now
	return c.sent, true, nil
}

func (c *cursors) MoveCursor(_ context.Context, _, owner string, sent int64, now time.Time) (bool, error) {
	if c.owner != owner {
		return false, nil
	}
	c.sent, c.claimed = sent, now
	return true, nil
}

func (c *cursors) write(now time.Time, ids ...int64) {
	for _, id := range ids {
		date := now
		c.rows = append(c.rows, Row{ID: id, Date: &date})
	}
	slices.SortFunc(c.rows, func(a, b Row) int { return int(a.ID - b.ID) })
}

// collector is a receiver whose connection may end.
type collector struct {
	alive bool
	got   []int64
	fail  error
}

func (c *collector) forwarder(s *cursors, owner string, now *time.Time) *Forwarder {
	return &Forwarder{Store: s, Name: "x", Owner: owner, Now: func() time.Time { return *now }, Log: slog.New(slog.DiscardHandler),
		Alive: func() bool { return c.alive },
		Send: func(_ context.Context, rows []Row) error {
			if c.fail != nil {
				return c.fail
			}
			c.alive = true
			for _, r := range rows {
				c.got = append(c.got, r.ID)
			}
			return nil
		}}
}

func TestForwarder(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	s, c := &cursors{}, &collector{}
	f := c.forwarder(s, "one", &now)
	run := func(f *Forwarder, want ...int64) {
		t.Helper()
		c.got = nil
		err := f.Run(t.Context())
		if !slices.Equal(c.got, want) || (err != nil) != (c.fail != nil) {
			t.Errorf("sent %v, want %v; %v", c.got, want, err)
		}
	}
	s.write(now, 1, 2)
	run(f, 1, 2)
	run(f)
	if s.sent != 0 {
		t.Error("rows count as received at once")
	}
	// the connection ends before they count as received
	c.alive = false
	run(f, 1, 2)
	now = now.Add(confirmAfter)
	run(f)
	if s.sent != 2 {
		t.Errorf("%d rows are received", s.sent)
	}
	c.alive = false
	run(f) // nothing is sent again
	// a number that is missing may still come
	s.write(now, 3, 5)
	run(f, 3)
	s.write(now, 4)
	run(f, 4, 5)
	s.write(now, 8)
	run(f)
	now = now.Add(gapAge)
	run(f, 8)
	// another server takes over when this one is silent
	two := c.forwarder(s, "two", &now)
	s.write(now, 9)
	run(two)
	now = now.Add(forwardLease + time.Second)
	run(two, 8, 9)
	run(f)
	// what cannot be sent is sent later
	c.fail = errors.New("unreachable")
	s.write(now, 10)
	run(two)
	c.fail = nil
	run(two, 8, 9, 10)
}
