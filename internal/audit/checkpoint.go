package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Kinds of checkpoints.
const (
	// RowsWritten checkpoints list rows with their hashes.
	RowsWritten = "rows"
	// RowsRemoved checkpoints list rows that rotation removes.
	RowsRemoved = "removed"
)

// CheckpointSpan is how far apart the rows of a checkpoint are at most.
const CheckpointSpan = 100_000

// Checkpoint is a link of the chain: it names rows and the checkpoint before it,
// and is signed. Whoever removes or changes rows that a checkpoint names, or a
// checkpoint, breaks the chain.
type Checkpoint struct {
	Number int64 // from 1, without gaps
	Kind   string
	// Written is when it was made, in milliseconds since 1970.
	Written int64
	Node    string
	// First and Last are the lowest and the highest row that it names, Count is how
	// many these are.
	First, Last int64
	Count       int
	// Content lists the rows. It is empty when all of them have been removed.
	Content string
	// Digest is the hash of the content, which it keeps when that is emptied.
	Digest string
	// Previous is the hash of the checkpoint before it, "" for the first.
	Previous  string
	Signature string
}

// text is what the signature covers.
func (c Checkpoint) text() []byte {
	return fmt.Appendf(nil, "edumfa audit checkpoint\nnumber=%d\nkind=%s\nwritten=%d\nnode=%q\nfirst=%d\nlast=%d\ncount=%d\ndigest=%s\nprevious=%s\n",
		c.Number, c.Kind, c.Written, c.Node, c.First, c.Last, c.Count, c.Digest, c.Previous)
}

// Hash is by what the next checkpoint and anchors know this one.
func (c Checkpoint) Hash() string {
	sum := sha256.Sum256(c.text())
	return hex.EncodeToString(sum[:])
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// Sealed is a row that a checkpoint names.
type Sealed struct {
	ID   int64
	Hash string
}

// sealedContent lists rows as "7=hash,8=hash".
func sealedContent(rows []Sealed) string {
	var b strings.Builder
	b.Grow(56 * len(rows))
	for i, r := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(r.ID, 10))
		b.WriteByte('=')
		b.WriteString(r.Hash)
	}
	return b.String()
}

// Rows reads the rows of a checkpoint of written rows.
func (c Checkpoint) Rows() ([]Sealed, error) {
	if c.Content == "" {
		return nil, nil
	}
	var out []Sealed
	for part := range strings.SplitSeq(c.Content, ",") {
		id, hash, ok := strings.Cut(part, "=")
		n, err := strconv.ParseInt(id, 10, 64)
		if !ok || err != nil || len(hash) != 43 {
			return nil, fmt.Errorf("checkpoint %d: %.60q is no row", c.Number, part)
		}
		out = append(out, Sealed{n, hash})
	}
	return out, nil
}

// Range are numbers from First to Last.
type Range struct{ First, Last int64 }

func (r Range) String() string {
	if r.First == r.Last {
		return strconv.FormatInt(r.First, 10)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

// ranges joins numbers that are in order.
func ranges(ids []int64) (out []Range) {
	for _, id := range ids {
		if n := len(out); n > 0 && id <= out[n-1].Last+1 {
			out[n-1].Last = id
			continue
		}
		out = append(out, Range{id, id})
	}
	return out
}

// removedContent lists ranges as "1-500,600".
func removedContent(list []Range) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// Removed reads the rows of a checkpoint of removed rows.
func (c Checkpoint) Removed() ([]Range, error) {
	var out []Range
	for part := range strings.SplitSeq(c.Content, ",") {
		first, last, ok := strings.Cut(part, "-")
		if !ok {
			last = first
		}
		from, err := strconv.ParseInt(first, 10, 64)
		to, err2 := strconv.ParseInt(last, 10, 64)
		if err != nil || err2 != nil || to < from {
			return nil, fmt.Errorf("checkpoint %d: %.60q is no range of rows", c.Number, part)
		}
		out = append(out, Range{from, to})
	}
	return out, nil
}
