package passhash

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"
	"strconv"
	"strings"
)

// pbkdf2Scheme is PBKDF2 (RFC 8018) as passlib writes it:
// $pbkdf2-sha512$<rounds>$<salt>$<digest>, for SHA-1 only $pbkdf2$.
type pbkdf2Scheme struct {
	title    string // passlib's name
	prefix   string // "$pbkdf2-sha512$"
	digest   func() hash.Hash
	rounds   int
	saltSize int
}

func newPBKDF2(title string) (pbkdf2Scheme, bool) {
	s := pbkdf2Scheme{title: title, saltSize: 16}
	switch title {
	case "pbkdf2_sha512":
		s.prefix, s.digest, s.rounds = "$pbkdf2-sha512$", sha512.New, 25000
	case "pbkdf2_sha256":
		s.prefix, s.digest, s.rounds = "$pbkdf2-sha256$", sha256.New, 29000
	case "pbkdf2_sha1":
		s.prefix, s.digest, s.rounds = "$pbkdf2$", sha1.New, 131000
	default:
		return s, false
	}
	return s, true
}

func (s pbkdf2Scheme) name() string            { return s.title }
func (s pbkdf2Scheme) owns(stored string) bool { return strings.HasPrefix(stored, s.prefix) }

func (s pbkdf2Scheme) read(stored string) (rounds int, salt, digest []byte, err error) {
	parts := strings.Split(strings.TrimPrefix(stored, s.prefix), "$")
	if len(parts) != 3 {
		return 0, nil, nil, malformed("not the parts of a PBKDF2 string")
	}
	if rounds, err = decimal(parts[0], maxPBKDF2Rounds); err != nil {
		return 0, nil, nil, err
	}
	if salt, err = decodeAdapted(parts[1]); err != nil {
		return 0, nil, nil, err
	}
	if digest, err = decodeAdapted(parts[2]); err != nil {
		return 0, nil, nil, err
	}
	if rounds < 1 || len(salt) > maxSaltBytes || len(digest) != s.digest().Size() {
		return 0, nil, nil, malformed("PBKDF2 rounds, salt or digest")
	}
	return rounds, salt, digest, nil
}

func (s pbkdf2Scheme) key(secret, salt []byte, rounds int) []byte {
	key, err := pbkdf2.Key(s.digest, string(secret), salt, rounds, s.digest().Size())
	if err != nil { // only with a length out of range or under FIPS rules
		return nil
	}
	return key
}

func (s pbkdf2Scheme) parse(stored string) (check, error) {
	rounds, salt, digest, err := s.read(stored)
	if err != nil {
		return check{}, err
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		return subtle.ConstantTimeCompare(s.key(secret, salt, rounds), digest) == 1
	}}, nil
}

func (s pbkdf2Scheme) current(stored string) bool {
	rounds, _, _, err := s.read(stored)
	return err == nil && rounds == s.rounds
}

func (s pbkdf2Scheme) prepare(rand io.Reader) (maker, error) {
	salt, err := newSalt(rand, s.saltSize)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		return s.prefix + strconv.Itoa(s.rounds) + "$" + encodeAdapted(salt) + "$" + encodeAdapted(s.key(secret, salt, s.rounds))
	}}, nil
}
