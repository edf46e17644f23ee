package passhash

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/passhash/argon2"
)

// argonScheme is Argon2 as PHC strings:
// $argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<digest>.
type argonScheme struct {
	params              argon2.Params
	saltSize, digestLen int
}

type argonHash struct {
	params       argon2.Params
	salt, digest []byte
}

func (argonScheme) name() string { return "argon2" }

func (argonScheme) owns(stored string) bool {
	return strings.HasPrefix(stored, "$argon2i$") || strings.HasPrefix(stored, "$argon2d$") ||
		strings.HasPrefix(stored, "$argon2id$")
}

func argonMode(name string) (argon2.Mode, bool) {
	switch strings.ToLower(name) {
	case "id":
		return argon2.ID, true
	case "i":
		return argon2.I, true
	case "d":
		return argon2.D, true
	}
	return 0, false
}

func argonModeName(m argon2.Mode) string {
	return [...]string{argon2.D: "d", argon2.I: "i", argon2.ID: "id"}[m]
}

func parseArgon(stored string) (argonHash, error) {
	var h argonHash
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || !strings.HasPrefix(parts[1], "argon2") {
		return h, malformed("not the parts of an Argon2 string")
	}
	var ok bool
	if h.params.Mode, ok = argonMode(parts[1][len("argon2"):]); !ok || strings.ToLower(parts[1]) != parts[1] {
		return h, malformed("unknown Argon2 variant")
	}
	if parts[2] != "v=19" {
		return h, malformed("Argon2 version is not 19")
	}
	if err := h.parseCost(parts[3]); err != nil {
		return h, err
	}
	var err error
	if h.salt, err = decodeBase64(parts[4]); err != nil {
		return h, err
	}
	if h.digest, err = decodeBase64(parts[5]); err != nil {
		return h, err
	}
	if len(h.salt) == 0 || len(h.salt) > maxSaltBytes || len(h.digest) < 4 || len(h.digest) > 512 {
		return h, malformed("length of salt or digest")
	}
	return h, nil
}

func (h *argonHash) parseCost(text string) error {
	cost := strings.Split(text, ",")
	if len(cost) != 3 {
		return malformed("Argon2 parameters")
	}
	var values [3]int
	for i, name := range [...]string{"m=", "t=", "p="} {
		number, ok := strings.CutPrefix(cost[i], name)
		if !ok {
			return malformed("Argon2 parameters")
		}
		n, err := decimal(number, maxArgonMemoryKiB)
		if err != nil {
			return err
		}
		if n < 1 {
			return malformed("Argon2 parameter is zero")
		}
		values[i] = n
	}
	h.params.MemoryKiB, h.params.Time, h.params.Lanes = uint32(values[0]), uint32(values[1]), uint32(values[2])
	return checkArgon(h.params)
}

// checkArgon refuses parameters that the computation cannot take or that cost
// too much.
func checkArgon(p argon2.Params) error {
	switch {
	case p.Lanes < 1 || p.Lanes > 255 || p.Time < 1 || p.MemoryKiB < 1:
		return malformed("Argon2 parameters out of range")
	case p.MemoryKiB > maxArgonMemoryKiB || p.Time > maxArgonWorkKiB || uint64(p.Blocks())*uint64(p.Time) > maxArgonWorkKiB:
		return malformed("Argon2 parameters m=%d,t=%d cost too much", p.MemoryKiB, p.Time)
	}
	return nil
}

func argonMemory(p argon2.Params) int64 { return int64(p.Blocks()) * argon2.BlockBytes }

func runArgon(p argon2.Params, secret, salt []byte, keyLen int, g Grant) []byte {
	mem := g.queue.arenas.get(p.Blocks())
	defer g.queue.arenas.put(mem)
	return argon2.Key(p, mem.blocks, secret, salt, keyLen, g.Workers)
}

func (argonScheme) parse(stored string) (check, error) {
	h, err := parseArgon(stored)
	if err != nil {
		return check{}, err
	}
	return check{memory: argonMemory(h.params), matches: func(secret []byte, g Grant) bool {
		got := runArgon(h.params, secret, h.salt, len(h.digest), g)
		return subtle.ConstantTimeCompare(got, h.digest) == 1
	}}, nil
}

func (s argonScheme) current(stored string) bool {
	h, err := parseArgon(stored)
	return err == nil && h.params == s.params && len(h.digest) >= s.digestLen
}

func (s argonScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := newSalt(rand, s.saltSize)
	if err != nil {
		return maker{}, err
	}
	return maker{memory: argonMemory(s.params), hash: func(secret []byte, g Grant) string {
		digest := runArgon(s.params, secret, salt, s.digestLen, g)
		enc := base64.RawStdEncoding
		return fmt.Sprintf("$argon2%s$v=%d$m=%d,t=%d,p=%d$%s$%s", argonModeName(s.params.Mode), argon2.Version,
			s.params.MemoryKiB, s.params.Time, s.params.Lanes, enc.EncodeToString(salt), enc.EncodeToString(digest))
	}}, nil
}
