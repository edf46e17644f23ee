// Package pyjson writes JSON exactly as Python's json.dumps does with its
// defaults: ", " and ": " between items, everything outside ASCII as \uXXXX
// with lower-case digits, floats as Python's repr spells them. Signatures cover
// such text with sorted keys, and clients rebuild it byte by byte.
//
// Its decoder keeps the order of members and the difference between integers
// and floats, so that decoding and encoding gives the text Python would give.
package pyjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Member is one name and value of an Object.
type Member struct {
	Key   string
	Value any
}

// Object is a JSON object that keeps the order of its members. When a name
// occurs twice the text has it twice: callers use [Object.Set].
type Object []Member

// Get returns the value of a name.
func (o Object) Get(key string) (any, bool) {
	for i := range o {
		if o[i].Key == key {
			return o[i].Value, true
		}
	}
	return nil, false
}

// Set replaces the value of a name in its place, or appends it.
func (o *Object) Set(key string, value any) {
	for i := range *o {
		if (*o)[i].Key == key {
			(*o)[i].Value = value
			return
		}
	}
	*o = append(*o, Member{key, value})
}

// Delete returns the object without a name; o itself is not changed.
func (o Object) Delete(key string) Object {
	return slices.DeleteFunc(slices.Clone(o), func(m Member) bool { return m.Key == key })
}

// maxDepth bounds nesting in both directions, against exhausted stacks.
const maxDepth = 500

var errDepth = errors.New("pyjson: nested too deeply")

// Marshal returns the text of json.dumps(v): an Object in its own order, a map
// by sorted names. Values may be nil, bool, strings, integers, floats,
// json.Number, and slices, string maps, pointers and named types of these.
// Other types, structs above all, are errors.
func Marshal(v any) ([]byte, error) { return Append(nil, v) }

// MarshalSorted returns the text of json.dumps(v, sort_keys=True): every object
// at every level is sorted by code point.
func MarshalSorted(v any) ([]byte, error) { return AppendSorted(nil, v) }

// Append appends the text of [Marshal] to dst.
func Append(dst []byte, v any) ([]byte, error) { return encoder{}.value(dst, v, 0) }

// AppendSorted appends the text of [MarshalSorted] to dst.
func AppendSorted(dst []byte, v any) ([]byte, error) { return encoder{sorted: true}.value(dst, v, 0) }

type encoder struct{ sorted bool }

func (e encoder) value(dst []byte, v any, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return AppendString(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		return AppendFloat(dst, v), nil
	case json.Number:
		return appendNumber(dst, string(v))
	case Object:
		return e.object(dst, v, depth)
	case map[string]any:
		return e.stringMap(dst, v, depth)
	case []any:
		return array(dst, v, func(dst []byte, item any) ([]byte, error) { return e.value(dst, item, depth+1) })
	case []string:
		return array(dst, v, func(dst []byte, item string) ([]byte, error) { return AppendString(dst, item), nil })
	case []Object:
		return array(dst, v, func(dst []byte, item Object) ([]byte, error) { return e.value(dst, item, depth+1) })
	case []map[string]any:
		return array(dst, v, func(dst []byte, item map[string]any) ([]byte, error) { return e.value(dst, item, depth+1) })
	}
	return e.reflected(dst, reflect.ValueOf(v), depth)
}

func (e encoder) object(dst []byte, o Object, depth int) ([]byte, error) {
	if o == nil {
		return append(dst, "{}"...), nil
	}
	if e.sorted && !slices.IsSortedFunc(o, byKey) {
		o = slices.Clone(o)
		slices.SortStableFunc(o, byKey)
	}
	var err error
	dst = append(dst, '{')
	for i := range o {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(AppendString(dst, o[i].Key), ": "...)
		if dst, err = e.value(dst, o[i].Value, depth+1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// byKey orders by bytes, which for UTF-8 is the order of code points.
func byKey(a, b Member) int {
	switch {
	case a.Key < b.Key:
		return -1
	case a.Key > b.Key:
		return 1
	}
	return 0
}

func (e encoder) stringMap(dst []byte, m map[string]any, depth int) ([]byte, error) {
	if m == nil {
		return append(dst, "{}"...), nil
	}
	o := make(Object, 0, len(m))
	for key, value := range m {
		o = append(o, Member{key, value})
	}
	slices.SortFunc(o, byKey)
	return e.object(dst, o, depth)
}

func array[T any](dst []byte, items []T, one func([]byte, T) ([]byte, error)) ([]byte, error) {
	var err error
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if dst, err = one(dst, item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// reflected handles the rare types: other integer sizes, named types, pointers,
// typed slices and maps. A nil slice is [], a nil pointer null.
func (e encoder) reflected(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.String:
		return AppendString(dst, v.String()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return AppendFloat(dst, v.Float()), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return e.value(dst, v.Elem().Interface(), depth+1)
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return nil, fmt.Errorf("pyjson: bytes (%s) are not text", v.Type())
		}
		items := make([]any, v.Len())
		for i := range items {
			items[i] = v.Index(i).Interface()
		}
		return e.value(dst, items, depth)
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			m := make(map[string]any, v.Len())
			for _, key := range v.MapKeys() {
				m[key.String()] = v.MapIndex(key).Interface()
			}
			return e.stringMap(dst, m, depth)
		}
	}
	return nil, fmt.Errorf("pyjson: cannot encode %s", v.Type())
}

// AppendFloat appends a float as Python's repr spells it: the shortest digits
// that read back, always with a point or an exponent, which is used below 1e-4
// and from 1e16. Infinity and NaN have Python's names.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if !slices.Contains(dst[start:], '.') {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendNumber appends the text of a number in Python's spelling. Integers have
// any number of digits.
func appendNumber(dst []byte, text string) ([]byte, error) {
	end, integer := scanNumber(text)
	if end == 0 || end != len(text) {
		return nil, fmt.Errorf("pyjson: %q is no number", text)
	}
	if integer {
		if text == "-0" {
			text = "0"
		}
		return append(dst, text...), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, fmt.Errorf("pyjson: %w", err)
	}
	return AppendFloat(dst, f), nil
}

const hexDigits = "0123456789abcdef"

// AppendString appends a JSON string in ASCII. Half a surrogate pair in the
// three bytes its code point would have in UTF-8 is written as its escape, as
// [Unmarshal] reads it; other bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < utf8.RuneSelf {
			dst = appendEscape(dst, c)
			i++
		} else {
			r, size := decodeRune(s[i:])
			dst = appendUnicode(dst, r)
			i += size
		}
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return appendUnit(dst, uint16(c))
}

func appendUnicode(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		dst = appendUnit(dst, uint16(0xd800+r>>10))
		return appendUnit(dst, uint16(0xdc00+r&0x3ff))
	}
	return appendUnit(dst, uint16(r))
}

func appendUnit(dst []byte, u uint16) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// decodeRune is utf8.DecodeRuneInString that also reads surrogate halves.
func decodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, size
}
