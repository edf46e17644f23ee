package passhash

import (
	"bytes"
	"io"
	"strings"

	"github.com/go-crypt/x/bcrypt"
)

// bcryptScheme is bcrypt; only the first 72 bytes of a secret count.
type bcryptScheme struct{ cost int }

func (bcryptScheme) name() string { return "bcrypt" }

func (bcryptScheme) owns(stored string) bool {
	return strings.HasPrefix(stored, "$2a$") || strings.HasPrefix(stored, "$2b$") || strings.HasPrefix(stored, "$2y$")
}

func bcryptCost(stored string) (int, error) {
	const size = 60
	if len(stored) != size || stored[6] != '$' || stored[4] < '0' || stored[4] > '9' || stored[5] < '0' || stored[5] > '9' {
		return 0, malformed("not the parts of a bcrypt string")
	}
	cost := int(stored[4]-'0')*10 + int(stored[5]-'0')
	if cost < 4 || cost > maxBcryptCost {
		return 0, malformed("bcrypt cost %d", cost)
	}
	return cost, nil
}

func bcryptSecret(secret []byte) []byte { return secret[:min(len(secret), 72)] }

func (bcryptScheme) parse(stored string) (check, error) {
	if _, err := bcryptCost(stored); err != nil {
		return check{}, err
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		if bytes.IndexByte(secret, 0) >= 0 { // would end the password for other implementations
			return false
		}
		return bcrypt.CompareHashAndPassword([]byte(stored), bcryptSecret(secret)) == nil
	}}, nil
}

func (s bcryptScheme) current(stored string) bool {
	cost, err := bcryptCost(stored)
	return err == nil && cost == s.cost
}

func (s bcryptScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := newSalt(rand, 16)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		text, err := bcrypt.GenerateFromPasswordSalt(bcryptSecret(secret), salt, s.cost)
		if err != nil {
			return ""
		}
		// The computation is the same for all letters; passlib writes 2b.
		return "$2b$" + strings.TrimPrefix(strings.TrimPrefix(string(text), "$2a$"), "$2b$")
	}}, nil
}
