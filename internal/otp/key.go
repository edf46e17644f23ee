package otp

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"edumfa/internal/mfaerr"
)

// maxIterations bounds the work of one enrolment: several seconds of computing.
const maxIterations = 10_000_000

// maxKeySize is far above every key in use and keeps a request from asking for
// any amount of memory.
const maxKeySize = 1024

// GenerateKey makes an OTP key of size random bytes (1 to 1024).
func GenerateKey(random io.Reader, size int) ([]byte, error) {
	if size < 1 || size > maxKeySize {
		return nil, mfaerr.NewParameter("The size of a key is 1 to %d bytes", maxKeySize)
	}
	key := make([]byte, size)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("random bytes for a key: %w", err)
	}
	return key, nil
}

// CombineTwoStep makes the OTP key of a two-step enrolment out of the server's
// part, given as hex text, and the client's raw bytes: PBKDF2 with HMAC-SHA1
// (RFC 8018 §5.2), the password is the hex text in lower case, the salt is the
// client's part. The result has h.KeySize() bytes.
// Errors: 905 when the client's part has not clientSize bytes.
func CombineTwoStep(h Hash, serverHex string, client []byte, clientSize, iterations int) ([]byte, error) {
	if len(client) != clientSize {
		return nil, mfaerr.NewParameter("Client Secret Size is expected to be %d, but is %d", clientSize, len(client))
	}
	if iterations < 1 || iterations > maxIterations {
		return nil, mfaerr.NewParameter("Iterations of a two-step enrolment are 1 to %d", maxIterations)
	}
	key, err := pbkdf2.Key(sha1.New, strings.ToLower(serverHex), client, iterations, h.KeySize())
	if err != nil {
		return nil, fmt.Errorf("two-step key: %w", err)
	}
	return key, nil
}

// JoinTwoStep is how types without an HMAC key combine the two hex texts: the
// end of the server's part is replaced by the client's part.
func JoinTwoStep(serverHex, clientHex string) (string, error) {
	if len(serverHex) <= len(clientHex) {
		return "", mfaerr.NewParameter("The server component must be longer than the client component.")
	}
	return serverHex[:len(serverHex)-len(clientHex)] + clientHex, nil
}

// base32checkSum is how many bytes of SHA-1 stand before the payload.
const base32checkSum = 4

// EncodeBase32Check writes bytes the way people type them: base32 without
// padding over a checksum (the first four bytes of SHA-1) and the payload.
func EncodeBase32Check(payload []byte) string {
	sum := sha1.Sum(payload)
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(append(sum[:base32checkSum:base32checkSum], payload...))
}

// DecodeBase32Check reads what [EncodeBase32Check] writes, in any letter case
// and with or without padding. Errors: 905 naming what is wrong.
func DecodeBase32Check(text string) ([]byte, error) {
	bad := func(what string) ([]byte, error) {
		return nil, mfaerr.NewParameter("Malformed base32check data: %s", what)
	}
	if strings.ContainsAny(text, "\r\n") {
		return bad("Invalid base32")
	}
	bare := strings.TrimRight(strings.ToUpper(text), "=")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(bare)
	if err != nil || !wholeBytes(len(bare)) {
		return bad("Invalid base32")
	}
	if len(raw) < base32checkSum {
		return bad("Too short")
	}
	sum := sha1.Sum(raw[base32checkSum:])
	if !bytes.Equal(sum[:base32checkSum], raw[:base32checkSum]) {
		return bad("Incorrect checksum")
	}
	return raw[base32checkSum:], nil
}

// wholeBytes reports whether so many base32 characters are a number of bytes
// (RFC 4648 §6): one, three or six in the last group are not.
func wholeBytes(chars int) bool {
	switch chars % 8 {
	case 1, 3, 6:
		return false
	}
	return true
}

// DecodeKey reads an OTP key in one of the formats of the parameter
// "otpkeyformat": "hex" (also when empty) or "base32check".
func DecodeKey(text, format string) ([]byte, error) {
	switch format {
	case "", "hex":
		key, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, mfaerr.NewParameter("The OTP key is not hexadecimal")
		}
		return key, nil
	case "base32check":
		return DecodeBase32Check(text)
	}
	return nil, mfaerr.NewParameter("Unknown OTP key format: %q", format)
}
