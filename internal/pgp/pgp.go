// Package pgp works with the key ring for encrypted token files, a home of GnuPG
// as installations have it. It runs the program gpg: only GnuPG reads and writes
// its private keys.
package pgp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// MinBits and MaxBits are the sizes of new keys.
const (
	MinBits = 2048
	MaxBits = 8192
)

// Limits of one run of gpg. Making a long key takes longest.
const (
	runTime   = 2 * time.Minute
	maxOutput = 32 << 20
)

// Key is a public key whose private key is in the ring.
type Key struct {
	ID          string // 16 hex digits
	Fingerprint string // 40 hex digits
	Armor       string // ASCII armour, to be given to makers of tokens
}

// Ring is a home of GnuPG. Nothing is wrong with one that does not exist yet.
type Ring struct{ Home string }

// Keys lists the keys that files can be encrypted for.
func (r Ring) Keys(ctx context.Context) ([]Key, error) {
	if info, err := os.Stat(r.Home); err != nil || !info.IsDir() {
		return nil, nil
	}
	out, err := r.run(ctx, nil, "--with-colons", "--list-secret-keys")
	if err != nil {
		return nil, err
	}
	keys := parseKeys(string(out))
	for i := range keys {
		armor, err := r.run(ctx, nil, "--armor", "--export", keys[i].Fingerprint)
		if err != nil {
			return nil, err
		}
		keys[i].Armor = string(armor)
	}
	return keys, nil
}

// parseKeys reads the listing of gpg with colons: the key's id is the fifth field
// of a record sec, its fingerprint the tenth of the next record fpr.
func parseKeys(listing string) []Key {
	var keys []Key
	open := false
	for line := range strings.SplitSeq(listing, "\n") {
		f := strings.Split(strings.TrimSpace(line), ":")
		switch {
		case len(f) > 9 && f[0] == "sec":
			keys, open = append(keys, Key{ID: f[4]}), true
		case len(f) > 9 && f[0] == "fpr" && open:
			keys[len(keys)-1].Fingerprint, open = f[9], false
		}
	}
	return keys
}

// Create makes an RSA key without a password, for the server must use it alone.
func (r Ring) Create(ctx context.Context, bits int) error {
	if bits < MinBits || bits > MaxBits {
		return fmt.Errorf("a key has %d to %d bits", MinBits, MaxBits)
	}
	if err := os.MkdirAll(r.Home, 0o700); err != nil {
		return err
	}
	wish := fmt.Sprintf("Key-Type: RSA\nKey-Length: %d\nName-Real: eduMFA Server\nName-Comment: Import\n%%no-protection\n%%commit\n", bits)
	_, err := r.run(ctx, []byte(wish), "--gen-key")
	return err
}

// Decrypt opens a file that was encrypted for one of the keys.
func (r Ring) Decrypt(ctx context.Context, message []byte) ([]byte, error) {
	return r.run(ctx, message, "--decrypt")
}

func (r Ring) run(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	c := exec.CommandContext(ctx, "gpg", append([]string{"--homedir", r.Home, "--batch", "--no-tty", "--quiet"}, args...)...)
	c.WaitDelay = time.Second // the agent that gpg starts keeps its pipes
	c.Stdin = bytes.NewReader(in)
	out, errs := &limited{left: maxOutput}, &limited{left: 4096}
	c.Stdout, c.Stderr = out, errs
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrWaitDelay):
		err = nil
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the program gpg (GnuPG) is not installed")
	}
	if err != nil {
		return nil, fmt.Errorf("gpg: %w: %s", err, strings.TrimSpace(errs.String()))
	}
	if out.left <= 0 {
		return nil, errors.New("gpg: the result is too large")
	}
	return out.Bytes(), nil
}

// limited keeps the beginning of what is written.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), max(l.left, 0))
	l.left -= len(p)
	l.Buffer.Write(p[:n])
	return len(p), nil
}
