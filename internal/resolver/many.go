package resolver

import (
	"context"
	"errors"
)

// Many finds users by their ids: with one question where the store can, one by
// one elsewhere. Users that are not there are missing from the map.
func Many(ctx context.Context, r Resolver, ids []string) (map[string]User, error) {
	if b, can := r.(BatchByID); can {
		return b.ManyByID(ctx, ids)
	}
	out := make(map[string]User, len(ids))
	for _, id := range ids {
		u, err := r.ByID(ctx, id)
		if errors.Is(err, ErrNoUser) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[id] = u
	}
	return out, nil
}
