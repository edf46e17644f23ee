package pyliteral

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Repr writes v as Python's repr() does. The elements of a set are written in
// their order here; Python's own order is arbitrary. Bytes of a string that are
// no UTF-8 become surrogate escapes (\udc80), which [Parse] does not read. A
// value outside the model is written as <its Go type>.
func Repr(v any) string {
	var b strings.Builder
	writeRepr(&b, v, func(d *Dict) *Dict { return d })
	return b.String()
}

// Str writes v as Python's str() does: like [Repr], but a string is itself.
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// writeRepr writes v on one line, with the entries of each dict as order
// returns them.
func writeRepr(b *strings.Builder, v any, order func(*Dict) *Dict) {
	switch v := v.(type) {
	case List:
		b.WriteByte('[')
		writeElements(b, v, order)
		b.WriteByte(']')
	case Tuple:
		b.WriteByte('(')
		writeElements(b, v, order)
		if len(v) == 1 {
			b.WriteByte(',')
		}
		b.WriteByte(')')
	case Set:
		if len(v) == 0 {
			b.WriteString("set()")
			return
		}
		b.WriteByte('{')
		writeElements(b, v, order)
		b.WriteByte('}')
	case *Dict:
		b.WriteByte('{')
		sep := ""
		for key, value := range order(v).All() {
			b.WriteString(sep)
			writeRepr(b, key, order)
			b.WriteString(": ")
			writeRepr(b, value, order)
			sep = ", "
		}
		b.WriteByte('}')
	default:
		b.WriteString(scalarRepr(v))
	}
}

func writeElements(b *strings.Builder, elements []any, order func(*Dict) *Dict) {
	for i, e := range elements {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, e, order)
	}
}

func scalarRepr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *big.Int:
		return v.String()
	case float64:
		return floatRepr(v)
	case string:
		return stringRepr(v)
	case []byte:
		return bytesRepr(v)
	}
	return fmt.Sprintf("<%T>", v)
}

// floatRepr is the shortest text that reads back as f; with an exponent below
// 1e-4 and from 1e16 on.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	short := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, _ := strconv.Atoi(short[strings.IndexByte(short, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return short
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}

// quoteFor is the double quote only for a text with a single quote and no
// double one.
func quoteFor(s string) byte {
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		return '"'
	}
	return '\''
}

func stringRepr(s string) string {
	quote := quoteFor(s)
	b := []byte{quote}
	for i, r := range s {
		switch {
		case r == utf8.RuneError && isInvalid(s[i:]):
			b = fmt.Appendf(b, `\udc%02x`, s[i])
		case r < utf8.RuneSelf:
			b = appendASCII(b, byte(r), quote)
		case unicode.IsPrint(r):
			b = utf8.AppendRune(b, r)
		case r <= 0xff:
			b = fmt.Appendf(b, `\x%02x`, r)
		case r <= 0xffff:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = fmt.Appendf(b, `\U%08x`, r)
		}
	}
	return string(append(b, quote))
}

func isInvalid(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func bytesRepr(s []byte) string {
	quote := quoteFor(string(s))
	b := []byte{'b', quote}
	for _, c := range s {
		b = appendASCII(b, c, quote)
	}
	return string(append(b, quote))
}

// appendASCII writes one character; what is not printable ASCII, as an escape.
func appendASCII(b []byte, c, quote byte) []byte {
	switch {
	case c == quote || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, `\n`...)
	case c == '\r':
		return append(b, `\r`...)
	case c == '\t':
		return append(b, `\t`...)
	case c < ' ' || c > '~':
		return fmt.Appendf(b, `\x%02x`, c)
	}
	return append(b, c)
}
