package passhash

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/secret"
)

// PINKeys opens and makes encrypted PINs; *keystore.Store does.
type PINKeys interface {
	DecryptPIN(stored string) (string, error)
	EncryptPIN(pin string, rand io.Reader) (string, error)
}

// encryptedPIN begins a column pin_hash that holds an encrypted PIN.
const encryptedPIN = "@@"

// VerifyPIN reports whether pin is the PIN of a token with the columns pin_hash
// and pin_seed (NULL is ""). The column is, in this order: empty, for the empty
// PIN; an encrypted PIN behind "@@"; a hash string; else the old form, hex
// SHA-256 of the PIN and the bytes of the seed.
//
// A hash string that cannot be read makes every PIN wrong. Errors besides those
// of [Hasher]: what keys says of an encrypted PIN.
func (h *Hasher) VerifyPIN(ctx context.Context, keys PINKeys, pinHash, pinSeed string, pin secret.String) (bool, error) {
	if pinHash == "" {
		return pin.Empty(), nil
	}
	if strings.HasPrefix(pinHash, encryptedPIN) {
		clear, err := keys.DecryptPIN(pinHash)
		if err != nil {
			return false, fmt.Errorf("decrypt token PIN: %w", err)
		}
		return subtle.ConstantTimeCompare([]byte(clear), []byte(pin.Reveal())) == 1, nil
	}
	ok, err := h.Verify(ctx, pinHash, pin)
	switch {
	case errors.Is(err, ErrUnknownHash):
		return verifyOldPIN(pinHash, pinSeed, pin), nil
	case errors.Is(err, ErrMalformedHash):
		return false, nil
	}
	return ok, err
}

func verifyOldPIN(pinHash, pinSeed string, pin secret.String) bool {
	seed, err := hex.DecodeString(pinSeed)
	if err != nil {
		return false
	}
	sum := sha256.Sum256(append([]byte(pin.Reveal()), seed...))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(pinHash)) == 1
}

// PINColumn returns what to store in pin_hash for a new PIN, also the empty
// one: a hash, or with encrypt the encrypted PIN. pin_seed is then empty.
func (h *Hasher) PINColumn(ctx context.Context, keys PINKeys, pin secret.String, encrypt bool) (string, error) {
	if encrypt {
		return keys.EncryptPIN(pin.Reveal(), h.rand)
	}
	return h.Hash(ctx, pin)
}

// PINNeedsRehash is NeedsRehash for a column pin_hash: the old form needs it,
// an encrypted or empty PIN does not.
func (h *Hasher) PINNeedsRehash(pinHash string) bool {
	if pinHash == "" || strings.HasPrefix(pinHash, encryptedPIN) {
		return false
	}
	return !h.Known(pinHash) || h.NeedsRehash(pinHash)
}

// PINCheck verifies one PIN against many tokens and hashes only once for each
// distinct column: tokens whose PIN was copied share one. Not safe for
// concurrent use; made for one request.
type PINCheck struct {
	hasher *Hasher
	keys   PINKeys
	pin    secret.String
	seen   map[[2]string]bool
}

// NewPINCheck begins a check of one PIN.
func (h *Hasher) NewPINCheck(keys PINKeys, pin secret.String) *PINCheck {
	return &PINCheck{hasher: h, keys: keys, pin: pin, seen: make(map[[2]string]bool)}
}

// Matches is [Hasher.VerifyPIN]. Errors are not remembered.
func (c *PINCheck) Matches(ctx context.Context, pinHash, pinSeed string) (bool, error) {
	column := [2]string{pinHash, pinSeed}
	if ok, known := c.seen[column]; known {
		return ok, nil
	}
	ok, err := c.hasher.VerifyPIN(ctx, c.keys, pinHash, pinSeed, c.pin)
	if err == nil {
		c.seen[column] = ok
	}
	return ok, err
}
