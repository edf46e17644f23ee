// Package ocra computes answers to challenges after RFC 6287 (OCRA): which suites
// there are, what goes into the HMAC, and random questions.
package ocra

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/otp"
	"edumfa/internal/randtext"
)

// questionSize is the room for the question, in bytes (RFC 6287 §5.1).
const questionSize = 128

// Suite is a suite of RFC 6287 §6.
type Suite struct {
	text    string // as it was written: its letter case counts
	hash    string
	digits  int // 0 is the whole MAC
	Counter bool
	kind    string // QA, QH or QN
	length  int    // characters of a question
	// PIN is the hash of the PIN that goes in, "" for none.
	PIN string
	// Step is the length of a time step, zero for none.
	Step    time.Duration
	session bool
}

// Inputs are what goes into an answer beside the key.
type Inputs struct {
	Question string
	Counter  int64
	PIN      string // in clear
	// Steps is the number of time steps since 1970.
	Steps int64
}

// Parse reads a suite in any letter case.
func Parse(text string) (Suite, error) {
	s := Suite{text: text}
	parts := strings.Split(strings.ToUpper(text), ":")
	if len(parts) != 3 || parts[0] != "OCRA-1" {
		return s, errors.New("a suite has the form OCRA-1:HOTP-hash-digits:input")
	}
	function := strings.Split(parts[1], "-")
	if len(function) != 3 || function[0] != "HOTP" || hashOf(function[1]) == nil {
		return s, fmt.Errorf("%q is no function of a suite, like HOTP-SHA1-6", parts[1])
	}
	s.hash = function[1]
	n, err := strconv.Atoi(function[2])
	if err != nil || n != 0 && (n < 4 || n > otp.MaxDigits) {
		return s, fmt.Errorf("a suite has 0 or 4 to %d digits, not %s", otp.MaxDigits, function[2])
	}
	s.digits = n
	return s, s.readInput(strings.Split(parts[2], "-"))
}

func (s *Suite) readInput(parts []string) error {
	if parts[0] == "C" {
		s.Counter, parts = true, parts[1:]
	}
	if len(parts) < 1 || len(parts) > 2 || len(parts[0]) < 3 || !slices.Contains([]string{"QA", "QH", "QN"}, parts[0][:2]) {
		return errors.New("the input of a suite is a question like QN08, maybe with C- before it and one other field behind it")
	}
	n, err := strconv.Atoi(parts[0][2:])
	if err != nil || n < 4 || n > 64 {
		return errors.New("the question of a suite has 4 to 64 characters")
	}
	s.kind, s.length = parts[0][:2], n
	if len(parts) == 1 {
		return nil
	}
	return s.readSignature(parts[1])
}

func (s *Suite) readSignature(field string) error {
	kind, rest := field[:min(1, len(field))], field[min(1, len(field)):]
	switch kind {
	case "P":
		if hashOf(rest) == nil {
			return fmt.Errorf("the PIN of a suite is hashed with SHA1, SHA256 or SHA512, not %q", rest)
		}
		s.PIN = rest
		return nil
	case "S":
		n, err := strconv.Atoi(rest)
		if err != nil || !slices.Contains([]int{64, 128, 256, 512}, n) {
			return errors.New("the session of a suite has 64, 128, 256 or 512 bytes")
		}
		s.session = true
		return nil
	case "T":
		unit := map[byte]time.Duration{'S': time.Second, 'M': time.Minute, 'H': time.Hour}
		if len(rest) < 2 || unit[rest[len(rest)-1]] == 0 {
			break
		}
		n, err := strconv.Atoi(rest[:len(rest)-1])
		if err != nil || n < 1 || n > 59 {
			break
		}
		s.Step = time.Duration(n) * unit[rest[len(rest)-1]]
		return nil
	}
	return fmt.Errorf("%q is no field of a suite; there are PSHA1, T1M and their like", field)
}

func hashOf(name string) func() hash.Hash {
	switch name {
	case "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA512":
		return sha512.New
	}
	return nil
}

// Question makes a random question of the suite.
func (s Suite) Question(random io.Reader) (string, error) {
	switch s.kind {
	case "QN":
		return randtext.Numeric(random, s.length)
	case "QH":
		return randtext.Of(random, s.length, "0123456789abcdef")
	}
	return randtext.Alphanumeric(random, s.length)
}

// Answer is the response to a question: decimal digits, or the whole MAC in hex
// for suites without truncation. Sessions are not supported.
func (s Suite) Answer(key []byte, in Inputs) (string, error) {
	question, err := s.question(in.Question)
	if err != nil {
		return "", err
	}
	data := append([]byte(s.text), 0)
	if s.Counter {
		data = binary.BigEndian.AppendUint64(data, uint64(in.Counter))
	}
	data = append(data, question...)
	switch {
	case s.session:
		return "", errors.New("sessions are not supported")
	case s.PIN != "":
		h := hashOf(s.PIN)()
		h.Write([]byte(in.PIN))
		data = h.Sum(data)
	case s.Step != 0:
		data = binary.BigEndian.AppendUint64(data, uint64(in.Steps))
	}
	mac := hmac.New(hashOf(s.hash), key)
	mac.Write(data)
	sum := mac.Sum(nil)
	if s.digits == 0 {
		return hex.EncodeToString(sum), nil
	}
	value := fmt.Sprintf("%0*d", s.digits, otp.Truncate(sum))
	return value[len(value)-s.digits:], nil
}

// question is the question in bytes, filled with zeros. A number is written in
// hex, and an odd number of its digits is filled on the right.
func (s Suite) question(text string) ([]byte, error) {
	b := []byte(text)
	if len(b) > 2*questionSize {
		return nil, errors.New("the question is too long")
	}
	var err error
	switch s.kind {
	case "QN":
		n, ok := new(big.Int).SetString(text, 10)
		if !ok || n.Sign() < 0 {
			return nil, errors.New("the question is no number")
		}
		digits := n.Text(16)
		digits += strings.Repeat("0", len(digits)%2)
		b, err = hex.DecodeString(digits)
	case "QH":
		b, err = hex.DecodeString(text)
	}
	if err != nil {
		return nil, fmt.Errorf("the question is no hex: %w", err)
	}
	if len(b) > questionSize {
		return nil, errors.New("the question is too long")
	}
	return append(b, make([]byte, questionSize-len(b))...), nil
}

// Fits says why a question cannot be answered with the suite.
func (s Suite) Fits(question string) error {
	if s.session {
		return errors.New("sessions are not supported")
	}
	_, err := s.question(question)
	return err
}
