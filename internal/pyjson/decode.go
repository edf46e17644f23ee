package pyjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Unmarshal decodes what Python's json.loads accepts: RFC 8259 and the words
// NaN, Infinity and -Infinity. Objects become Object (of equal names the last
// value wins, in the place of the first), arrays []any, integers int64 or, when
// they are longer, json.Number, all other numbers float64, strings string.
//
// Half a surrogate pair becomes the three bytes its code point would have in
// UTF-8: no valid text, but nothing is lost. Nesting is bounded.
func Unmarshal(data []byte) (any, error) {
	d := decoder{data: string(data)}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos != len(d.data) {
		return nil, d.fail("text after the value")
	}
	return v, nil
}

type decoder struct {
	data string
	pos  int
}

func (d *decoder) fail(what string) error {
	return fmt.Errorf("pyjson: %s at byte %d", what, d.pos)
}

func (d *decoder) space() {
	for d.pos < len(d.data) {
		switch d.data[d.pos] {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return
		}
	}
}

// take skips white space and reports whether the next byte is c, which it eats.
func (d *decoder) take(c byte) bool {
	d.space()
	if d.pos < len(d.data) && d.data[d.pos] == c {
		d.pos++
		return true
	}
	return false
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	d.space()
	if d.pos == len(d.data) {
		return nil, d.fail("end of text")
	}
	switch d.data[d.pos] {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		return d.text()
	}
	if v, ok := d.word(); ok {
		return v, nil
	}
	return d.number()
}

func (d *decoder) word() (any, bool) {
	rest := d.data[d.pos:]
	for _, w := range [...]struct {
		text  string
		value any
	}{
		{"null", nil}, {"true", true}, {"false", false},
		{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)},
	} {
		if len(rest) >= len(w.text) && rest[:len(w.text)] == w.text {
			d.pos += len(w.text)
			return w.value, true
		}
	}
	return nil, false
}

func (d *decoder) object(depth int) (any, error) {
	d.pos++
	o := Object{}
	if d.take('}') {
		return o, nil
	}
	// seen finds names that occur twice without a quadratic search.
	var seen map[string]int
	for {
		d.space()
		if d.pos == len(d.data) || d.data[d.pos] != '"' {
			return nil, d.fail("no name")
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if !d.take(':') {
			return nil, d.fail("no colon")
		}
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if seen == nil {
			seen = make(map[string]int)
		}
		if at, ok := seen[key]; ok {
			o[at].Value = value
		} else {
			seen[key] = len(o)
			o = append(o, Member{key, value})
		}
		if d.take('}') {
			return o, nil
		}
		if !d.take(',') {
			return nil, d.fail("no comma")
		}
	}
}

func (d *decoder) array(depth int) (any, error) {
	d.pos++
	items := []any{}
	if d.take(']') {
		return items, nil
	}
	for {
		item, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if d.take(']') {
			return items, nil
		}
		if !d.take(',') {
			return nil, d.fail("no comma")
		}
	}
}

func (d *decoder) number() (any, error) {
	end, integer := scanNumber(d.data[d.pos:])
	if end == 0 {
		return nil, d.fail("no value")
	}
	text := d.data[d.pos : d.pos+end]
	d.pos += end
	if integer {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return json.Number(text), nil
		}
		return n, nil
	}
	// A number out of range is infinite, as in Python.
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, d.fail("bad number")
	}
	return f, nil
}

// scanNumber returns how many bytes at the start of s are a number
// (RFC 8259 §6), 0 if none, and whether it is an integer.
func scanNumber(s string) (end int, integer bool) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	first := i
	i += digits(s[i:])
	if i == first {
		return 0, false
	}
	if s[first] == '0' {
		i = first + 1 // no leading zeros
	}
	integer = true
	if i < len(s) && s[i] == '.' {
		if n := digits(s[i+1:]); n > 0 {
			i += 1 + n
			integer = false
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if n := digits(s[j:]); n > 0 {
			i = j + n
			integer = false
		}
	}
	return i, integer
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// text decodes a string; the opening quote is at d.pos.
func (d *decoder) text() (string, error) {
	d.pos++
	start := d.pos
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; {
		case c == '"':
			s := d.data[start:d.pos]
			d.pos++
			if !utf8.ValidString(s) {
				return "", d.fail("text is not UTF-8")
			}
			return s, nil
		case c == '\\':
			return d.escapedText(start)
		case c < ' ':
			return "", d.fail("control character in text")
		}
		d.pos++
	}
	return "", d.fail("text without end")
}

func (d *decoder) escapedText(start int) (string, error) {
	if !utf8.ValidString(d.data[start:d.pos]) {
		return "", d.fail("text is not UTF-8")
	}
	buf := []byte(d.data[start:d.pos])
	for d.pos < len(d.data) {
		c := d.data[d.pos]
		switch {
		case c == '"':
			d.pos++
			return string(buf), nil
		case c == '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			buf = appendRune(buf, r)
		case c < ' ':
			return "", d.fail("control character in text")
		case c < utf8.RuneSelf:
			buf = append(buf, c)
			d.pos++
		default:
			r, size := utf8.DecodeRuneInString(d.data[d.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", d.fail("text is not UTF-8")
			}
			buf = utf8.AppendRune(buf, r)
			d.pos += size
		}
	}
	return "", d.fail("text without end")
}

// appendRune is utf8.AppendRune that also writes surrogate halves.
func appendRune(buf []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(buf, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return utf8.AppendRune(buf, r)
}

func (d *decoder) escape() (rune, error) {
	d.pos++
	if d.pos == len(d.data) {
		return 0, d.fail("text without end")
	}
	c := d.data[d.pos]
	d.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		high, ok := d.unit(d.pos)
		if !ok {
			return 0, d.fail("bad escape")
		}
		d.pos += 4
		if high >= 0xd800 && high < 0xdc00 && d.pos+6 <= len(d.data) && d.data[d.pos:d.pos+2] == `\u` {
			if low, ok := d.unit(d.pos + 2); ok && low >= 0xdc00 && low < 0xe000 {
				d.pos += 6
				return 0x10000 + (high-0xd800)<<10 + low - 0xdc00, nil
			}
		}
		return high, nil
	}
	return 0, d.fail("bad escape")
}

// unit reads four hex digits.
func (d *decoder) unit(at int) (rune, bool) {
	if at+4 > len(d.data) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(d.data[at : at+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
