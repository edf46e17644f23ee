package pyregexp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxResult bounds what a replacement may grow to, in bytes.
const maxResult = 1 << 20

// Sub replaces every occurrence in s, as re.sub: \1, \g<1> and \g<name> in repl
// stand for groups, \n and the like for characters. An empty occurrence right
// behind another one counts too.
func (p *Pattern) Sub(s, repl string) (string, error) {
	parts, err := p.template(repl)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPattern, err)
	}
	runes := []rune(s)
	var b strings.Builder
	at := 0
	m, err := p.find.FindRunesMatch(runes)
	for ; m != nil && err == nil; m, err = p.find.FindNextMatch(m) {
		b.WriteString(string(runes[at:m.Index]))
		groups := texts(m, p.groups)
		for _, part := range parts {
			if part.group >= 0 {
				b.WriteString(groups[part.group])
			} else {
				b.WriteString(part.text)
			}
		}
		at = m.Index + m.Length
		if b.Len() > maxResult {
			return "", fmt.Errorf("%w: the replacement is too long", ErrPattern)
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	b.WriteString(string(runes[at:]))
	return b.String(), nil
}

type part struct {
	text  string
	group int // -1 for text
}

// template splits a replacement text into texts and group numbers.
func (p *Pattern) template(repl string) ([]part, error) {
	var parts []part
	t := &translator{src: []rune(repl)}
	for t.more() {
		c := t.src[t.pos]
		if c != '\\' {
			t.pos++
			parts = append(parts, part{string(c), -1})
			continue
		}
		if t.pos+1 >= len(t.src) {
			return nil, errors.New("bad escape at the end")
		}
		got, err := p.templateEscape(t)
		if err != nil {
			return nil, err
		}
		if got.group > p.groups {
			return nil, fmt.Errorf("invalid group reference %d", got.group)
		}
		parts = append(parts, got)
	}
	return parts, nil
}

func (p *Pattern) templateEscape(t *translator) (part, error) {
	c := t.src[t.pos+1]
	switch {
	case c == 'g':
		t.pos += 2
		if !t.looking("<") {
			return part{}, errors.New("missing <")
		}
		t.pos++
		name, err := t.until('>')
		if err != nil {
			return part{}, err
		}
		if n, ok := p.names[name]; ok {
			return part{"", n}, nil
		}
		n, err := strconv.Atoi(name)
		if err != nil || n < 0 {
			return part{}, fmt.Errorf("unknown group name %q", name)
		}
		return part{"", n}, nil
	case c >= '1' && c <= '9':
		end := t.pos + 2
		if end < len(t.src) && t.src[end] >= '0' && t.src[end] <= '9' {
			end++
		}
		digits := string(t.src[t.pos+1 : min(len(t.src), t.pos+4)])
		if len(digits) == 3 && digits[0] <= '3' && octal(digits) {
			n, _ := strconv.ParseInt(digits, 8, 32)
			t.pos += 4
			return part{string(rune(n)), -1}, nil
		}
		n, _ := strconv.Atoi(string(t.src[t.pos+1 : end]))
		t.pos = end
		return part{"", n}, nil
	case strings.ContainsRune("abfnrtv0\\", c):
		if c == 'b' {
			t.pos += 2
			return part{"\b", -1}, nil
		}
		r, err := t.character()
		return part{string(r), -1}, err
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return part{}, fmt.Errorf("bad escape \\%c", c)
	}
	// Other escapes keep their backslash.
	t.pos += 2
	return part{`\` + string(c), -1}, nil
}
