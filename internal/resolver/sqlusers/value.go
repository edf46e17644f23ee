package sqlusers

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// undecodable is shown in place of bytes that are no text.
const undecodable = "decoding_error"

// value turns what a driver returns into what an attribute may be. Empty values
// of all types become nil, as they are left out.
func (c column) value(v any, encoding string) any {
	switch v := v.(type) {
	case int64:
		return orNil(v)
	case float64:
		return orNil(v)
	case float32:
		return orNil(float64(v))
	case int32:
		return orNil(int64(v))
	case uint64:
		if v > 1<<63-1 {
			return strconv.FormatUint(v, 10)
		}
		return orNil(int64(v))
	case bool:
		return orNil(v)
	case string:
		return orNil(strings.ToValidUTF8(v, "\uFFFD"))
	case []byte:
		if c.binary {
			return orNil(decode(v, encoding))
		}
		return orNil(strings.ToValidUTF8(string(v), "\uFFFD"))
	case time.Time:
		if c.date {
			return v.Format(time.DateOnly)
		}
		return v.Format("2006-01-02T15:04:05.999999")
	case nil:
		return nil
	}
	return fmt.Sprint(v)
}

func orNil[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// text is a value as the text that stands for it in ids.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// decode reads bytes in one of the encodings that occur in user tables.
func decode(b []byte, encoding string) string {
	name := strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(encoding))
	switch name {
	case "latin1", "iso88591", "l1", "8859":
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		return string(r)
	case "utf8", "u8":
		if utf8.Valid(b) {
			return string(b)
		}
	case "ascii", "usascii", "646":
		if strings.IndexFunc(string(b), func(r rune) bool { return r > 127 }) < 0 {
			return string(b)
		}
	}
	return undecodable
}
