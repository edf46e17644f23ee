// Package passhash hashes and verifies the passwords and PINs the server keeps
// itself: token PINs, passwords of local administrators, recovery codes, the
// authentication cache, offline values. The strings are those of Python's
// passlib, so databases work in both directions.
//
// All expensive work runs in a [Queue] that bounds how much happens at a time
// and how many requests wait. Parameters in stored strings are bounded too: a
// row of a database must not be able to stop the server.
//
// It also verifies and writes the hashes of outside user stores ([UserStore]).
package passhash

import "errors"

var (
	// ErrUnknownHash is a stored string that belongs to no configured scheme.
	ErrUnknownHash = errors.New("unknown kind of password hash")
	// ErrMalformedHash is a stored string that begins like a known scheme and
	// cannot be read, or whose parameters would cost too much.
	ErrMalformedHash = errors.New("malformed password hash")
)

// maxSecretBytes is the length above which no password is hashed, the limit of
// passlib.
const maxSecretBytes = 4096

// Limits on the parameters of stored hashes.
const (
	maxArgonMemoryKiB = 1 << 20 // 1 GiB
	maxArgonWorkKiB   = 8 << 20 // memory times passes: several seconds
	maxPBKDF2Rounds   = 5_000_000
	maxBcryptCost     = 16
	maxCryptRounds    = 5_000_000
	maxSaltBytes      = 1024
)
