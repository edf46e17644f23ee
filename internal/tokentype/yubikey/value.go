package yubikey

import (
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// valueLength is that of the encrypted part of a value, at its end.
const valueLength = 32

// modhex are the sixteen letters that every keyboard layout has at the same
// place, for the values 0 to 15.
const modhex = "cbdefghijklnrtuv"

// value is what a Yubikey said.
type value struct {
	prefix  string
	id      string // hex of the private id, 6 bytes
	counter int64  // how often it was plugged in × 256 + values since then
}

// decrypt opens a value with an AES-128 key, 32 hex digits. The block is
// private id (6 bytes), use counter (2, little endian), time (3), session
// counter (1), random (2), CRC (2). ok is false when it is none, or is that of
// another key.
func decrypt(key, text string) (v value, ok bool) {
	if len(key) != keyDigits || len(text) < valueLength {
		return value{}, false
	}
	at := len(text) - valueLength
	block, ok := decodeModhex(text[at:])
	if !ok {
		return value{}, false
	}
	k, err := hex.DecodeString(key)
	if err != nil {
		return value{}, false
	}
	c, err := aes.NewCipher(k)
	if err != nil {
		return value{}, false
	}
	c.Decrypt(block, block)
	if crc16(block) != crcResidue {
		return value{}, false
	}
	uses := binary.LittleEndian.Uint16(block[6:])
	return value{prefix: text[:at], id: hex.EncodeToString(block[:6]), counter: int64(uses)<<8 | int64(block[11])}, true
}

// decodeModhex reads lower-case modhex; ok is false for anything else.
func decodeModhex(text string) (b []byte, ok bool) {
	if len(text)%2 != 0 {
		return nil, false
	}
	b = make([]byte, len(text)/2)
	for i := range len(text) {
		n := strings.IndexByte(modhex, text[i])
		if n < 0 {
			return nil, false
		}
		b[i/2] = b[i/2]<<4 | byte(n)
	}
	return b, true
}

// crcResidue is the checksum of a block with its own right checksum at the end.
const crcResidue = 0xf0b8

// crc16 is the CRC of ISO 13239 without its final complement.
func crc16(b []byte) uint16 {
	crc := uint16(0xffff)
	for _, x := range b {
		crc ^= uint16(x)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= 0x8408
			}
		}
	}
	return crc
}
