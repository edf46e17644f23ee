package store

import (
	"testing"

	"edumfa/internal/change"
)

// Changes are carried out at once only when no order of locks is needed for it
// and none of them has to read first.
func TestWrites(t *testing.T) {
	db := &DB{engine: engine{name: "postgres", sequences: true, returning: true, pipelines: true}}
	for _, c := range []struct {
		name    string
		changes []change.Change
		n       int // statements, 0 for step by step
	}{
		{"login", []change.Change{change.UseToken{ID: 1}, change.CountInfo{ID: 1}, change.SetInfo{ID: 1}}, 4},
		{"login, fail counter kept", []change.Change{change.UseToken{ID: 1, KeepFail: true}}, 1},
		{"answer", []change.Change{change.UseChallenge{ID: 9}, change.UseToken{ID: 1}, change.EndTransaction{TransactionID: "1"}}, 4},
		{"trigger", []change.Change{change.NewChallenge{}, change.NewChallenge{}}, 2},
		{"failure", []change.Change{change.FailToken{ID: 1}, change.CountInfo{ID: 1}}, 2},
		{"two tokens", []change.Change{change.UseToken{ID: 1}, change.UseToken{ID: 2}}, 0},
		{"two failures", []change.Change{change.FailToken{ID: 1}, change.FailToken{ID: 2}}, 0},
		{"note without the token's row", []change.Change{change.CountInfo{ID: 1}, change.UseToken{ID: 1}}, 0},
		{"reads first", []change.Change{change.UseToken{ID: 1}, change.SeenClient{}}, 0},
		{"deletes a token", []change.Change{change.DeleteToken{ID: 1}}, 0},
	} {
		list, ok := db.writes(c.changes)
		if ok != (c.n > 0) || ok && len(list) != c.n {
			t.Errorf("%s: %d statements, %t; want %d", c.name, len(list), ok, c.n)
		}
	}
}

func TestStatementCache_Bounded(t *testing.T) {
	var s statementCache
	for range 2 * statementLimit {
		s.want("SELECT 1")
	}
	if n := len(s.take()); n != statementLimit {
		t.Errorf("%d wanted, want %d", n, statementLimit)
	}
}
