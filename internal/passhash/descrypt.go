package passhash

import (
	"crypto/subtle"
	"io"
	"strings"
)

// desCryptScheme is the oldest crypt(3): two characters of salt and eleven of
// digest, made by 25 rounds of DES (FIPS 46-3) whose expansion the salt
// disturbs. Only the low seven bits of the first eight bytes count.
type desCryptScheme struct{}

const desCryptSize = 13

func (desCryptScheme) name() string        { return "des_crypt" }
func (desCryptScheme) current(string) bool { return true }

func (desCryptScheme) owns(stored string) bool {
	return len(stored) == desCryptSize && strings.Trim(stored, cryptAlphabet) == ""
}

func (s desCryptScheme) parse(stored string) (check, error) {
	if !s.owns(stored) {
		return check{}, malformed("not a DES crypt string")
	}
	return check{matches: func(secret []byte, _ Grant) bool {
		return subtle.ConstantTimeCompare([]byte(desCrypt(secret, stored[:2])), []byte(stored)) == 1
	}}, nil
}

func (desCryptScheme) prepare(rand io.Reader) (maker, error) {
	salt, err := cryptSalt(rand, 2)
	if err != nil {
		return maker{}, err
	}
	return maker{hash: func(secret []byte, _ Grant) string { return desCrypt(secret, salt) }}, nil
}

// The tables of FIPS 46-3; positions count from 1, the leftmost bit.
func desIP() [64]byte {
	var t [64]byte
	for i := range t {
		row := [...]int{58, 60, 62, 64, 57, 59, 61, 63}[i/8]
		t[i] = byte(row - 8*(i%8))
	}
	return t
}

func desFP() [64]byte {
	var t [64]byte
	for i, from := range desIP() {
		t[from-1] = byte(i + 1)
	}
	return t
}

func desE() [48]byte {
	var t [48]byte
	for i := range t {
		t[i] = byte((i/6*4+i%6+31)%32 + 1)
	}
	return t
}

func desP() [32]byte {
	return [32]byte{
		16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
		2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
	}
}

func desPC1() [56]byte {
	return [56]byte{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
}

func desPC2() [48]byte {
	return [48]byte{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
}

// desS holds the substitution boxes, row after row.
func desS() [8][64]byte {
	return [8][64]byte{
		{
			14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
			4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
		},
		{
			15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
			0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
		},
		{
			10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
			13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
		},
		{
			7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
			10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
		},
		{
			2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
			4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
		},
		{
			12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
			9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
		},
		{
			4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
			1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
		},
		{
			13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
			7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
		},
	}
}

// permute picks the bits of v, which has width bits, in the order of the table.
func permute(v uint64, width int, table []byte) uint64 {
	var out uint64
	for _, from := range table {
		out = out<<1 | v>>(width-int(from))&1
	}
	return out
}

func desKeys(secret []byte) [16]uint64 {
	var key uint64
	for i := range 8 {
		key <<= 8
		if i < len(secret) {
			key |= uint64(secret[i]&0x7f) << 1
		}
	}
	pc1, pc2 := desPC1(), desPC2()
	cd := permute(key, 64, pc1[:])
	c, d := uint32(cd>>28), uint32(cd&(1<<28-1))
	var keys [16]uint64
	for round := range keys {
		shift := 2
		if round == 0 || round == 1 || round == 8 || round == 15 {
			shift = 1
		}
		c = (c<<shift | c>>(28-shift)) & (1<<28 - 1)
		d = (d<<shift | d>>(28-shift)) & (1<<28 - 1)
		keys[round] = permute(uint64(c)<<28|uint64(d), 56, pc2[:])
	}
	return keys
}

// desCrypt returns salt and digest. The salt is two characters of the alphabet.
func desCrypt(secret []byte, salt string) string {
	keys := desKeys(secret)
	e, p, boxes, ip, fp := desE(), desP(), desS(), desIP(), desFP()
	// Bit i of the salt, counted from the lowest, swaps the outputs i and i+24
	// of the expansion, counted from the left.
	bits := strings.IndexByte(cryptAlphabet, salt[0]) | strings.IndexByte(cryptAlphabet, salt[1])<<6
	var swap uint64
	for i := range 12 {
		if bits>>i&1 == 1 {
			swap |= 1 << (23 - i)
		}
	}
	round := func(half uint32, key uint64) uint32 {
		x := permute(uint64(half), 32, e[:])
		differ := (x>>24 ^ x) & swap
		x ^= differ | differ<<24
		x ^= key
		var out uint64
		for i := range 8 {
			six := x >> (42 - 6*i) & 63
			out = out<<4 | uint64(boxes[i][six&32|six&1<<4|six>>1&15])
		}
		return uint32(permute(out, 32, p[:]))
	}
	var block uint64
	for range 25 {
		v := permute(block, 64, ip[:])
		left, right := uint32(v>>32), uint32(v)
		for _, key := range keys {
			left, right = right, left^round(right, key)
		}
		block = permute(uint64(right)<<32|uint64(left), 64, fp[:])
	}
	text := []byte(salt)
	for i := range 11 {
		// 64 bits from the left and two zero bits at the end.
		if shift := 58 - 6*i; shift >= 0 {
			text = append(text, cryptAlphabet[block>>shift&63])
		} else {
			text = append(text, cryptAlphabet[block<<-shift&63])
		}
	}
	return string(text)
}
