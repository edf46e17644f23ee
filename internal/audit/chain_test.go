package audit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"edumfa/internal/signature"
)

// chainTable is a table of rows and checkpoints in memory.
type chainTable struct {
	table
	list []Checkpoint
	// taken is how often another server is faster.
	taken int
	fail  error
}

func (t *chainTable) LastCheckpoint(context.Context) (Checkpoint, bool, error) {
	if len(t.list) == 0 || t.fail != nil {
		return Checkpoint{}, false, t.fail
	}
	return t.list[len(t.list)-1], true, nil
}

func (t *chainTable) AddCheckpoint(_ context.Context, c Checkpoint) (bool, error) {
	if t.taken > 0 {
		t.taken--
		return false, nil
	}
	t.list = append(t.list, c)
	return true, nil
}

func (t *chainTable) CheckpointsOver(_ context.Context, r Range) (out []Checkpoint, _ error) {
	for _, c := range t.list {
		if c.Last >= r.First && c.First <= r.Last {
			out = append(out, c)
		}
	}
	return out, nil
}

func (t *chainTable) CheckpointsAfter(_ context.Context, number int64, limit int) (out []Checkpoint, _ error) {
	for _, c := range t.list {
		if c.Number > number && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

func newTestChain(t testing.TB, s *chainTable) (*Chain, *signature.Verifier) {
	t.Helper()
	private, _, err := signature.GenerateKeys(1024)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	mac, err := signer.MAC(MACPurpose)
	if err != nil {
		t.Fatal(err)
	}
	return &Chain{Store: s, Signer: signer, MAC: mac, Node: "n", Now: func() time.Time { return time.UnixMilli(5) }, Log: slog.New(slog.DiscardHandler)}, signer.Verifier(false)
}

func (t *chainTable) add(c *Chain, ids ...int64) {
	for _, id := range ids {
		date, info := time.Date(2026, 5, 1, 0, 0, int(id), 0, time.UTC), fmt.Sprint("row ", id)
		r := Row{ID: id, Date: &date, Info: &info}
		c.Sign(&r)
		t.rows = append(t.rows, r)
		c.Note(r)
	}
}

func check(t *testing.T, s *chainTable, v *signature.Verifier) []string {
	t.Helper()
	var faults []string
	run := Verification{Store: s, Verifier: v, Now: time.Now(), Report: func(f Fault) { faults = append(faults, f.Kind+" "+f.Rows.String()) }}
	if _, err := run.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return faults
}

func TestChain_RotationIsNoFault(t *testing.T) {
	s := &chainTable{}
	c, verifier := newTestChain(t, s)
	for i := range int64(9) {
		s.add(c, 3*i+1, 3*i+2, 3*i+3)
		if err := c.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r := Rotation{High: 10, Low: 9, Chunk: 4, Announce: c.Announce}
	done, err := r.Run(t.Context(), s, time.Now())
	if err != nil || done.Deleted != 17 || len(s.rows) != 10 {
		t.Fatalf("%+v, %v", done, err)
	}
	if n := len(s.list); n != 10 {
		t.Errorf("%d checkpoints: one was to name all removed rows", n)
	}
	if got := check(t, s, verifier); len(got) > 0 {
		t.Errorf("%q", got)
	}
	// the hashes of removed rows may go as well
	for i := range 5 {
		s.list[i].Content = ""
	}
	if got := check(t, s, verifier); len(got) > 0 {
		t.Errorf("%q", got)
	}
	s.rows = s.rows[1:]
	if got := check(t, s, verifier); !slices.Equal(got, []string{"missing 18"}) {
		t.Errorf("%q", got)
	}
}

func TestChain_RowsFarApart(t *testing.T) {
	s := &chainTable{}
	c, verifier := newTestChain(t, s)
	s.add(c, 1, 2, 250_000, 250_001)
	if err := c.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.list) != 2 || s.list[0].Last != 2 || s.list[1].First != 250_000 {
		t.Errorf("%+v", s.list)
	}
	if err := c.Announce(t.Context(), []int64{250_001, 1}); err != nil || len(s.list) != 4 {
		t.Errorf("%d checkpoints, %v", len(s.list), err)
	}
	s.rows = s.rows[1:3]
	if got := check(t, s, verifier); !slices.Equal(got, []string{"gap 3-249999"}) {
		t.Errorf("%q", got)
	}
}

func TestChain_ManyRowsOneSignature(t *testing.T) {
	s := &chainTable{taken: 2}
	c, verifier := newTestChain(t, s)
	for i := range int64(2500) {
		s.add(c, i+1)
	}
	s.fail = context.DeadlineExceeded
	if err := c.Seal(t.Context()); err == nil {
		t.Fatal("no error")
	}
	s.fail = nil
	if err := c.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.list) != 3 || s.list[0].Count != 1000 || s.list[2].Count != 500 {
		t.Errorf("%d checkpoints", len(s.list))
	}
	if got := check(t, s, verifier); len(got) > 0 {
		t.Errorf("%q", got)
	}
	s.list[1].Content = strings.Replace(s.list[1].Content, "=", "=x", 1)
	if got := check(t, s, verifier); !slices.Contains(got, "broken 2") {
		t.Errorf("%q", got)
	}
}

func TestHead(t *testing.T) {
	h := Head{7, strings.Repeat("a", 64)}
	if got, err := ParseHead(h.String()); err != nil || got != h {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "7", "7:abc", "0:" + h.Hash, "x:" + h.Hash} {
		if _, err := ParseHead(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func TestChainText_NoTwoRowsAlike(t *testing.T) {
	a, b, c, empty := "a,1:b", "c", "b", ""
	seen := map[string]int{}
	for i, r := range []Row{{User: &a}, {User: &b}, {Realm: &b}, {User: &empty}, {}, {User: &c, Realm: &b}, {User: &b, Realm: &c}, {Policies: &b}, {ID: 1}} {
		text := string(ChainText(r))
		if j, ok := seen[text]; ok {
			t.Errorf("rows %d and %d have the same text", i, j)
		}
		seen[text] = i
	}
}

func FuzzCheckpointContent(f *testing.F) {
	f.Add("7=" + strings.Repeat("a", 43) + ",8=" + strings.Repeat("b", 43))
	f.Add("1-500,600")
	f.Fuzz(func(t *testing.T, content string) {
		c := Checkpoint{Content: content}
		if rows, err := c.Rows(); err == nil && len(rows) > 0 {
			again, err := Checkpoint{Content: sealedContent(rows)}.Rows()
			if err != nil || !slices.Equal(again, rows) {
				t.Errorf("%v, %v", again, err)
			}
		}
		if list, err := c.Removed(); err == nil {
			again, err := Checkpoint{Content: removedContent(list)}.Removed()
			if err != nil || !slices.Equal(again, list) {
				t.Errorf("%v, %v", again, err)
			}
		}
	})
}
