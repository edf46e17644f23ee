package ldap

import (
	"errors"
	"fmt"
	"strings"
)

// maxMapping bounds the text and the entries of USERINFO.
const maxMapping = 64 << 10

// parseMap reads a map of texts in the forms that settings have in use: JSON, a
// YAML flow map ({a: b, "c": 'd'}) and a YAML block map (one "a: b" a line). It
// is a reader for exactly these, not for YAML: values are texts, null is "",
// anything nested is an error. A key that comes twice has its last value.
func parseMap(text string) (map[string]string, error) {
	r := &mapReader{s: strings.TrimSpace(text)}
	if len(text) > maxMapping {
		return nil, errors.New("too long")
	}
	if r.s == "" || r.s == "null" {
		return map[string]string{}, nil
	}
	if !strings.HasPrefix(r.s, "{") {
		return blockMap(r.s)
	}
	m := map[string]string{}
	err := r.items('{', '}', func() error {
		k, err := r.scalar(":")
		if err != nil {
			return err
		}
		if r.space(); !r.eat(':') {
			return r.fail(": is missing")
		}
		v, err := r.scalar("")
		m[k] = v
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// parseList reads a list of texts: JSON, a YAML flow list or a YAML block list.
func parseList(text string) ([]string, error) {
	r := &mapReader{s: strings.TrimSpace(text)}
	if len(text) > maxMapping {
		return nil, errors.New("too long")
	}
	if r.s == "" || r.s == "null" {
		return nil, nil
	}
	var l []string
	if !strings.HasPrefix(r.s, "[") {
		for line := range blockLines(r.s) {
			item, ok := strings.CutPrefix(line, "-")
			if !ok || (item != "" && item[0] != ' ') {
				return nil, errors.New("not a list")
			}
			v, err := wholeScalar(item)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	}
	err := r.items('[', ']', func() error {
		v, err := r.scalar("")
		l = append(l, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func blockMap(s string) (map[string]string, error) {
	m := map[string]string{}
	for line := range blockLines(s) {
		r := &mapReader{s: line}
		k, err := r.scalar(":")
		if err != nil {
			return nil, err
		}
		if r.space(); !r.eat(':') || (r.i < len(r.s) && r.s[r.i] != ' ') {
			return nil, errors.New("not a map")
		}
		v, err := wholeScalar(r.s[r.i:])
		if err != nil {
			return nil, err
		}
		m[k] = v
	}
	return m, nil
}

// blockLines are the lines without blank ones, comments and document marks.
func blockLines(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(s, "\n") {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' || line == "---" {
				continue
			}
			if !yield(line) {
				return
			}
		}
	}
}

// wholeScalar reads a text that ends with its line.
func wholeScalar(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if s[0] != '"' && s[0] != '\'' {
		s, _, _ = strings.Cut(s, " #")
		return plain(strings.TrimSpace(s))
	}
	r := &mapReader{s: s}
	v, err := r.scalar("")
	if err != nil {
		return "", err
	}
	if r.space(); r.i < len(r.s) && r.s[r.i] != '#' {
		return "", r.fail("more text than one value")
	}
	return v, nil
}

// plain checks a text without quotes.
func plain(s string) (string, error) {
	switch s {
	case "null", "~", "Null", "NULL":
		return "", nil
	}
	if s != "" && strings.ContainsRune("{}[]&*!|>%@`\"'", rune(s[0])) {
		return "", fmt.Errorf("%q is no plain text", s)
	}
	return s, nil
}

// mapReader reads flow maps and lists.
type mapReader struct {
	s string
	i int
}

func (r *mapReader) fail(text string) error { return fmt.Errorf("%s (at position %d)", text, r.i+1) }

func (r *mapReader) space() {
	for r.i < len(r.s) && strings.IndexByte(" \t\r\n", r.s[r.i]) >= 0 {
		r.i++
	}
}

func (r *mapReader) eat(c byte) bool {
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

// items reads from the opening to the closing bracket, which ends the text. A
// comma before the closing bracket is allowed.
func (r *mapReader) items(from, to byte, item func() error) error {
	if r.space(); !r.eat(from) {
		return r.fail("the opening bracket is missing")
	}
	for {
		r.space()
		if r.eat(to) {
			break
		}
		if err := item(); err != nil {
			return err
		}
		r.space()
		if r.eat(',') {
			continue
		}
		if !r.eat(to) {
			return r.fail("the closing bracket is missing")
		}
		break
	}
	if r.space(); r.i != len(r.s) {
		return r.fail("text after the closing bracket")
	}
	return nil
}

// scalar reads a quoted or plain text. A plain one ends at a comma, a closing
// bracket, the end of the line, and at the characters of stop.
func (r *mapReader) scalar(stop string) (string, error) {
	r.space()
	if r.i < len(r.s) {
		switch r.s[r.i] {
		case '"':
			return r.doubleQuoted()
		case '\'':
			return r.singleQuoted()
		}
	}
	end := strings.IndexAny(r.s[r.i:], ",}]\n"+stop)
	if end < 0 {
		end = len(r.s) - r.i
	}
	v := strings.TrimSpace(r.s[r.i : r.i+end])
	r.i += end
	return plain(v)
}

func (r *mapReader) singleQuoted() (string, error) {
	var b strings.Builder
	for r.i++; r.i < len(r.s); r.i++ {
		c := r.s[r.i]
		if c != '\'' {
			b.WriteByte(c)
			continue
		}
		if r.i+1 < len(r.s) && r.s[r.i+1] == '\'' {
			b.WriteByte('\'')
			r.i++
			continue
		}
		r.i++
		return b.String(), nil
	}
	return "", r.fail("a quote is not closed")
}
