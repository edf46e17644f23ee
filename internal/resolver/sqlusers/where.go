package sqlusers

import (
	"errors"
	"fmt"
	"strings"
)

// condition is one part of the option Where.
type condition struct {
	column string
	op     string // "=", ">", "<" or "LIKE"
	value  string // with the % and _ of SQL for LIKE
}

// maxWhere bounds the length of the option in bytes.
const maxWhere = 16 << 10

// parseWhere reads "column op value and column op value ...". Parts are joined
// by " and " in any case; each has three words, so values have neither blanks
// nor quotes. What cannot be understood is an error: a condition that is left
// out would let in users that it was written to keep out.
func parseWhere(text string) ([]condition, error) {
	if len(text) > maxWhere {
		return nil, errors.New("it is too long")
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var list []condition
	for _, part := range splitAnd(text) {
		words := strings.Fields(part)
		if len(words) != 3 {
			return nil, fmt.Errorf("%q does not have the form column operator value", strings.TrimSpace(part))
		}
		c := condition{column: words[0], value: words[2]}
		switch op := strings.ToLower(words[1]); op {
		case "==":
			c.op = "="
		case ">", "<":
			c.op = op
		case "like":
			c.op = "LIKE"
		default:
			return nil, fmt.Errorf("operator %q is not known (==, >, < and like are)", words[1])
		}
		list = append(list, c)
	}
	return list, nil
}

// splitAnd splits at " and ", which ASCII case does not matter for.
func splitAnd(s string) []string {
	const and = " and "
	var out []string
	for i := 0; i+len(and) <= len(s); {
		if strings.EqualFold(s[i:i+len(and)], and) {
			out = append(out, s[:i])
			s, i = s[i+len(and):], 0
			continue
		}
		i++
	}
	return append(out, s)
}
