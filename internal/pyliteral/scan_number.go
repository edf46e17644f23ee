package pyliteral

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is the longest decimal integer, Python's own limit.
const maxDigits = 4300

// number reads an integer or float (Python reference, sections 2.4.5, 2.4.6).
func (s *Scanner) number(pos Pos) (Token, error) {
	text := s.numberText()
	s.at += len(text)
	if next := s.peekName(); next == "j" || next == "J" {
		return Token{}, Errorf(pos, "complex numbers are not supported")
	} else if next != "" || s.at < len(s.src) && isDigit(s.src[s.at]) {
		return Token{}, Errorf(pos, "malformed number")
	}
	v, ok := numberValue(text)
	if !ok {
		return Token{}, Errorf(pos, "malformed number")
	}
	return Token{Kind: Value, Text: text, Value: v, Pos: pos}, nil
}

// numberText returns the longest text that looks like a number.
func (s *Scanner) numberText() string {
	rest := s.src[s.at:]
	if len(rest) > 1 && rest[0] == '0' && strings.IndexByte("xXoObB", rest[1]) >= 0 {
		return rest[:2+span(rest[2:], isHexOrUnderscore)]
	}
	n := span(rest, isDigitOrUnderscore)
	if n < len(rest) && rest[n] == '.' {
		n++
		n += span(rest[n:], isDigitOrUnderscore)
	}
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		e := n + 1
		if e < len(rest) && (rest[e] == '+' || rest[e] == '-') {
			e++
		}
		if digits := span(rest[e:], isDigitOrUnderscore); digits > 0 {
			n = e + digits
		}
	}
	return rest[:n]
}

func numberValue(text string) (any, bool) {
	digits, ok := dropUnderscores(text)
	if !ok {
		return nil, false
	}
	base := 10
	switch {
	case len(digits) > 1 && digits[0] == '0' && strings.IndexByte("xXoObB", digits[1]) >= 0:
		base = map[byte]int{'x': 16, 'o': 8, 'b': 2}[digits[1]|0x20]
		digits = digits[2:]
	case strings.ContainsAny(digits, ".eE"):
		// A number out of range is infinite, as in Python.
		f, err := strconv.ParseFloat(digits, 64)
		return f, err == nil || errors.Is(err, strconv.ErrRange)
	case len(digits) > maxDigits:
		return nil, false
	case digits[0] == '0' && strings.Trim(digits, "0") != "":
		return nil, false // 007 is no decimal number in Python
	}
	i, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, false
	}
	return integer(i), true
}

// dropUnderscores removes the underscores, each of which must stand between
// two digits or between a base prefix and a digit.
func dropUnderscores(text string) (string, bool) {
	based := len(text) > 1 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0
	digit := isDigit
	if based {
		digit = isHex
	}
	for i := range len(text) {
		if text[i] != '_' {
			continue
		}
		afterPrefix := based && i == 2
		if i == 0 || i+1 == len(text) || !digit(text[i+1]) || !afterPrefix && !digit(text[i-1]) {
			return "", false
		}
	}
	return strings.ReplaceAll(text, "_", ""), true
}

// integer returns i as int64 if it fits.
func integer(i *big.Int) any {
	if i.IsInt64() {
		return i.Int64()
	}
	return i
}

func span(text string, in func(byte) bool) int {
	for i := range len(text) {
		if !in(text[i]) {
			return i
		}
	}
	return len(text)
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isHexOrUnderscore(c byte) bool { return c == '_' || isHex(c) }

func isDigitOrUnderscore(c byte) bool { return c == '_' || isDigit(c) }
