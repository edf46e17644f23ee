package keystore

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeySize is the length of one AES-256 key, FileSize that of a plain key file:
// three keys one after the other, in the order of the slots.
const (
	KeySize  = 32
	FileSize = 3 * KeySize
	// wrappedOver is the length above which a key file is taken to be wrapped
	// with a password. A plain file may have a few bytes too many.
	wrappedOver = 100
)

// ErrWrongPassword is a password that does not open the wrapped key file.
var ErrWrongPassword = errors.New("the password does not open the key file")

var errMalformedFile = errors.New("malformed key file")

// Generate makes the content of a new plain key file: FileSize random bytes.
// The caller writes it with mode 0400.
func Generate(rand io.Reader) ([]byte, error) {
	keys := make([]byte, FileSize)
	if _, err := io.ReadFull(rand, keys); err != nil {
		return nil, fmt.Errorf("make encryption keys: %w", err)
	}
	return keys, nil
}

// Wrap protects the bytes of a key file with a password and returns the text of
// the protected file, "<iv hex>:<cipher hex>" without a line end. The AES-256
// key is the plain SHA-256 of the password, so only a long random password
// protects anything.
func Wrap(plain []byte, password string, rand io.Reader) (string, error) {
	iv := make([]byte, aes.BlockSize)
	if _, err := io.ReadFull(rand, iv); err != nil {
		return "", fmt.Errorf("wrap key file: %w", err)
	}
	block, err := passwordBlock(password)
	if err != nil {
		return "", err
	}
	data := padOld(plain)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return hex.EncodeToString(iv) + ":" + hex.EncodeToString(data), nil
}

// Unwrap returns the bytes protected by Wrap. White space around the text is
// ignored. A wrong password is nearly always noticed, as ErrWrongPassword.
func Unwrap(text, password string) ([]byte, error) {
	ivHex, cipherHex, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok {
		return nil, errMalformedFile
	}
	iv, data, err := decodePair(ivHex, cipherHex)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformedFile, err)
	}
	block, err := passwordBlock(password)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	plain, err := unpadOld(data)
	if err != nil {
		return nil, ErrWrongPassword
	}
	return plain, nil
}

func passwordBlock(password string) (cipher.Block, error) {
	key := sha256.Sum256([]byte(password))
	return aes.NewCipher(key[:])
}

// padOld is the padding of wrapped key files, and of values from before PKCS#7:
// hex text, the mark 01 02, zero bytes to a whole block.
func padOld(plain []byte) []byte {
	data := hex.AppendEncode(nil, plain)
	data = append(data, 1, 2)
	if rest := len(data) % aes.BlockSize; rest > 0 {
		data = append(data, make([]byte, aes.BlockSize-rest)...)
	}
	return data
}

func unpadOld(data []byte) ([]byte, error) {
	if end := bytes.LastIndex(data, []byte{1, 2}); end >= 0 {
		data = data[:end]
	}
	return hex.AppendDecode(nil, data)
}

func padPKCS7(plain []byte) []byte {
	n := aes.BlockSize - len(plain)%aes.BlockSize
	data := make([]byte, len(plain), len(plain)+n)
	copy(data, plain)
	return append(data, bytes.Repeat([]byte{byte(n)}, n)...)
}

// unpadPKCS7 reports false for anything that is not strict PKCS#7 (RFC 5652
// §6.3). Which check failed shows in no answer, so there is no padding oracle
// to close here: the ciphertext comes from our own database.
func unpadPKCS7(data []byte) ([]byte, bool) {
	if len(data) == 0 {
		return nil, false
	}
	n := int(data[len(data)-1])
	if n == 0 || n > aes.BlockSize || n > len(data) {
		return nil, false
	}
	for _, b := range data[len(data)-n:] {
		if int(b) != n {
			return nil, false
		}
	}
	return data[:len(data)-n], true
}

// decodePair decodes IV and ciphertext and checks their lengths. An empty
// ciphertext is allowed: it reads as the empty value.
func decodePair(ivHex, cipherHex string) (iv, data []byte, err error) {
	if iv, err = hex.DecodeString(ivHex); err != nil {
		return nil, nil, errors.New("the IV is not hex")
	}
	if len(iv) != aes.BlockSize {
		return nil, nil, fmt.Errorf("the IV has %d bytes", len(iv))
	}
	if data, err = hex.DecodeString(cipherHex); err != nil {
		return nil, nil, errors.New("the ciphertext is not hex")
	}
	if len(data)%aes.BlockSize != 0 {
		return nil, nil, fmt.Errorf("the ciphertext has %d bytes", len(data))
	}
	return iv, data, nil
}
