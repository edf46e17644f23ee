package passhash

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/go-crypt/x/crypt"
)

// cryptAlphabet is that of crypt(3): salts and digests are written in it.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// shaCryptScheme is SHA-256 crypt ($5$) and SHA-512 crypt ($6$). Without
// "rounds=" a string means 5000 rounds.
type shaCryptScheme struct {
	title, prefix string
	digest        func() hash.Hash
	digestChars   int
	rounds        int
}

func newSHACrypt(title string) (shaCryptScheme, bool) {
	switch title {
	case "sha256_crypt":
		return shaCryptScheme{title, "$5$", sha256.New, 43, 535000}, true
	case "sha512_crypt":
		return shaCryptScheme{title, "$6$", sha512.New, 86, 656000}, true
	}
	return shaCryptScheme{}, false
}

func (s shaCryptScheme) name() string            { return s.title }
func (s shaCryptScheme) owns(stored string) bool { return strings.HasPrefix(stored, s.prefix) }

func (s shaCryptScheme) read(stored string) (rounds int, salt, digest string, err error) {
	parts := strings.Split(strings.TrimPrefix(stored, s.prefix), "$")
	rounds = 5000
	if text, ok := strings.CutPrefix(parts[0], "rounds="); ok {
		if rounds, err = decimal(text, maxCryptRounds); err != nil {
			return 0, "", "", err
		}
		if rounds < 1000 {
			return 0, "", "", malformed("fewer than 1000 rounds")
		}
		parts = parts[1:]
	}
	if len(parts) != 2 || len(parts[0]) > 16 || len(parts[1]) != s.digestChars {
		return 0, "", "", malformed("not the parts of a crypt string")
	}
	return rounds, parts[0], parts[1], nil
}

func (s shaCryptScheme) parse(stored string) (check, error) {
	rounds, salt, digest, err := s.read(stored)
	if err != nil {
		return check{}, err
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		got := crypt.KeySHACrypt(s.digest, secret, []byte(salt), rounds)
		return subtle.ConstantTimeCompare(got, []byte(digest)) == 1
	}}, nil
}

func (s shaCryptScheme) current(stored string) bool {
	rounds, _, _, err := s.read(stored)
	return err == nil && rounds == s.rounds
}

func (s shaCryptScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := cryptSalt(rand, 16)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		digest := crypt.KeySHACrypt(s.digest, secret, []byte(salt), s.rounds)
		text := s.prefix
		if s.rounds != 5000 {
			text += "rounds=" + strconv.Itoa(s.rounds) + "$"
		}
		return text + salt + "$" + string(digest)
	}}, nil
}

// cryptSalt draws characters of the alphabet of crypt(3).
func cryptSalt(rand io.Reader, size int) (string, error) {
	salt, err := newSalt(rand, size)
	if err != nil {
		return "", err
	}
	for i, b := range salt {
		salt[i] = cryptAlphabet[b&63]
	}
	return string(salt), nil
}

// md5CryptScheme is MD5 crypt, $1$<salt>$<digest>.
type md5CryptScheme struct{}

func (md5CryptScheme) name() string            { return "md5_crypt" }
func (md5CryptScheme) owns(stored string) bool { return strings.HasPrefix(stored, "$1$") }
func (md5CryptScheme) current(string) bool     { return true }

func (md5CryptScheme) parse(stored string) (check, error) {
	salt, digest, ok := strings.Cut(strings.TrimPrefix(stored, "$1$"), "$")
	if !ok || len(salt) > 8 || len(digest) != 22 {
		return check{}, malformed("not the parts of a crypt string")
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		return subtle.ConstantTimeCompare(crypt.KeyMD5Crypt(secret, []byte(salt)), []byte(digest)) == 1
	}}, nil
}

func (md5CryptScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := cryptSalt(rand, 8)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		return "$1$" + salt + "$" + string(crypt.KeyMD5Crypt(secret, []byte(salt)))
	}}, nil
}
