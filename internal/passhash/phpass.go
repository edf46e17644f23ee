package passhash

import (
	"crypto/md5"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"io"
	"strings"
)

// phpassScheme is the portable hash of phpass: a prefix, one character for the
// binary logarithm of the rounds, eight characters of salt, the digest. $P$ and
// $H$ (phpBB) are MD5, $S$ (Drupal 7) is SHA-512 cut to 43 characters.
type phpassScheme struct {
	title       string
	prefixes    []string
	digest      func() hash.Hash
	digestChars int
	log2Rounds  int // for new hashes
}

const (
	phpassSaltChars  = 8
	phpassLeastLog2  = 7
	phpassMostLog2   = 22 // half a second
	phpassPrefixSize = 3
)

func phpassMD5() phpassScheme {
	return phpassScheme{"phpass", []string{"$P$", "$H$"}, md5.New, 22, 19}
}

func phpassDrupal() phpassScheme {
	return phpassScheme{"phpass_drupal", []string{"$S$"}, sha512.New, 43, 15}
}

func (s phpassScheme) name() string        { return s.title }
func (s phpassScheme) current(string) bool { return true }

func (s phpassScheme) owns(stored string) bool {
	for _, prefix := range s.prefixes {
		if strings.HasPrefix(stored, prefix) {
			return true
		}
	}
	return false
}

func (s phpassScheme) parse(stored string) (check, error) {
	rest := stored[phpassPrefixSize:]
	if len(rest) != 1+phpassSaltChars+s.digestChars {
		return check{}, malformed("length of a phpass string")
	}
	log2 := strings.IndexByte(cryptAlphabet, rest[0])
	if log2 < phpassLeastLog2 || log2 > phpassMostLog2 {
		return check{}, malformed("rounds of a phpass string")
	}
	salt, digest := rest[1:1+phpassSaltChars], rest[1+phpassSaltChars:]
	return check{matches: func(secret []byte, _ Grant) bool {
		return subtle.ConstantTimeCompare([]byte(s.compute(secret, salt, log2)), []byte(digest)) == 1
	}}, nil
}

func (s phpassScheme) compute(secret []byte, salt string, log2 int) string {
	h := s.digest()
	h.Write([]byte(salt))
	h.Write(secret)
	sum := h.Sum(nil)
	for range 1 << log2 {
		h.Reset()
		h.Write(sum)
		h.Write(secret)
		sum = h.Sum(sum[:0])
	}
	return encodeCrypt(sum)[:s.digestChars]
}

func (s phpassScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := cryptSalt(rand, phpassSaltChars)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string {
		return s.prefixes[0] + cryptAlphabet[s.log2Rounds:s.log2Rounds+1] + salt + s.compute(secret, salt, s.log2Rounds)
	}}, nil
}

// encodeCrypt writes bytes in the alphabet of crypt(3), the lowest six bits of
// each three bytes first.
func encodeCrypt(b []byte) string {
	var text []byte
	var v, bits uint
	for _, c := range b {
		v |= uint(c) << bits
		for bits += 8; bits >= 6; bits -= 6 {
			text = append(text, cryptAlphabet[v&63])
			v >>= 6
		}
	}
	if bits > 0 {
		text = append(text, cryptAlphabet[v&63])
	}
	return string(text)
}
