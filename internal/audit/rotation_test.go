package audit

import (
	"context"
	"slices"
	"testing"
	"time"
)

// table is a table of rows in memory.
type table struct {
	rows []Row
	// most is how many rows were asked for at once, deletions how many were made.
	most, deletions int
}

func (t *table) AuditNewest(_ context.Context, n int) (int64, bool, error) {
	if n >= len(t.rows) {
		return 0, false, nil
	}
	return t.rows[len(t.rows)-1-n].ID, true, nil
}

func (t *table) AuditAfter(_ context.Context, f Filter, id int64, limit int) ([]Row, error) {
	return t.some(limit, func(r Row) bool { return r.ID > id && (f.Last == 0 || r.ID <= f.Last) }), nil
}

func (t *table) AuditBefore(_ context.Context, before time.Time, p Place, limit int) ([]Row, error) {
	return t.some(limit, func(r Row) bool {
		return r.Date.Before(before) && (r.Date.After(p.Date) || r.Date.Equal(p.Date) && r.ID > p.ID)
	}), nil
}

func (t *table) some(limit int, fits func(Row) bool) (out []Row) {
	t.most = max(t.most, limit)
	for _, r := range t.rows {
		if len(out) < limit && fits(r) {
			out = append(out, r)
		}
	}
	return out
}

func (t *table) DeleteAudit(_ context.Context, ids []int64) (int64, error) {
	t.deletions++
	before := len(t.rows)
	t.rows = slices.DeleteFunc(t.rows, func(r Row) bool { return slices.Contains(ids, r.ID) })
	return int64(before - len(t.rows)), nil
}

func TestRotation(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	// ten rows, the last one of today, each a day older than the next; row 4 is gone
	make10 := func() *table {
		s := &table{}
		for i := int64(1); i <= 11; i++ {
			date := now.Add(time.Duration(i-11) * 24 * time.Hour)
			if i != 4 {
				s.rows = append(s.rows, Row{ID: i, Date: &date})
			}
		}
		return s
	}
	days := func(n int) *time.Duration { d := time.Duration(n)*24*time.Hour + time.Hour; return &d }
	for _, c := range []struct {
		name string
		r    Rotation
		left []int64
		n    int64
		kept []int64
	}{
		{name: "not above the high mark", r: Rotation{High: 10, Low: 1}, left: []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 11}},
		{name: "by number; a gap is no row", r: Rotation{High: 9, Low: 7}, left: []int64{3, 5, 6, 7, 8, 9, 10, 11}, n: 2},
		{name: "by number in chunks", r: Rotation{High: 9, Low: 1, Chunk: 3}, left: []int64{10, 11}, n: 8},
		{name: "by age", r: Rotation{Age: days(2), Chunk: 2}, left: []int64{9, 10, 11}, n: 7},
		{name: "a dry run", r: Rotation{Age: days(2), Chunk: 2, DryRun: true}, left: []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 11}, n: 7},
		{name: "by rules", r: Rotation{Rules: []Rule{{Keep: *days(5), Patterns: []Pattern{{Column: "user", Search: func(string) (bool, error) { return true, nil }}}}}}, left: []int64{6, 7, 8, 9, 10, 11}, n: 4},
		{name: "what is wrong stays", r: Rotation{Age: days(2), Chunk: 1, Check: func(r Row) bool { return r.ID != 2 }}, left: []int64{2, 9, 10, 11}, n: 6, kept: []int64{2}},
		{name: "more is kept than there is", r: Rotation{High: 2, Low: 20}, left: []int64{1, 2, 3, 5, 6, 7, 8, 9, 10, 11}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := make10()
			got, err := c.r.Run(t.Context(), s, now)
			if err != nil || got.Deleted != c.n || !slices.Equal(got.Kept, c.kept) {
				t.Errorf("%+v, %v", got, err)
			}
			var left []int64
			for _, r := range s.rows {
				left = append(left, r.ID)
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left %v, want %v", left, c.left)
			}
			if c.r.Chunk > 0 && (s.most > c.r.Chunk || !c.r.DryRun && c.r.Check == nil && int64(s.deletions) != (c.n+int64(c.r.Chunk)-1)/int64(c.r.Chunk)) {
				t.Errorf("%d rows at once, %d deletions", s.most, s.deletions)
			}
		})
	}
	if _, err := (Rotation{High: -1}).Run(t.Context(), make10(), now); err == nil {
		t.Error("a negative mark was accepted")
	}
}
