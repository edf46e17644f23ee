package pyregexp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// group translates one parenthesis with everything inside.
func (t *translator) group() error {
	start := t.out.Len()
	t.pos++
	verbose, ascii := t.verbose, t.ascii
	if !t.looking("?") {
		return t.capture("", start)
	}
	t.pos++
	switch {
	case t.looking("P<"):
		t.pos += 2
		name, err := t.until('>')
		if err != nil {
			return err
		}
		return t.capture(name, start)
	case t.looking("P="):
		t.pos += 2
		name, err := t.until(')')
		if err != nil {
			return err
		}
		n, ok := t.names[name]
		if !ok {
			return fmt.Errorf("unknown group name %q", name)
		}
		fmt.Fprintf(&t.out, `(?:\%d)`, n)
		t.atom = start
		return nil
	case t.looking("#"):
		_, err := t.until(')')
		return err
	case t.looking("("):
		t.pos++
		return t.conditional(start)
	}
	for _, open := range []string{":", "=", "!", "<=", "<!", ">"} {
		if t.looking(open) {
			t.pos += len(open)
			return t.inner("(?"+open, start)
		}
	}
	open, err := t.scopedFlags()
	if err != nil {
		return err
	}
	err = t.inner(open, start)
	t.verbose, t.ascii = verbose, ascii
	return err
}

// scopedFlags reads flags such as i-s: behind (? and returns the opening for
// the engine.
func (t *translator) scopedFlags() (string, error) {
	body, err := t.until(':')
	if err != nil {
		return "", errors.New("unknown extension")
	}
	on, off, minus := strings.Cut(body, "-")
	if on == "" && off == "" || minus && off == "" {
		return "", errors.New("unknown extension or missing flag")
	}
	keep := func(flags, allowed string, value bool) (string, error) {
		var b strings.Builder
		for _, f := range flags {
			if !strings.ContainsRune(allowed, f) {
				return "", fmt.Errorf("unknown flag %q", f)
			}
			switch f {
			case 'x':
				t.verbose = value
			case 'a', 'u':
				t.ascii = f == 'a'
			case 'i', 'm', 's':
				b.WriteRune(f)
			}
		}
		return b.String(), nil
	}
	plus, err := keep(on, "aimsux", true)
	if err != nil {
		return "", err
	}
	less, err := keep(off, "imsx", false)
	if err != nil {
		return "", err
	}
	if less != "" {
		less = "-" + less
	}
	return "(?" + plus + less + ":", nil
}

func (t *translator) capture(name string, start int) error {
	t.groups++
	if t.groups > maxGroups {
		return errors.New("too many groups")
	}
	if name != "" {
		if !identifier(name) {
			return fmt.Errorf("bad group name %q", name)
		}
		if _, dup := t.names[name]; dup {
			return fmt.Errorf("group name %q used twice", name)
		}
		t.names[name] = t.groups
	}
	return t.inner("(", start)
}

// inner translates the rest of a group behind its opening.
func (t *translator) inner(open string, start int) error {
	t.out.WriteString(open)
	if err := t.sequence(); err != nil {
		return err
	}
	if !t.more() {
		return errors.New("missing ), unterminated subpattern")
	}
	t.pos++
	t.out.WriteByte(')')
	t.atom = start
	return nil
}

// conditional translates (?(1)yes|no) and (?(name)yes|no).
func (t *translator) conditional(start int) error {
	name, err := t.until(')')
	if err != nil {
		return err
	}
	n, ok := t.names[name]
	if !ok {
		if n, err = strconv.Atoi(name); err != nil || n < 1 || n > t.groups {
			return fmt.Errorf("unknown group %q", name)
		}
	}
	return t.inner(fmt.Sprintf("(?(%d)", n), start)
}

func identifier(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
