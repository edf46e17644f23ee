package policy

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"edumfa/internal/pyregexp"
)

// Comparators of extended conditions.
const (
	Equals      = "equals"
	NotEquals   = "!equals"
	Contains    = "contains"
	NotContains = "!contains"
	Matches     = "matches"
	NotMatches  = "!matches"
	In          = "in"
	NotIn       = "!in"
	Smaller     = "<"
	Bigger      = ">"
)

// comparison is a comparator with its right side, compiled.
type comparison struct {
	kind    string // without "!"
	negated bool
	right   string
	pattern *pyregexp.Pattern
	list    []string
	number  *big.Int
	err     error
}

func compileComparison(comparator, right string) comparison {
	c := comparison{kind: comparator, right: right}
	if rest, ok := strings.CutPrefix(comparator, "!"); ok && rest != Smaller && rest != Bigger {
		c.kind, c.negated = rest, true
	}
	switch c.kind {
	case Equals, Contains:
	case Matches:
		c.pattern, c.err = compileWhole(right)
	case In:
		c.list, c.err = splitQuoted(right)
	case Smaller, Bigger:
		c.number, c.err = integer(right)
	default:
		c.err = fmt.Errorf("unknown comparator %q", comparator)
	}
	return c
}

// Compare compares a value with the right side of a condition. left is nil, a
// text, a number, a boolean or a list; a text never equals a number. An error
// means that the two cannot be compared.
func Compare(left any, comparator, right string) (bool, error) {
	return compileComparison(comparator, right).holds(left)
}

func (c comparison) holds(left any) (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	ok, err := c.positive(left)
	return err == nil && ok != c.negated, err
}

func (c comparison) positive(left any) (bool, error) {
	switch c.kind {
	case Equals:
		s, ok := left.(string)
		return ok && s == c.right, nil
	case Contains:
		items, ok := listOf(left)
		if !ok {
			return false, fmt.Errorf("the left value must be a list, not %T", left)
		}
		return slices.Contains(items, any(c.right)), nil
	case Matches:
		s, ok := left.(string)
		if !ok {
			return false, fmt.Errorf("a pattern needs a text, not %T", left)
		}
		return c.pattern.Match(s)
	case In:
		s, ok := left.(string)
		return ok && slices.Contains(c.list, s), nil
	}
	n, err := leftInteger(left)
	if err != nil {
		return false, err
	}
	if c.kind == Smaller {
		return n.Cmp(c.number) < 0, nil
	}
	return n.Cmp(c.number) > 0, nil
}

func listOf(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case []string:
		out := make([]any, len(l))
		for i, s := range l {
			out[i] = s
		}
		return out, true
	}
	return nil, false
}

// leftInteger reads the left side of < and >: nothing at all counts as 0.
func leftInteger(v any) (*big.Int, error) {
	switch x := v.(type) {
	case nil:
		return new(big.Int), nil
	case string:
		if x == "" {
			return new(big.Int), nil
		}
		return integer(x)
	case bool:
		if x {
			return big.NewInt(1), nil
		}
		return new(big.Int), nil
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return big.NewInt(r.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return new(big.Int).SetUint64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		if f := r.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			n, _ := big.NewFloat(f).Int(nil)
			return n, nil
		}
	}
	if items, ok := listOf(v); ok && len(items) == 0 {
		return new(big.Int), nil
	}
	return nil, fmt.Errorf("%T is no number", v)
}

// maxDigits bounds integers, as the interpreter the settings come from does.
const maxDigits = 4300

// integer reads a whole number as Python's int: blanks around, a sign, single
// underscores between digits.
func integer(s string) (*big.Int, error) {
	text := strings.TrimSpace(s)
	digits := strings.TrimLeft(text, "+-")
	clean := strings.ReplaceAll(digits, "_", "")
	if len(text)-len(digits) > 1 || len(clean) > maxDigits || clean == "" || strings.Trim(clean, "0123456789") != "" ||
		strings.Contains(digits, "__") || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") {
		return nil, fmt.Errorf("%.40q is no whole number", s)
	}
	n, ok := new(big.Int).SetString(clean, 10)
	if !ok {
		return nil, fmt.Errorf("%.40q is no whole number", s)
	}
	if strings.HasPrefix(text, "-") {
		n.Neg(n)
	}
	return n, nil
}

var errQuotes = errors.New("malformed list")

// splitQuoted splits a comma list whose elements may begin with a part in double
// quotes; a backslash takes the next character as it is, and blanks behind a
// comma do not count.
func splitQuoted(s string) ([]string, error) {
	if s == "" {
		return nil, nil
	}
	var out []string
	var b strings.Builder
	quoted, start := false, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			if i++; i >= len(s) {
				return nil, errQuotes
			}
			b.WriteByte(s[i])
			start = false
		case c == '"' && quoted:
			quoted = false
		case quoted:
			b.WriteByte(c)
		case c == ',':
			out = append(out, b.String())
			b.Reset()
			start = true
		case start && c == ' ':
		case start && c == '"':
			quoted, start = true, false
		default:
			b.WriteByte(c)
			start = false
		}
	}
	if quoted {
		return nil, errQuotes
	}
	return append(out, b.String()), nil
}
