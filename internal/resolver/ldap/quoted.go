package ldap

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// doubleQuoted reads a JSON string (RFC 8259 §7), which YAML reads alike.
func (r *mapReader) doubleQuoted() (string, error) {
	var b strings.Builder
	for r.i++; r.i < len(r.s); r.i++ {
		switch c := r.s[r.i]; c {
		case '"':
			r.i++
			return b.String(), nil
		case '\\':
			c, ok := r.escape()
			if !ok {
				return "", r.fail("this escape is not known")
			}
			b.WriteRune(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", r.fail("a quote is not closed")
}

// escape reads what follows a backslash and leaves the position on its last
// character.
func (r *mapReader) escape() (rune, bool) {
	r.i++
	if r.i >= len(r.s) {
		return 0, false
	}
	switch c := r.s[r.i]; c {
	case '"', '\\', '/', '\'':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		u, ok := r.hex4()
		if !ok {
			return 0, false
		}
		if utf16.IsSurrogate(u) {
			if !strings.HasPrefix(r.s[r.i+1:], `\u`) {
				return utf8.RuneError, true
			}
			r.i += 2
			low, ok := r.hex4()
			if !ok {
				return 0, false
			}
			return utf16.DecodeRune(u, low), true
		}
		return u, true
	}
	return 0, false
}

// hex4 reads four hexadecimal digits after the position.
func (r *mapReader) hex4() (rune, bool) {
	if r.i+4 >= len(r.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(r.s[r.i+1:r.i+5], 16, 16)
	if err != nil {
		return 0, false
	}
	r.i += 4
	return rune(n), true
}
