package pyregexp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape translates a backslash outside of a class.
func (t *translator) escape() error {
	if t.pos+1 >= len(t.src) {
		return errors.New("bad escape at the end")
	}
	c := t.src[t.pos+1]
	switch {
	case c == 'A' || c == 'b' || c == 'B':
		t.pos += 2
		t.out.WriteString(`\` + string(c))
		t.atom = -1
		return nil
	case c == 'Z':
		t.pos += 2
		t.out.WriteString(`\z`)
		t.atom = -1
		return nil
	case strings.ContainsRune("dDsSwW", c):
		t.pos += 2
		t.begin()
		t.out.WriteString(t.shorthand(c))
		return nil
	case c >= '1' && c <= '9':
		return t.reference()
	}
	r, err := t.character()
	if err != nil {
		return err
	}
	t.begin()
	t.out.WriteString(exact(r))
	return nil
}

// reference translates \1 to \99 or an octal character of three digits.
func (t *translator) reference() error {
	digits := string(t.src[t.pos+1 : min(len(t.src), t.pos+4)])
	if len(digits) == 3 && digits[0] <= '3' && octal(digits) {
		n, _ := strconv.ParseInt(digits, 8, 32)
		t.pos += 4
		t.begin()
		t.out.WriteString(exact(rune(n)))
		return nil
	}
	end := t.pos + 2
	if end < len(t.src) && t.src[end] >= '0' && t.src[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(t.src[t.pos+1 : end]))
	if err != nil || n > t.groups {
		return fmt.Errorf("invalid group reference %s", string(t.src[t.pos+1:end]))
	}
	t.pos = end
	t.begin()
	fmt.Fprintf(&t.out, `(?:\%d)`, n)
	return nil
}

// character reads an escaped single character at pos.
func (t *translator) character() (rune, error) {
	c := t.src[t.pos+1]
	t.pos += 2
	switch c {
	case 'a':
		return '\a', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'v':
		return '\v', nil
	case 'x':
		return t.hex(2)
	case 'u':
		return t.hex(4)
	case 'U':
		return t.hex(8)
	case '0':
		n := rune(0)
		for i := 0; i < 2 && t.more() && t.src[t.pos] >= '0' && t.src[t.pos] <= '7'; i++ {
			n = n*8 + t.src[t.pos] - '0'
			t.pos++
		}
		return n, nil
	}
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
		return 0, fmt.Errorf("bad escape \\%c", c)
	}
	return c, nil
}

func (t *translator) hex(width int) (rune, error) {
	if t.pos+width > len(t.src) {
		return 0, errors.New("incomplete escape")
	}
	n, err := strconv.ParseUint(string(t.src[t.pos:t.pos+width]), 16, 32)
	if err != nil || n > utf8.MaxRune {
		return 0, errors.New("bad character escape")
	}
	t.pos += width
	return rune(n), nil
}

// exact writes a character by its number, so that nothing can be mistaken.
func exact(r rune) string {
	if r > 0xffff {
		return string(r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

func octal(s string) bool {
	return strings.Trim(s, "01234567") == ""
}

// class translates a bracket expression. A bracket inside is an ordinary
// character in Python, while the engine would take "-[" for a subtraction. The
// engine also fails to combine \W and its like with other members, so those
// become alternatives.
func (t *translator) class() error {
	t.begin()
	t.pos++
	negated := t.looking("^")
	if negated {
		t.pos++
	}
	var set classSet
	for first := true; ; first = false {
		if !t.more() {
			return errors.New("unterminated character set")
		}
		if t.src[t.pos] == ']' && !first {
			t.pos++
			t.out.WriteString(set.pattern(negated))
			return nil
		}
		if err := t.classItem(&set); err != nil {
			return err
		}
	}
}

// classSet collects the members of a class: plain ones in one bracket, negative
// shorthands apart.
type classSet struct {
	plain    strings.Builder
	negative []string
}

func (s *classSet) pattern(negated bool) string {
	if len(s.negative) == 0 {
		if negated {
			return "[^" + s.plain.String() + "]"
		}
		return "[" + s.plain.String() + "]"
	}
	parts := s.negative
	if s.plain.Len() > 0 {
		parts = append(parts, "["+s.plain.String()+"]")
	}
	any := strings.Join(parts, "|")
	if negated {
		return `(?:(?!` + any + `)[\s\S])`
	}
	return "(?:" + any + ")"
}

func (s *classSet) add(from, to rune) {
	s.plain.WriteString(exact(from))
	if to != from {
		s.plain.WriteString("-" + exact(to))
	}
}

// classItem reads one character, shorthand or range.
func (t *translator) classItem(set *classSet) error {
	lo, short, err := t.classChar()
	if err != nil {
		return err
	}
	ranged := t.pos+1 < len(t.src) && t.src[t.pos] == '-' && t.src[t.pos+1] != ']'
	switch {
	case short != 0 && ranged:
		return errors.New("bad character range")
	case short >= 'A' && short <= 'Z':
		set.negative = append(set.negative, t.shorthand(short))
		return nil
	case short != 0:
		set.plain.WriteString(strings.Trim(t.shorthand(short), "[]"))
		return nil
	case !ranged:
		set.add(lo, lo)
		return nil
	}
	t.pos++
	hi, short, err := t.classChar()
	if err != nil {
		return err
	}
	if short != 0 || hi < lo {
		return errors.New("bad character range")
	}
	set.add(lo, hi)
	return nil
}

// shorthand is \d and its like, with the flag a only for ASCII.
func (t *translator) shorthand(c rune) string {
	if t.ascii {
		switch c {
		case 'd':
			return "[0-9]"
		case 'D':
			return "[^0-9]"
		case 'w':
			return "[a-zA-Z0-9_]"
		case 'W':
			return "[^a-zA-Z0-9_]"
		case 's':
			return `[ \t\n\r\f\v]`
		case 'S':
			return `[^ \t\n\r\f\v]`
		}
	}
	return `\` + string(c)
}

// classChar reads a character of a class, or the letter of a shorthand.
func (t *translator) classChar() (char, short rune, err error) {
	c := t.src[t.pos]
	if c != '\\' {
		t.pos++
		return c, 0, nil
	}
	if t.pos+1 >= len(t.src) {
		return 0, 0, errors.New("bad escape at the end")
	}
	next := t.src[t.pos+1]
	switch {
	case next == 'b':
		t.pos += 2
		return '\b', 0, nil
	case strings.ContainsRune("dDsSwW", next):
		t.pos += 2
		return 0, next, nil
	case next >= '1' && next <= '9':
		digits := string(t.src[t.pos+1 : min(len(t.src), t.pos+4)])
		if len(digits) == 3 && digits[0] <= '3' && octal(digits) {
			n, _ := strconv.ParseInt(digits, 8, 32)
			t.pos += 4
			return rune(n), 0, nil
		}
		return 0, 0, fmt.Errorf("bad escape \\%c in a set", next)
	}
	char, err = t.character()
	return char, 0, err
}
