package passhash

import (
	"context"
	"errors"

	"edumfa/internal/secret"
)

// Peppered hashes the passwords of local administrators and recovery codes: the
// pepper (EDUMFA_PEPPER) stands before the password. Token PINs have none.
type Peppered struct {
	hasher *Hasher
	pepper secret.String
}

// WithPepper returns a hasher that puts the pepper in front.
func (h *Hasher) WithPepper(pepper secret.String) Peppered {
	return Peppered{hasher: h, pepper: pepper}
}

// Hash returns the string to store.
func (p Peppered) Hash(ctx context.Context, password secret.String) (string, error) {
	return p.hasher.Hash(ctx, secret.New(p.pepper.Reveal()+password.Reveal()))
}

// Verify reports whether the password belongs to the stored string. To "" (a
// NULL column) and to strings that cannot be read no password belongs.
func (p Peppered) Verify(ctx context.Context, stored string, password secret.String) (bool, error) {
	if stored == "" {
		return false, nil
	}
	ok, err := p.hasher.Verify(ctx, stored, secret.New(p.pepper.Reveal()+password.Reveal()))
	if errors.Is(err, ErrUnknownHash) || errors.Is(err, ErrMalformedHash) {
		return false, nil
	}
	return ok, err
}

// NeedsRehash is [Hasher.NeedsRehash].
func (p Peppered) NeedsRehash(stored string) bool { return p.hasher.NeedsRehash(stored) }

// Waste is [Hasher.Waste].
func (p Peppered) Waste(ctx context.Context, password secret.String) error {
	return p.hasher.Waste(ctx, secret.New(p.pepper.Reveal()+password.Reveal()))
}

// String hides the pepper.
func (p Peppered) String() string { return "***" }

// GoString hides the pepper.
func (p Peppered) GoString() string { return "***" }
