// Package otp computes one-time passwords and finds them in windows: HOTP
// (RFC 4226), TOTP (RFC 6238), mOTP and values that are good for a long time
// step, together with how OTP keys are made, agreed in two steps and typed.
//
// Everything here is arithmetic: nothing is stored, no clock is read, and a
// value that was found is not used up. Callers compare counters with the stored
// one and consume them.
package otp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"strings"

	"edumfa/internal/mfaerr"
)

// MaxWindow limits how many counters one search tries, so that a window set
// far too wide cannot keep a processor busy for minutes.
const MaxWindow = 1 << 20

// MaxDigits is the longest value truncation can give with every digit used: 31
// bits are at most ten digits. Longer ones are filled with zeros on the left.
const MaxDigits = 10

// Hash is the name of the hash under the HMAC, as tokeninfo "hashlib" has it.
type Hash string

// The hashes that tokens may use.
const (
	SHA1   Hash = "sha1"
	SHA224 Hash = "sha224"
	SHA256 Hash = "sha256"
	SHA384 Hash = "sha384"
	SHA512 Hash = "sha512"
	MD5    Hash = "md5"
)

// ParseHash reads a hash name in any letter case; empty means SHA1.
func ParseHash(name string) (Hash, error) {
	h := Hash(strings.ToLower(strings.TrimSpace(name)))
	switch h {
	case "":
		return SHA1, nil
	case SHA1, SHA224, SHA256, SHA384, SHA512, MD5:
		return h, nil
	}
	return "", mfaerr.NewParameter("Unknown hash algorithm: %q", name)
}

// KeySize is how many bytes a generated OTP key for the hash has: 20, 32 or 64
// for the hashes of RFC 6238, 20 for the others.
func (h Hash) KeySize() int {
	switch h {
	case SHA256:
		return 32
	case SHA512:
		return 64
	}
	return 20
}

func (h Hash) maker() func() hash.Hash {
	switch h {
	case SHA224:
		return sha256.New224
	case SHA256:
		return sha256.New
	case SHA384:
		return sha512.New384
	case SHA512:
		return sha512.New
	case MD5:
		return md5.New
	}
	return sha1.New
}

// HOTP is the value of RFC 4226 §5.3 for a counter: decimal, exactly digits
// long. Zero digits give the text "0", which OCRA suites without truncation
// send. Unknown hashes count as SHA1; see [ParseHash].
func HOTP(key []byte, h Hash, counter int64, digits int) string {
	g := newGenerator(key, h, digits)
	return string(g.value(counter))
}

// Sum is an HMAC that is not truncated: what keys in challenge-response mode
// answer.
func Sum(key []byte, h Hash, message []byte) []byte {
	mac := hmac.New(h.maker(), key)
	mac.Write(message)
	return mac.Sum(nil)
}

// Truncate is the dynamic truncation of RFC 4226 §5.3, 31 bits. A sum shorter
// than 20 bytes (MD5) may be pointed behind its end; reading then goes on at
// its beginning. RFC 4226 does not define that case, and the values that do not
// wrap are what every implementation computes.
func Truncate(sum []byte) uint32 {
	n := len(sum)
	if n == 0 {
		return 0
	}
	offset := int(sum[n-1] & 0x0f)
	var bin uint32
	for i := range 4 {
		bin = bin<<8 | uint32(sum[(offset+i)%n])
	}
	return bin & 0x7fffffff
}

// Equal compares two values without telling by its duration where they differ.
func Equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// generator computes many values with one key and without new memory.
type generator struct {
	mac hash.Hash
	msg [8]byte
	sum []byte
	out []byte
}

func newGenerator(key []byte, h Hash, digits int) *generator {
	mac := hmac.New(h.maker(), key)
	return &generator{mac: mac, sum: make([]byte, 0, mac.Size()), out: make([]byte, max(digits, 0))}
}

// value is valid until the next call.
func (g *generator) value(counter int64) []byte {
	binary.BigEndian.PutUint64(g.msg[:], uint64(counter))
	g.mac.Reset()
	g.mac.Write(g.msg[:])
	g.sum = g.mac.Sum(g.sum[:0])
	return Decimal(g.out, Truncate(g.sum))
}

// Decimal writes the last len(dst) digits of n into dst, with zeros on the
// left; an empty dst gives "0".
func Decimal(dst []byte, n uint32) []byte {
	if len(dst) == 0 {
		return []byte{'0'}
	}
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// find tries counters from first (not below zero) up to but without end.
func (g *generator) find(first, end int64, otp string) (int64, bool) {
	if len(g.out) == 0 || len(otp) != len(g.out) {
		return 0, false
	}
	want := []byte(otp)
	for c := max(first, 0); c < end; c++ {
		if subtle.ConstantTimeCompare(g.value(c), want) == 1 {
			return c, true
		}
	}
	return 0, false
}
