package audit

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"edumfa/internal/signature"
)

// Faults of the audit log.
const (
	Changed  = "changed"  // not as it was signed
	Missing  = "missing"  // sealed, but not there
	Inserted = "inserted" // neither signed nor sealed
	Gap      = "gap"      // a number that no row has; nobody knows whether one had it
	Unsealed = "unsealed" // with a code, but in no checkpoint
	Broken   = "broken"   // a checkpoint
)

// Fault is what is wrong with rows, or with checkpoints if Kind is Broken.
type Fault struct {
	Kind string
	Rows Range
	Why  string
}

func (f Fault) String() string {
	what := "row " + f.Rows.String()
	switch {
	case f.Kind == Broken:
		what = "checkpoint " + f.Rows.String()
	case f.Rows.First != f.Rows.Last:
		what = "rows " + f.Rows.String()
	}
	return fmt.Sprintf("%s %s: %s", what, f.Kind, f.Why)
}

// VerifyStore is what verification reads.
type VerifyStore interface {
	AuditAfter(ctx context.Context, f Filter, id int64, limit int) ([]Row, error)
	CheckpointsOver(ctx context.Context, r Range) ([]Checkpoint, error)
	// CheckpointsAfter finds the first checkpoints above a number, by number.
	CheckpointsAfter(ctx context.Context, number int64, limit int) ([]Checkpoint, error)
}

// Verification walks through the whole log, a window of rows at a time.
type Verification struct {
	Store    VerifyStore
	Verifier *signature.Verifier
	// MAC checks the codes of rows that no checkpoint names; nil cannot.
	MAC *signature.MAC
	// Known are checkpoints that must be there.
	Known []Head
	// From, when not 0, is the first row to look at.
	From int64
	Now  time.Time
	// Report is told of every fault, in the order of rows.
	Report func(Fault)
}

// Verified tells how much was looked at.
type Verified struct {
	Rows, Signed, Sealed, Checkpoints, Faults int64
}

// window is how many rows are looked at together, checkpointBatch how many
// checkpoints are read at once.
const (
	window          = 2000
	checkpointBatch = 100
	// span is how far apart the numbers may be that are looked at together: the
	// checkpoints of so many rows are in memory.
	span = 50_000
)

// Run verifies. Its memory does not grow with the log.
func (v *Verification) Run(ctx context.Context) (Verified, error) {
	var done Verified
	report := func(f Fault) {
		done.Faults++
		v.Report(f)
	}
	first, last, err := v.checkpoints(ctx, &done, report)
	if err != nil {
		return done, err
	}
	w := &walk{Verification: v, done: &done, report: report, sealedLast: last, chained: done.Checkpoints > 0}
	at := max(0, v.From-1)
	if v.From == 0 && first > 0 {
		w.next = first // rows before the first one that is there
	}
	for {
		rows, err := v.Store.AuditAfter(ctx, Filter{}, at, window)
		if err != nil {
			return done, err
		}
		end := len(rows) < window
		if err := w.rows(ctx, rows, end); err != nil {
			return done, err
		}
		if end {
			return done, nil
		}
		at = rows[len(rows)-1].ID
	}
}

// checkpoints walks through the chain itself: numbers, hashes, signatures. It
// returns the lowest and the highest row that the chain names.
func (v *Verification) checkpoints(ctx context.Context, done *Verified, report func(Fault)) (first, last int64, err error) {
	var before Checkpoint
	known := map[int64]string{}
	for _, h := range v.Known {
		known[h.Number] = h.Hash
	}
	broken := func(number int64, format string, args ...any) {
		report(Fault{Broken, Range{number, number}, fmt.Sprintf(format, args...)})
	}
	for {
		list, err := v.Store.CheckpointsAfter(ctx, before.Number, checkpointBatch)
		if err != nil {
			return 0, 0, err
		}
		for _, c := range list {
			done.Checkpoints++
			switch {
			case c.Number != before.Number+1:
				report(Fault{Broken, Range{before.Number + 1, c.Number - 1}, "removed"})
			case before.Number > 0 && c.Previous != before.Hash() || before.Number == 0 && c.Previous != "":
				broken(c.Number, "it does not follow the one before it")
			}
			switch {
			case v.Verifier == nil || !v.Verifier.Verify(c.text(), c.Signature):
				broken(c.Number, "its signature is wrong")
			case c.Content != "" && digest(c.Content) != c.Digest:
				broken(c.Number, "its list of rows was changed")
			}
			if hash, ok := known[c.Number]; ok {
				if hash != c.Hash() {
					broken(c.Number, "it is another one than the known one")
				}
				delete(known, c.Number)
			}
			if first == 0 || c.First < first {
				first = c.First
			}
			last = max(last, c.Last)
			before = c
		}
		if len(list) < checkpointBatch {
			break
		}
	}
	for number := range known {
		report(Fault{Broken, Range{number, number}, "it is known and gone"})
	}
	return first, last, nil
}

// walk is how far the rows have been looked at.
type walk struct {
	*Verification
	done       *Verified
	report     func(Fault)
	sealedLast int64
	chained    bool
	next       int64 // the number that follows the last row, 0 before the first
	open       Fault // of absent rows, to be joined with the next
}

// expected is what the checkpoints say of a window.
type expected struct {
	hashes  map[int64]string
	removed []Range
	upTo    int64 // the last number of the window
}

func (e expected) gone(id int64) bool {
	for _, r := range e.removed {
		if r.First <= id && id <= r.Last {
			return true
		}
	}
	return false
}

func (v *Verification) expected(ctx context.Context, r Range) (expected, error) {
	e := expected{hashes: map[int64]string{}, upTo: r.Last}
	list, err := v.Store.CheckpointsOver(ctx, r)
	if err != nil {
		return e, err
	}
	for _, c := range list {
		if c.Content == "" || digest(c.Content) != c.Digest {
			continue // a changed list says nothing; it has been reported
		}
		switch c.Kind {
		case RowsWritten:
			rows, err := c.Rows()
			if err != nil {
				return e, err
			}
			for _, s := range rows {
				if r.First <= s.ID && s.ID <= r.Last {
					e.hashes[s.ID] = s.Hash
				}
			}
		case RowsRemoved:
			gone, err := c.Removed()
			if err != nil {
				return e, err
			}
			e.removed = append(e.removed, gone...)
		}
	}
	return e, nil
}

// rows looks at rows, and at what is absent between and, at the end, behind them.
func (w *walk) rows(ctx context.Context, rows []Row, end bool) error {
	if len(rows) > 0 {
		if w.next == 0 {
			w.next = rows[0].ID
		}
		good := w.signatures(rows)
		var e expected
		for i, r := range rows {
			if i == 0 || r.ID > e.upTo {
				near := i
				for near+1 < len(rows) && rows[near+1].ID-r.ID < span {
					near++
				}
				var err error
				if e, err = w.expected(ctx, Range{r.ID, rows[near].ID}); err != nil {
					return err
				}
			}
			if err := w.absent(ctx, r.ID-1); err != nil {
				return err
			}
			w.row(r, good[i], e)
			w.next = r.ID + 1
		}
	}
	if !end {
		return nil
	}
	if w.next > 0 {
		if err := w.absent(ctx, w.sealedLast); err != nil {
			return err
		}
	}
	w.flush()
	return nil
}

// row judges one row; signed says that its own signature is right.
func (w *walk) row(r Row, signed bool, e expected) {
	w.done.Rows++
	fault := func(kind, why string) { w.tell(Fault{kind, Range{r.ID, r.ID}, why}) }
	hash, sealed := e.hashes[r.ID]
	if sealed {
		w.done.Sealed++
		if hash != RowHash(r) {
			fault(Changed, "it is not what the checkpoint names")
		}
		return
	}
	switch {
	case r.Signature == nil || *r.Signature == "":
		fault(Inserted, "it has no signature")
	case strings.HasPrefix(*r.Signature, signature.MACPrefix):
		switch {
		case w.MAC != nil && !w.MAC.Verify(ChainText(r), *r.Signature):
			fault(Inserted, "no checkpoint names it, and its code is wrong")
		case r.Date == nil || w.Now.Sub(*r.Date) > 2*settled:
			fault(Unsealed, "no checkpoint names it")
		}
	case signed:
		w.done.Signed++
	default:
		fault(Changed, "its signature does not fit")
	}
}

// absent judges the numbers from the next one to last, which no row has.
func (w *walk) absent(ctx context.Context, last int64) error {
	for from := w.next; from <= last; from += span {
		to := min(last, from+span-1)
		if !w.chained {
			to = last
		}
		e, err := w.expected(ctx, Range{from, to})
		if err != nil {
			return err
		}
		if len(e.hashes) == 0 && len(e.removed) == 0 {
			w.tell(Fault{Gap, Range{from, to}, "no row has this number"})
			if !w.chained {
				return nil
			}
			continue
		}
		for id := from; id <= to; id++ {
			_, sealed := e.hashes[id]
			switch {
			case e.gone(id):
			case sealed:
				w.tell(Fault{Missing, Range{id, id}, "a checkpoint names it"})
			default:
				w.tell(Fault{Gap, Range{id, id}, "no row has this number"})
			}
		}
	}
	return nil
}

// tell reports a fault, joined with the same one of the numbers before.
func (w *walk) tell(f Fault) {
	if w.open.Kind == f.Kind && w.open.Why == f.Why && w.open.Rows.Last+1 == f.Rows.First {
		w.open.Rows.Last = f.Rows.Last
		return
	}
	w.flush()
	w.open = f
}

func (w *walk) flush() {
	if w.open.Kind != "" {
		w.report(w.open)
	}
	w.open = Fault{}
}

// signatures checks the signatures of rows on all processors.
func (w *walk) signatures(rows []Row) []bool {
	good := make([]bool, len(rows))
	if w.Verifier == nil {
		return good
	}
	var running sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for p := range parts {
		running.Go(func() {
			for i := p; i < len(rows); i += parts {
				r := rows[i]
				if r.Signature != nil && !strings.HasPrefix(*r.Signature, signature.MACPrefix) {
					good[i] = w.Verifier.Verify([]byte(SignedText(r)), *r.Signature)
				}
			}
		})
	}
	running.Wait()
	return good
}
