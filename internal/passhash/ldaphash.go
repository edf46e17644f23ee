package passhash

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// saltedScheme is a digest over password and salt, written as in LDAP:
// {SSHA256}<Base64 of digest and salt>.
type saltedScheme struct {
	tag                 string
	digest              func() hash.Hash
	leastSalt, mostSalt int // bytes
	newSalt             int
}

func saltedSchemes() []saltedScheme {
	return []saltedScheme{
		{"{SHA}", sha1.New, 0, 0, 0},
		{"{SSHA}", sha1.New, 4, 16, 4},
		{"{SSHA256}", sha256.New, 4, 32, 4},
		{"{SSHA512}", sha512.New, 4, 32, 8},
	}
}

func (s saltedScheme) name() string            { return strings.Trim(s.tag, "{}") }
func (s saltedScheme) owns(stored string) bool { return strings.HasPrefix(stored, s.tag) }
func (s saltedScheme) current(string) bool     { return true }

func (s saltedScheme) parse(stored string) (check, error) {
	text := stored[len(s.tag):]
	if strings.ContainsAny(text, "\r\n") {
		return check{}, malformed("line break in Base64")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return check{}, malformed("bad Base64")
	}
	size := s.digest().Size()
	if len(data) < size+s.leastSalt || len(data) > size+s.mostSalt {
		return check{}, malformed("length of %s", s.tag)
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		return subtle.ConstantTimeCompare(s.sum(secret, data[size:]), data[:size]) == 1
	}}, nil
}

func (s saltedScheme) sum(secret, salt []byte) []byte {
	h := s.digest()
	h.Write(secret)
	h.Write(salt)
	return h.Sum(nil)
}

func (s saltedScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := newSalt(rand, s.newSalt)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		return s.tag + base64.StdEncoding.EncodeToString(append(s.sum(secret, salt), salt...))
	}}, nil
}

// hexScheme is SHA-256 without salt in hex, as OTRS keeps passwords.
type hexScheme struct{}

func (hexScheme) name() string        { return "OTRS" }
func (hexScheme) current(string) bool { return true }

func (hexScheme) owns(stored string) bool {
	return len(stored) == 2*sha256.Size && strings.Trim(stored, "0123456789abcdefABCDEF") == ""
}

func (hexScheme) parse(stored string) (check, error) {
	want := strings.ToLower(stored)
	return check{matches: func(secret []byte, _ Grant) bool {
		sum := sha256.Sum256(secret)
		return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(want)) == 1
	}}, nil
}

func (hexScheme) prepare(io.Reader) (maker, error) {
	return maker{hash: func(secret []byte, _ Grant) string {
		sum := sha256.Sum256(secret)
		return hex.EncodeToString(sum[:])
	}}, nil
}
