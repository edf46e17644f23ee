package passhash

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// scheme is one kind of hash string with the parameters for new ones.
type scheme interface {
	// name is passlib's name.
	name() string
	// owns reports whether a stored string is of this kind, readable or not.
	owns(stored string) bool
	// parse reads a stored string: ErrMalformedHash if it cannot.
	parse(stored string) (check, error)
	// current reports whether a readable string has the scheme's parameters.
	current(stored string) bool
	// prepare draws the salt for a new hash.
	prepare(rand io.Reader) (maker, error)
}

// check compares secrets with one stored hash.
type check struct {
	memory  int64 // working memory in bytes
	matches func(secret []byte, g Grant) bool
}

// maker makes one new hash.
type maker struct {
	memory int64
	hash   func(secret []byte, g Grant) string
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformedHash, fmt.Sprintf(format, args...))
}

func newSalt(rand io.Reader, size int) ([]byte, error) {
	salt := make([]byte, size)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return nil, fmt.Errorf("make salt: %w", err)
	}
	return salt, nil
}

// decodeBase64 reads unpadded standard Base64 without line breaks, which the
// decoder alone would skip.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, malformed("line break in Base64")
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return nil, malformed("bad Base64")
	}
	return b, nil
}

// decodeAdapted reads passlib's Base64 with "." in the place of "+".
func decodeAdapted(s string) ([]byte, error) {
	if strings.Contains(s, "+") {
		return nil, malformed("bad Base64")
	}
	return decodeBase64(strings.ReplaceAll(s, ".", "+"))
}

func encodeAdapted(b []byte) string {
	return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".")
}

// decimal reads a number without sign and leading zeros.
func decimal(s string, most int) (int, error) {
	if s == "" || (s[0] == '0' && s != "0") || s[0] == '+' || s[0] == '-' {
		return 0, malformed("bad number")
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > most {
		return 0, malformed("number %.20s is not below %d", s, most+1)
	}
	return n, nil
}
