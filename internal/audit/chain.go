package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"edumfa/internal/signature"
)

const (
	// sealedAtOnce is how many rows a checkpoint names at most.
	sealedAtOnce = 1000
	// mostPending is how many rows wait for a checkpoint in memory; more are found
	// in the table again.
	mostPending = 100_000
	// settled is after what time a row that no checkpoint names is taken for left
	// behind by a process that ended, and not for on its way.
	settled = time.Minute
	// lookBack is how many numbers before the newest sealed row are looked through
	// for such rows at the start.
	lookBack = 10_000
	// sealTries is how often a checkpoint is made anew because another server made
	// one.
	sealTries = 20
)

// ChainStore keeps checkpoints.
type ChainStore interface {
	// LastCheckpoint is the newest; false when there is none.
	LastCheckpoint(ctx context.Context) (Checkpoint, bool, error)
	// AddCheckpoint adds one; false when its number is taken.
	AddCheckpoint(ctx context.Context, c Checkpoint) (bool, error)
	// CheckpointsOver finds those that name rows of a range.
	CheckpointsOver(ctx context.Context, r Range) ([]Checkpoint, error)
	AuditAfter(ctx context.Context, f Filter, id int64, limit int) ([]Row, error)
	AuditNewest(ctx context.Context, n int) (id int64, ok bool, err error)
}

// Head is what is known of the newest checkpoint. The zero value knows nothing.
type Head struct {
	Number int64
	Hash   string
}

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Number, h.Hash) }

// ParseHead reads what String writes.
func ParseHead(s string) (h Head, err error) {
	if _, err := fmt.Sscanf(s, "%d:%64s", &h.Number, &h.Hash); err != nil || len(h.Hash) != 64 || h.Number < 1 {
		return Head{}, fmt.Errorf("%.80q is no number and hash of a checkpoint", s)
	}
	return h, nil
}

// Chain seals rows: each process remembers the rows that it has written, and
// signs a list of them about once in a second. A row that was changed or removed
// a moment after it was written is missed all the same: the list does not come
// from the table. It is safe for concurrent use.
type Chain struct {
	Store  ChainStore
	Signer *signature.Signer
	MAC    *signature.MAC
	Node   string
	Now    func() time.Time
	Log    *slog.Logger
	// Anchor keeps the newest checkpoint where the database's administrators do not
	// reach it; nil keeps it nowhere.
	Anchor func(Head) error

	mu      sync.Mutex
	pending []Sealed
	lost    bool // rows were left out of pending
	sealing sync.Mutex
	head    Head
	looked  int64 // all rows up to this one have been looked at, see Adopt
}

// MACPurpose is what the codes of rows are for.
const MACPurpose = "edumfa audit row"

// Sign gives a row its code.
func (c *Chain) Sign(r *Row) { r.Signature = new(c.MAC.Code(ChainText(*r))) }

// Remember sets what is known of the newest checkpoint from outside the database.
func (c *Chain) Remember(h Head) {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	if h.Number > c.head.Number {
		c.head = h
	}
}

// Note remembers a row that was written; full says that there are enough of them
// for a checkpoint.
func (c *Chain) Note(r Row) (full bool) {
	s := Sealed{r.ID, RowHash(r)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= mostPending {
		c.lost = true
		return true
	}
	c.pending = append(c.pending, s)
	return len(c.pending) >= sealedAtOnce
}

// Seal makes checkpoints of the rows that were noted. Those of a checkpoint that
// fails are noted again.
func (c *Chain) Seal(ctx context.Context) error {
	for {
		c.mu.Lock()
		n := min(len(c.pending), sealedAtOnce)
		rows := slices.Clone(c.pending[:n])
		c.pending = c.pending[n:]
		c.mu.Unlock()
		if n == 0 {
			return nil
		}
		slices.SortFunc(rows, func(a, b Sealed) int { return cmp.Compare(a.ID, b.ID) })
		if err := c.seal(ctx, rows); err != nil {
			c.mu.Lock()
			c.pending = append(rows, c.pending...)
			c.mu.Unlock()
			return err
		}
	}
}

// seal makes checkpoints of rows in the order of their numbers: one, unless they
// are far apart. What has been sealed when it fails may be sealed again.
func (c *Chain) seal(ctx context.Context, rows []Sealed) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].ID-rows[0].ID < CheckpointSpan {
			n++
		}
		if err := c.add(ctx, Checkpoint{Kind: RowsWritten, First: rows[0].ID, Last: rows[n-1].ID, Count: n, Content: sealedContent(rows[:n])}); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// Announce makes a checkpoint of rows that are about to be removed.
func (c *Chain) Announce(ctx context.Context, ids []int64) error {
	ids = slices.Sorted(slices.Values(ids))
	for len(ids) > 0 {
		n := 1
		for n < len(ids) && ids[n]-ids[0] < CheckpointSpan {
			n++
		}
		if err := c.add(ctx, Checkpoint{Kind: RowsRemoved, First: ids[0], Last: ids[n-1], Count: n, Content: removedContent(ranges(ids[:n]))}); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// add appends a checkpoint to the chain. Where checkpoints that were known are
// gone, the chain goes on behind them, so that the gap is seen.
func (c *Chain) add(ctx context.Context, p Checkpoint) error {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	p.Node, p.Digest = c.Node, digest(p.Content)
	for range sealTries {
		last, ok, err := c.Store.LastCheckpoint(ctx)
		if err != nil {
			return err
		}
		head := Head{}
		if ok {
			head = Head{last.Number, last.Hash()}
		}
		if head.Number < c.head.Number {
			c.Log.ErrorContext(ctx, "checkpoints of the audit log have been removed", "last", head.Number, "known", c.head.Number)
			head = c.head
		}
		p.Number, p.Previous, p.Written = head.Number+1, head.Hash, c.Now().UnixMilli()
		if p.Signature, err = c.Signer.Sign(p.text()); err != nil {
			return err
		}
		added, err := c.Store.AddCheckpoint(ctx, p)
		if err != nil {
			return err
		}
		if !added {
			continue // another server was faster
		}
		c.head = Head{p.Number, p.Hash()}
		if c.Anchor != nil {
			if err := c.Anchor(c.head); err != nil {
				c.Log.ErrorContext(ctx, "the newest checkpoint of the audit log cannot be written down", "error", err)
			}
		}
		return nil
	}
	return errors.New("other servers were faster with every checkpoint")
}

// Adopt seals rows with right codes that no checkpoint names: a process that
// ended suddenly has left them.
func (c *Chain) Adopt(ctx context.Context) error {
	if c.looked == 0 {
		last, ok, err := c.Store.LastCheckpoint(ctx)
		from := last.Last
		if err == nil && !ok { // the rows of the time before the chain are not its
			from, _, err = c.Store.AuditNewest(ctx, 0)
		}
		if err != nil {
			return err
		}
		c.looked = max(0, from-lookBack)
	}
	c.mu.Lock()
	if c.lost && len(c.pending) < mostPending/2 {
		c.lost, c.looked = false, max(0, c.looked-2*mostPending)
	}
	c.mu.Unlock()
	limit := c.Now().Add(-settled)
	for {
		rows, err := c.Store.AuditAfter(ctx, Filter{}, c.looked, defaultChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i, r := range rows {
			if r.Date != nil && r.Date.After(limit) {
				rows = rows[:i]
				break
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := c.adopt(ctx, rows); err != nil {
			return err
		}
		c.looked = rows[len(rows)-1].ID
	}
}

func (c *Chain) adopt(ctx context.Context, rows []Row) error {
	list, err := c.Store.CheckpointsOver(ctx, Range{rows[0].ID, rows[len(rows)-1].ID})
	if err != nil {
		return err
	}
	known := map[int64]bool{}
	for _, p := range list {
		if p.Kind != RowsWritten {
			continue
		}
		named, err := p.Rows()
		if err != nil {
			return err
		}
		for _, s := range named {
			known[s.ID] = true
		}
	}
	var left []Sealed
	for _, r := range rows {
		if !known[r.ID] && r.Signature != nil && c.MAC.Verify(ChainText(r), *r.Signature) {
			left = append(left, Sealed{r.ID, RowHash(r)})
		}
	}
	if len(left) == 0 {
		return nil
	}
	return c.seal(ctx, left)
}
