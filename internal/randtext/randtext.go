// Package randtext makes random texts: transaction ids, PINs, passwords and
// registration codes, and checks texts against the rules for their contents that
// policies set. Every choice is uniform; randomness comes from the caller.
package randtext

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Classes of characters.
const (
	Letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	Digits      = "0123456789"
	Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

// Lengths of generated secrets where no policy sets one, in characters.
const (
	RegistrationLength = 24
	PasswordLength     = 12
	ApplicationLength  = 23 // application specific passwords
	RecoveryLength     = 24
)

// maxLength bounds what a setting or request can ask for.
const maxLength = 4096

// TransactionID is the id of a challenge: eight random bytes as a decimal
// number of 20 digits, with zeros on the left.
func TransactionID(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("random bytes for a transaction id: %w", err)
	}
	return fmt.Sprintf("%020d", binary.BigEndian.Uint64(b[:])), nil
}

// Of is a text of length characters out of the alphabet.
func Of(random io.Reader, length int, alphabet string) (string, error) {
	chars := []rune(alphabet)
	if len(chars) == 0 || length < 0 || length > maxLength {
		return "", fmt.Errorf("no random text of length %d out of %d characters", length, len(chars))
	}
	out := make([]rune, length)
	for i := range out {
		n, err := below(random, len(chars))
		if err != nil {
			return "", err
		}
		out[i] = chars[n]
	}
	return string(out), nil
}

// Alphanumeric is a text of ASCII letters and digits.
func Alphanumeric(random io.Reader, length int) (string, error) {
	return Of(random, length, Letters+Digits)
}

// Numeric is a text of decimal digits.
func Numeric(random io.Reader, length int) (string, error) { return Of(random, length, Digits) }

// Below is a uniform number from zero up to but without n.
func Below(random io.Reader, n int) (int, error) {
	if n < 1 {
		return 0, fmt.Errorf("no number below %d", n)
	}
	return below(random, n)
}

// below is a uniform number from zero up to but without n.
func below(random io.Reader, n int) (int, error) {
	limit := (1 << 32) / uint64(n) * uint64(n)
	var b [4]byte
	// A number above the limit would favour some results. It comes less than
	// every second time; a source that gives nothing else is broken.
	for range 200 {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0, fmt.Errorf("random bytes: %w", err)
		}
		if v := uint64(binary.BigEndian.Uint32(b[:])); v < limit {
			return int(v % uint64(n)), nil
		}
	}
	return 0, errors.New("the source of randomness does not look random")
}

func shuffle(random io.Reader, chars []rune) error {
	for i := len(chars) - 1; i > 0; i-- {
		j, err := below(random, i+1)
		if err != nil {
			return err
		}
		chars[i], chars[j] = chars[j], chars[i]
	}
	return nil
}
