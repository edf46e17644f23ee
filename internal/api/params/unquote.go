package params

import (
	"strings"
	"unicode/utf8"
)

// Unquote decodes percent escapes (RFC 3986 §2.1) without ever failing: a "%"
// that is not followed by two hex digits stays, "+" stays, and bytes that are no
// UTF-8 become U+FFFD. It is the second decoding that most clients count on.
func Unquote(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return validUTF8(unescape(s))
}

func unescapeForm(s string) string {
	return validUTF8(unescape(strings.ReplaceAll(s, "+", " ")))
}

func unescape(s string) string {
	first := strings.IndexByte(s, '%')
	if first < 0 {
		return s
	}
	out := make([]byte, first, len(s))
	copy(out, s)
	for i := first; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// validUTF8 puts one U+FFFD in place of each longest part that begins a
// character but does not complete it, as Unicode recommends (chapter 3.9) and as
// stored values of such clients were made.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			size = brokenLen(s[i:])
		}
		out.WriteRune(r)
		i += size
	}
	return out.String()
}

// brokenLen is how many bytes at the beginning of s belong to one character
// that is not completed; at least one.
func brokenLen(s string) int {
	low, high, want := byte(0x80), byte(0xbf), 0
	switch c := s[0]; {
	case c >= 0xc2 && c <= 0xdf:
		want = 1
	case c >= 0xe0 && c <= 0xef:
		want = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		want = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for n <= want && n < len(s) && s[n] >= low && s[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}
