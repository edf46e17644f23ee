package opensslcnf

import (
	"errors"
	"fmt"
	"strings"
)

var errTooLong = errors.New("the value is too long")

// expand takes quotes and escapes away and puts values in the places of
// variables.
func (f *File) expand(s, section string) Entry {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\'', '`':
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(unescaped(s[i]))
			}
		case '$':
			value, next, err := f.variable(s, i, section)
			if err != nil {
				return Entry{Err: err}
			}
			b.WriteString(value)
			i = next - 1
		default:
			b.WriteByte(c)
		}
		if b.Len() > maxValue {
			return Entry{Err: errTooLong}
		}
	}
	return Entry{Value: b.String()}
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	}
	return c
}

// variable reads $name, ${name}, $(name) and those with section:: before the
// name, at the place i. next is behind it.
func (f *File) variable(s string, i int, section string) (value string, next int, err error) {
	start := i
	i++
	closing := byte(0)
	if i < len(s) {
		switch s[i] {
		case '{':
			closing = '}'
		case '(':
			closing = ')'
		}
	}
	if closing != 0 {
		i++
	}
	word := func() string {
		from := i
		for i < len(s) && (s[i] == '_' || s[i] >= '0' && s[i] <= '9' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z') {
			i++
		}
		return s[from:i]
	}
	name := word()
	if strings.HasPrefix(s[i:], "::") {
		i += 2
		section, name = name, word()
	}
	if closing != 0 {
		if i >= len(s) || s[i] != closing {
			return "", 0, fmt.Errorf("the variable in %q is not closed", s[start:])
		}
		i++
	}
	value, found, err := f.Value(section, name)
	if err == nil && !found {
		err = fmt.Errorf("the variable %s is not defined", s[start:i])
	}
	return value, i, err
}
