package store

import (
	"context"
	"database/sql"
	"slices"

	"edumfa/internal/change"
)

// lockTokens locks the rows of the tokens that changes are about, in the order
// of their ids: whoever writes to the same tokens at once then waits in one
// queue, instead of running into each other in their tokeninfo. A token that is
// gone is a conflict.
//
// A change that uses the only token is a lock itself when it comes first. A
// single writer needs no locks, but has to see that the tokens are there: what is
// written for one that is gone would belong to the next that gets its id.
func (db *DB) lockTokens(ctx context.Context, changes []change.Change) error {
	var ids []int64
	first := true
	locks := false
	for _, c := range changes {
		id, uses := changedToken(c)
		if id == 0 {
			continue
		}
		locks = locks || first && uses
		first = false
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 || len(ids) == 1 && locks {
		return nil
	}
	marks, args := inList(ids)
	found := 0
	err := db.query(ctx, "SELECT id FROM token WHERE id IN "+marks+" ORDER BY id"+db.engine.forUpdate(), args, func(r *sql.Rows) error {
		var id int64
		found++
		return r.Scan(&id)
	})
	if err == nil && found < len(ids) {
		return ErrConflict
	}
	return err
}

// changedToken is the token that a change is about, 0 for none; uses says that
// its row is updated, or the change fails.
func changedToken(c change.Change) (id int64, uses bool) {
	switch c := c.(type) {
	case change.UseToken:
		return c.ID, true
	case change.MoveCounter:
		return c.ID, true
	case change.FailToken:
		return c.ID, false
	case change.ResetFail:
		return c.ID, false
	case change.SetInfo:
		return c.ID, false
	case change.DeleteInfo:
		return c.ID, false
	case change.TakeInfo:
		return c.ID, false
	case change.CountInfo:
		return c.ID, false
	case change.ReplacePIN:
		return c.ID, false
	case change.DeleteToken:
		return c.ID, false
	}
	return 0, false
}
