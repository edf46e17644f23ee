package token

import (
	"context"
	"slices"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
)

// Store is what changing tokens needs of the database.
type Store interface {
	// UpdateToken stores what differs between before and t.
	UpdateToken(ctx context.Context, before, t *Token) error
}

// PINs makes what is stored of a PIN.
type PINs interface {
	Make(ctx context.Context, pin secret.String, encrypted bool) (string, error)
}

// Sealer encrypts values at rest.
type Sealer interface {
	Seal(text string) (Sealed, error)
}

// Service changes tokens that are there. Every method leaves the token it is
// given as it is stored afterwards. A locked token answers 1007 wherever a
// method does not say otherwise.
type Service struct {
	Store Store
	PINs  PINs
	Keys  Sealer
	// ReadablePIN tells the types whose PINs are always stored so that they can be
	// read again; nil is none.
	ReadablePIN func(tokenType string) bool
}

// ErrLocked is the error of a token that is locked.
func ErrLocked() error {
	return mfaerr.NewRequest(mfaerr.CodeTokenLocked, "This action is not possible, since the token is locked")
}

// Change stores what f makes of the token.
func (s *Service) Change(ctx context.Context, t *Token, f func(*Token) error) error {
	if t.Locked {
		return ErrLocked()
	}
	return s.force(ctx, t, f)
}

// force is Change for what locked tokens allow too.
func (s *Service) force(ctx context.Context, t *Token, f func(*Token) error) error {
	next := t.Clone()
	if err := f(next); err != nil {
		return err
	}
	if err := s.Store.UpdateToken(ctx, t, next); err != nil {
		return err
	}
	*t = *next
	return nil
}

// Assignment says how a token is given to a user.
type Assignment struct {
	Owner Owner
	// PIN, when set, replaces the token's.
	PIN       *secret.String
	Encrypted bool
}

// Assign gives a token that has no owner to a user. It is then in the owner's
// realm too.
func (s *Service) Assign(ctx context.Context, t *Token, a Assignment) error {
	return s.Change(ctx, t, func(n *Token) error {
		n.Owner = &a.Owner
		if !slices.Contains(n.Realms, a.Owner.Realm) {
			n.Realms = append(n.Realms, a.Owner.Realm)
		}
		n.resetFail()
		if a.PIN == nil {
			return nil
		}
		return s.setPIN(ctx, n, *a.PIN, a.Encrypted)
	})
}

// Unassign takes the token from its owner and empties its PIN, which only the
// owner should know. Its realms stay.
func (s *Service) Unassign(ctx context.Context, t *Token) error {
	return s.Change(ctx, t, func(n *Token) error {
		n.Owner = nil
		n.resetFail()
		return s.setPIN(ctx, n, secret.New(""), false)
	})
}

// Enable enables or disables a token; changed is false when it is so already,
// which is no error for a locked token either.
func (s *Service) Enable(ctx context.Context, t *Token, on bool) (changed bool, err error) {
	if t.Active == on {
		return false, nil
	}
	err = s.Change(ctx, t, func(n *Token) error {
		n.Active = on
		return nil
	})
	return err == nil, err
}

// Revoke ends a token for good: it is revoked, locked and inactive. Revoking
// once more is no error.
func (s *Service) Revoke(ctx context.Context, t *Token) error {
	return s.force(ctx, t, func(n *Token) error {
		n.Revoked, n.Locked, n.Active = true, true, false
		return nil
	})
}

// Reset sets the fail counter to 0.
func (s *Service) Reset(ctx context.Context, t *Token) error {
	return s.Change(ctx, t, func(n *Token) error {
		n.resetFail()
		return nil
	})
}

func (t *Token) resetFail() {
	t.FailCount = 0
	delete(t.Info, InfoFailExceeded)
}

// SetPIN replaces the PIN of logins.
func (s *Service) SetPIN(ctx context.Context, t *Token, pin secret.String, encrypted bool) error {
	return s.Change(ctx, t, func(n *Token) error { return s.setPIN(ctx, n, pin, encrypted) })
}

func (s *Service) setPIN(ctx context.Context, t *Token, pin secret.String, encrypted bool) error {
	encrypted = encrypted || s.ReadablePIN != nil && s.ReadablePIN(t.TypeKey())
	stored, err := s.PINs.Make(ctx, pin, encrypted)
	if err != nil {
		return err
	}
	t.PINHash, t.PINSeed = stored, ""
	return nil
}

// SetUserPIN keeps the PIN of the device's user, encrypted.
func (s *Service) SetUserPIN(ctx context.Context, t *Token, pin string) error {
	return s.Change(ctx, t, func(n *Token) (err error) {
		n.UserPIN, err = s.Keys.Seal(pin)
		return err
	})
}

// SetSOPIN keeps the PIN of the device's security officer, encrypted.
func (s *Service) SetSOPIN(ctx context.Context, t *Token, pin string) error {
	return s.Change(ctx, t, func(n *Token) (err error) {
		n.SOPIN, err = s.Keys.Seal(pin)
		return err
	})
}

// CopyPIN gives the token to the PIN of another.
func (s *Service) CopyPIN(ctx context.Context, from, to *Token) error {
	return s.Change(ctx, to, func(n *Token) error {
		n.PINHash, n.PINSeed = from.PINHash, from.PINSeed
		return nil
	})
}

// CopyOwner gives the token to the owner of another and puts it into the same
// realms. The PIN of the owner before is emptied.
func (s *Service) CopyOwner(ctx context.Context, from, to *Token) error {
	if from.Owner == nil {
		return mfaerr.NewTokenAdmin("The token %s has no owner to copy.", from.Serial)
	}
	return s.Change(ctx, to, func(n *Token) error {
		o := *from.Owner
		n.Owner, n.Realms = &o, slices.Clone(from.Realms)
		n.resetFail()
		return s.setPIN(ctx, n, secret.New(""), false)
	})
}

// SetRealms puts the token into just these realms. The owner stays. Locked
// tokens can be moved.
func (s *Service) SetRealms(ctx context.Context, t *Token, realms []string) error {
	return s.force(ctx, t, func(n *Token) error {
		n.Realms = nil
		for _, r := range realms {
			if r = strings.ToLower(r); !slices.Contains(n.Realms, r) {
				n.Realms = append(n.Realms, r)
			}
		}
		return nil
	})
}

// SetGroups puts the token into just these groups. Locked tokens can be grouped.
func (s *Service) SetGroups(ctx context.Context, t *Token, groups []string) error {
	return s.force(ctx, t, func(n *Token) error {
		n.Groups = slices.Clone(groups)
		return nil
	})
}

// SetInfo writes and, where the value is nil, removes tokeninfo.
func (s *Service) SetInfo(ctx context.Context, t *Token, info map[string]*string) error {
	return s.Change(ctx, t, func(n *Token) error {
		for k, v := range info {
			if v == nil {
				delete(n.Info, k)
				continue
			}
			n.Info[k] = Info{Value: *v}
		}
		return nil
	})
}
