// Package keystore keeps the three AES-256 keys of the server in memory and
// encrypts everything that is secret at rest: OTP keys, PINs that must be
// readable, passwords in settings.
//
// Values are AES-256-CBC with a random IV and PKCS#7 padding, without
// authentication: this is the format of existing databases. The keys come from
// a key file that is read once, plain or wrapped with a password; a wrapped one
// stays locked until [Store.Unlock].
package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"edumfa/internal/mfaerr"
)

// Slot names one of the keys by its use.
type Slot int

const (
	// Token encrypts OTP keys and PINs.
	Token Slot = iota
	// Config encrypts passwords in settings.
	Config
	// Value is in every key file and encrypts nothing so far.
	Value
)

const (
	// PINPrefix begins the column pin_hash when the PIN in it is encrypted.
	PINPrefix = "@@"
	// FailedPassword is what a stored password that cannot be decrypted reads
	// as; the program goes on with this text as the password.
	FailedPassword = "FAILED TO DECRYPT PASSWORD!"
)

// ErrUndecryptable is a stored value that is damaged or from another key.
var ErrUndecryptable = errors.New("stored value cannot be decrypted")

type blocks [3]cipher.Block

// Store holds the keys. Its methods are safe for concurrent use. While it is
// locked they fail with error 707 of kind Request.
type Store struct {
	wrapped string
	blocks  atomic.Pointer[blocks]
}

// Open reads a key file. A file longer than 100 bytes is wrapped with a
// password: the store is then locked.
func Open(path string) (*Store, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read encryption keys: %w", err)
	}
	s, err := New(file)
	if err != nil {
		return nil, fmt.Errorf("encryption keys in %s: %w", path, err)
	}
	return s, nil
}

// New makes a store of the content of a key file. It does not keep file.
func New(file []byte) (*Store, error) {
	s := new(Store)
	if len(file) > wrappedOver {
		s.wrapped = string(file)
		if iv, data, ok := strings.Cut(strings.TrimSpace(s.wrapped), ":"); !ok {
			return nil, errMalformedFile
		} else if _, _, err := decodePair(iv, data); err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformedFile, err)
		}
		return s, nil
	}
	if err := s.load(file); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) load(keys []byte) error {
	if len(keys) < FileSize {
		return fmt.Errorf("%w: %d bytes instead of %d", errMalformedFile, len(keys), FileSize)
	}
	var b blocks
	for i := range b {
		block, err := aes.NewCipher(keys[i*KeySize : (i+1)*KeySize])
		if err != nil {
			return err
		}
		b[i] = block
	}
	s.blocks.Store(&b)
	return nil
}

// Locked reports whether a password is needed before the keys can be used.
func (s *Store) Locked() bool { return s.blocks.Load() == nil }

// Wrapped reports whether the key file is kept with a password.
func (s *Store) Wrapped() bool { return s.wrapped != "" }

// Unlock opens a wrapped key file for this process. Unlocking a store that is
// open already succeeds with any password. A wrong password is an error 707 of
// kind Request that wraps ErrWrongPassword.
func (s *Store) Unlock(password string) error {
	if !s.Locked() {
		return nil
	}
	keys, err := Unwrap(s.wrapped, password)
	if err == nil {
		err = s.load(keys)
	}
	clear(keys)
	if err != nil {
		return mfaerr.NewRequest(mfaerr.CodeHSM, "the password does not open the encryption keys").
			WithCause(fmt.Errorf("%w: %w", ErrWrongPassword, err))
	}
	return nil
}

func (s *Store) block(slot Slot) (cipher.Block, error) {
	b := s.blocks.Load()
	if b == nil {
		return nil, mfaerr.NewRequest(mfaerr.CodeHSM, "hsm not ready!")
	}
	if slot < Token || slot > Value {
		return nil, fmt.Errorf("no encryption key %d", slot)
	}
	return b[slot], nil
}

// Encrypt encrypts a value of any length, also the empty one, with a new IV
// from rand. Both results are lower-case hex, as the column pairs hold them.
func (s *Store) Encrypt(slot Slot, plain []byte, rand io.Reader) (cipherHex, ivHex string, err error) {
	block, err := s.block(slot)
	if err != nil {
		return "", "", err
	}
	var iv [aes.BlockSize]byte
	if _, err := io.ReadFull(rand, iv[:]); err != nil {
		return "", "", fmt.Errorf("make IV: %w", err)
	}
	data := padPKCS7(plain)
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(data, data)
	return hex.EncodeToString(data), hex.EncodeToString(iv[:]), nil
}

// Decrypt undoes [Store.Encrypt]. It also reads values with the padding that
// was used before PKCS#7. A damaged value is ErrUndecryptable.
func (s *Store) Decrypt(slot Slot, cipherHex, ivHex string) ([]byte, error) {
	block, err := s.block(slot)
	if err != nil {
		return nil, err
	}
	iv, data, err := decodePair(ivHex, cipherHex)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUndecryptable, err)
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	if plain, ok := unpadPKCS7(data); ok {
		return plain, nil
	}
	plain, err := unpadOld(data)
	if err != nil {
		return nil, fmt.Errorf("%w: bad padding", ErrUndecryptable)
	}
	return plain, nil
}

// EncryptPassword returns the password form "<iv hex>:<cipher hex>" of a
// password in a setting (slot Config).
func (s *Store) EncryptPassword(plain string, rand io.Reader) (string, error) {
	return s.encryptText(Config, plain, rand)
}

// DecryptPassword reads the password form. What cannot be decrypted reads as
// FailedPassword, without an error: one damaged setting must not stop all
// others from loading. The only error is that of a locked store.
func (s *Store) DecryptPassword(stored string) (string, error) {
	text, err := s.decryptText(Config, stored)
	if errors.Is(err, ErrUndecryptable) {
		return FailedPassword, nil
	}
	return text, err
}

// EncryptPIN returns the column form of an encrypted PIN: PINPrefix and
// "<iv hex>:<cipher hex>" (slot Token).
func (s *Store) EncryptPIN(pin string, rand io.Reader) (string, error) {
	text, err := s.encryptText(Token, pin, rand)
	if err != nil {
		return "", err
	}
	return PINPrefix + text, nil
}

// DecryptPIN reads an encrypted PIN, with or without PINPrefix. A damaged value
// is ErrUndecryptable.
func (s *Store) DecryptPIN(stored string) (string, error) {
	return s.decryptText(Token, strings.TrimPrefix(stored, PINPrefix))
}

func (s *Store) encryptText(slot Slot, plain string, rand io.Reader) (string, error) {
	data, iv, err := s.Encrypt(slot, []byte(plain), rand)
	if err != nil {
		return "", err
	}
	return iv + ":" + data, nil
}

func (s *Store) decryptText(slot Slot, stored string) (string, error) {
	iv, data, _ := strings.Cut(stored, ":")
	plain, err := s.Decrypt(slot, data, iv)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(plain) {
		return "", fmt.Errorf("%w: not UTF-8", ErrUndecryptable)
	}
	return string(plain), nil
}

// String hides the keys.
func (s *Store) String() string { return "***" }

// GoString hides the keys.
func (s *Store) GoString() string { return "***" }

// LogValue hides the keys.
func (s *Store) LogValue() slog.Value { return slog.StringValue("***") }
