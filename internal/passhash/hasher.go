package passhash

import (
	"context"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/passhash/argon2"
	"edumfa/internal/secret"
)

// Settings choose the schemes.
type Settings struct {
	// Schemes are passlib's names, EDUMFA_HASH_ALGO_LIST: the first hashes, all
	// verify. Known are argon2, pbkdf2_sha512, pbkdf2_sha256, pbkdf2_sha1,
	// bcrypt, sha512_crypt, sha256_crypt and md5_crypt. Empty means argon2 and
	// pbkdf2_sha512.
	Schemes []string
	// Params is EDUMFA_HASH_ALGO_PARAMS: "<scheme>__<parameter>" to a number.
	// Parameters are rounds (for argon2 also time_cost), memory_cost (KiB),
	// parallelism, salt_size, digest_size, and the text argon2__type; others
	// are ignored.
	//
	// Without any argon2 parameter Argon2id takes 19456 KiB, 2 passes, 1 lane;
	// with some, the missing ones are 102400 KiB, 9 passes, 8 lanes, as older
	// installations have them.
	Params map[string]any
}

// Hasher hashes and verifies secrets. It is safe for concurrent use. Its methods
// wait for a slot of the queue: errors are of kind Busy, of the context, or as
// named.
type Hasher struct {
	queue   *Queue
	rand    io.Reader
	schemes []scheme
	argon   argonScheme
}

// New makes a hasher that draws salts from rand. An unknown scheme or a
// parameter out of range is an error.
func New(s Settings, q *Queue, rand io.Reader) (*Hasher, error) {
	names := s.Schemes
	if len(names) == 0 {
		names = []string{"argon2", "pbkdf2_sha512"}
	}
	params := params(s.Params)
	argon, err := params.argon()
	if err != nil {
		return nil, err
	}
	h := &Hasher{queue: q, rand: rand, argon: argon}
	for _, name := range names {
		scheme, err := params.scheme(name, argon)
		if err != nil {
			return nil, err
		}
		h.schemes = append(h.schemes, scheme)
	}
	return h, nil
}

// Hash returns the string to store for a secret, also for the empty one.
func (h *Hasher) Hash(ctx context.Context, s secret.String) (string, error) {
	return h.make(ctx, h.schemes[0], s)
}

// Verify reports whether a secret belongs to a stored string. Errors also:
// ErrUnknownHash, ErrMalformedHash.
func (h *Hasher) Verify(ctx context.Context, stored string, s secret.String) (bool, error) {
	for _, scheme := range h.schemes {
		if scheme.owns(stored) {
			return h.verify(ctx, scheme, stored, s)
		}
	}
	return false, ErrUnknownHash
}

// NeedsRehash reports whether a stored string, after a successful Verify, is
// worth replacing by a new one: another scheme than the first, or other
// parameters than the settings ask for, weaker or costlier. Strings that are no
// hash do not need it.
func (h *Hasher) NeedsRehash(stored string) bool {
	for i, scheme := range h.schemes {
		if scheme.owns(stored) {
			return i > 0 || !scheme.current(stored)
		}
	}
	return false
}

// Known reports whether a stored string belongs to one of the schemes.
func (h *Hasher) Known(stored string) bool {
	for _, scheme := range h.schemes {
		if scheme.owns(stored) {
			return true
		}
	}
	return false
}

// HashArgon2 is Hash with Argon2 whatever the list of schemes says, for the
// authentication cache.
func (h *Hasher) HashArgon2(ctx context.Context, s secret.String) (string, error) {
	return h.make(ctx, h.argon, s)
}

// VerifyArgon2 is Verify for Argon2 strings only; all others are
// ErrUnknownHash.
func (h *Hasher) VerifyArgon2(ctx context.Context, stored string, s secret.String) (bool, error) {
	if !h.argon.owns(stored) {
		return false, ErrUnknownHash
	}
	return h.verify(ctx, h.argon, stored, s)
}

// Waste takes as long as verifying a hash made now and says nothing. Asked for
// an account that does not exist, a server should not answer faster.
func (h *Hasher) Waste(ctx context.Context, s secret.String) error {
	_, err := h.Hash(ctx, s)
	return err
}

// OfflineRounds is the number of PBKDF2 rounds of offline values when the
// machine token names none.
const OfflineRounds = 6549

// HashOffline hashes values that a machine will check while it is offline:
// PBKDF2-SHA512 with 10 bytes of salt. The values share one slot of the queue.
func (h *Hasher) HashOffline(ctx context.Context, values []secret.String, rounds int) ([]string, error) {
	if rounds < 1 || rounds > maxPBKDF2Rounds {
		return nil, mfaerr.NewParameter("%d rounds are out of range", rounds)
	}
	scheme, _ := newPBKDF2("pbkdf2_sha512")
	scheme.rounds, scheme.saltSize = rounds, 10
	hashes := make([]string, 0, len(values))
	var failed error
	err := h.queue.Do(ctx, 0, func(g Grant) {
		for _, value := range values {
			m, err := scheme.prepare(h.rand)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				failed = err
				return
			}
			hashes = append(hashes, m.hash([]byte(value.Reveal()), g))
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return hashes, nil
}

func (h *Hasher) make(ctx context.Context, scheme scheme, s secret.String) (string, error) {
	return makeHash(ctx, h.queue, h.rand, scheme, s)
}

func makeHash(ctx context.Context, q *Queue, rand io.Reader, scheme scheme, s secret.String) (text string, err error) {
	if len(s.Reveal()) > maxSecretBytes {
		return "", mfaerr.NewParameter("the password has more than %d bytes", maxSecretBytes)
	}
	m, err := scheme.prepare(rand)
	if err != nil {
		return "", err
	}
	if err := q.Do(ctx, m.memory, func(g Grant) { text = m.hash([]byte(s.Reveal()), g) }); err != nil {
		return "", err
	}
	if text == "" {
		return "", fmt.Errorf("hash with %s failed", scheme.name())
	}
	return text, nil
}

func (h *Hasher) verify(ctx context.Context, scheme scheme, stored string, s secret.String) (bool, error) {
	return verifyHash(ctx, h.queue, scheme, stored, s)
}

func verifyHash(ctx context.Context, q *Queue, scheme scheme, stored string, s secret.String) (ok bool, err error) {
	c, err := scheme.parse(stored)
	if err != nil {
		return false, fmt.Errorf("%s: %w", scheme.name(), err)
	}
	if len(s.Reveal()) > maxSecretBytes {
		return false, nil
	}
	err = q.Do(ctx, c.memory, func(g Grant) { ok = c.matches([]byte(s.Reveal()), g) })
	return ok && err == nil, err
}

type params map[string]any

// number reads the first of several spellings of a parameter.
func (p params) number(def, least, most int, names ...string) (int, error) {
	for _, name := range names {
		value, ok := p[name]
		if !ok {
			continue
		}
		var n int64
		switch v := value.(type) {
		case int:
			n = int64(v)
		case int64:
			n = v
		case float64:
			n = int64(v)
		default:
			return 0, mfaerr.NewConfig("%s is no number", name)
		}
		if n < int64(least) || n > int64(most) {
			return 0, mfaerr.NewConfig("%s is not between %d and %d", name, least, most)
		}
		return int(n), nil
	}
	return def, nil
}

func (p params) has(scheme string) bool {
	for name := range p {
		if strings.HasPrefix(name, scheme+"__") {
			return true
		}
	}
	return false
}

func (p params) argon() (argonScheme, error) {
	memory, passes, lanes := 19456, 2, 1
	if p.has("argon2") {
		memory, passes, lanes = 102400, 9, 8
	}
	s := argonScheme{params: argon2.Params{Mode: argon2.ID}}
	var err error
	for _, field := range []struct {
		to          *int
		least, most int
		names       []string
	}{
		{&memory, 8, maxArgonMemoryKiB, []string{"argon2__memory_cost"}},
		{&passes, 1, maxArgonWorkKiB, []string{"argon2__rounds", "argon2__default_rounds", "argon2__time_cost"}},
		{&lanes, 1, 255, []string{"argon2__parallelism"}},
	} {
		if *field.to, err = p.number(*field.to, field.least, field.most, field.names...); err != nil {
			return s, err
		}
	}
	s.params.MemoryKiB, s.params.Time, s.params.Lanes = uint32(memory), uint32(passes), uint32(lanes)
	if err := checkArgon(s.params); err != nil {
		return s, mfaerr.NewConfig("the Argon2 parameters cost too much").WithCause(err)
	}
	if name, ok := p["argon2__type"].(string); ok {
		if s.params.Mode, ok = argonMode(name); !ok {
			return s, mfaerr.NewConfig("argon2__type is not ID, I or D")
		}
	}
	if s.saltSize, err = p.number(16, 8, 64, "argon2__salt_size", "argon2__salt_len"); err != nil {
		return s, err
	}
	s.digestLen, err = p.number(16, 16, 64, "argon2__digest_size", "argon2__hash_len", "argon2__checksum_size")
	return s, err
}

func (p params) scheme(name string, argon argonScheme) (scheme, error) {
	rounds := []string{name + "__rounds", name + "__default_rounds"}
	var err error
	switch name {
	case "argon2":
		return argon, nil
	case "bcrypt":
		s := bcryptScheme{}
		s.cost, err = p.number(12, 4, maxBcryptCost, rounds...)
		return s, err
	case "md5_crypt":
		return md5CryptScheme{}, nil
	}
	if s, ok := newPBKDF2(name); ok {
		if s.rounds, err = p.number(s.rounds, 1, maxPBKDF2Rounds, rounds...); err != nil {
			return nil, err
		}
		s.saltSize, err = p.number(16, 8, 64, name+"__salt_size")
		return s, err
	}
	if s, ok := newSHACrypt(name); ok {
		s.rounds, err = p.number(s.rounds, 1000, maxCryptRounds, rounds...)
		return s, err
	}
	return nil, mfaerr.NewConfig("password hash scheme %q is not supported", name)
}
