package enrol

import (
	"context"
	"maps"
	"time"

	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// patience is how long what follows an answer from outside may take; the client
// may have gone.
const patience = 20 * time.Second

// store writes the token, and asks outside in between where the type wants it.
func (s *Service) store(ctx context.Context, before, t *token.Token, out *tokentype.Enrolled) error {
	write := func(ctx context.Context) error {
		if before == nil {
			return s.Store.InsertToken(ctx, t)
		}
		return s.Store.UpdateToken(ctx, before, t)
	}
	if out.Outside == nil {
		return write(ctx)
	}
	discard := func(context.Context) {}
	if before == nil {
		state := t.State
		t.State = token.StatePending
		if err := write(ctx); err != nil {
			return err
		}
		id, serial := t.ID, t.Serial
		before = t.Clone()
		t.State = state
		// what stays behind where this fails too is a pending token without a request
		discard = func(ctx context.Context) { _ = s.Store.DeleteToken(ctx, id, serial) }
	}
	detail, err := out.Outside.Ask(ctx, t)
	// what was made outside is kept, even if nobody waits for the answer any more
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err != nil {
		discard(ctx)
		return err
	}
	if err := write(ctx); err != nil {
		if undo := out.Outside.Undo; undo != nil {
			_ = undo(ctx)
		}
		discard(ctx)
		return err
	}
	if out.Detail == nil {
		out.Detail = map[string]any{}
	}
	maps.Copy(out.Detail, detail)
	return nil
}
