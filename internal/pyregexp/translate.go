package pyregexp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dlclark/regexp2"
)

// maxGroups and maxDepth bound what the compiler behind has to build.
const (
	maxGroups = 200
	maxDepth  = 100
	maxRepeat = 1 << 16
)

// translator rewrites a Python pattern for the engine, rune by rune. Groups
// with names become numbered groups, because the engine numbers named groups
// after all others while Python counts both in one row.
type translator struct {
	src     []rune
	pos     int
	out     strings.Builder
	options regexp2.RegexOptions
	names   map[string]int
	groups  int
	depth   int
	verbose bool
	ascii   bool
	atom    int // offset in out where the last repeatable piece begins, -1 without
}

func (t *translator) run() (string, error) {
	t.atom = -1
	if err := t.leadingFlags(); err != nil {
		return "", err
	}
	if err := t.sequence(); err != nil {
		return "", err
	}
	if t.pos < len(t.src) {
		return "", errors.New("unbalanced parenthesis")
	}
	return t.out.String(), nil
}

func (t *translator) more() bool { return t.pos < len(t.src) }

func (t *translator) looking(s string) bool {
	return strings.HasPrefix(string(t.src[t.pos:min(len(t.src), t.pos+len(s))]), s)
}

// until returns the text up to the closing rune and steps behind it.
func (t *translator) until(end rune) (string, error) {
	for i := t.pos; i < len(t.src); i++ {
		if t.src[i] == end {
			s := string(t.src[t.pos:i])
			t.pos = i + 1
			return s, nil
		}
	}
	return "", fmt.Errorf("missing %q", end)
}

// leadingFlags takes groups such as (?is) in front of the pattern, the only
// place where Python allows flags for all of it.
func (t *translator) leadingFlags() error {
	for t.looking("(?") {
		end := t.pos + 2
		for end < len(t.src) && strings.ContainsRune("aiLmsux", t.src[end]) {
			end++
		}
		if end == t.pos+2 || end >= len(t.src) || t.src[end] != ')' {
			return nil
		}
		for _, f := range t.src[t.pos+2 : end] {
			switch f {
			case 'i':
				t.options |= regexp2.IgnoreCase
			case 'm':
				t.options |= regexp2.Multiline
			case 's':
				t.options |= regexp2.Singleline
			case 'x':
				t.verbose = true
			case 'a':
				t.ascii = true
			case 'L':
				return errors.New("the flag L is for bytes only")
			}
		}
		t.pos = end + 1
	}
	return nil
}

// sequence translates up to a closing parenthesis or the end.
func (t *translator) sequence() error {
	t.depth++
	defer func() { t.depth-- }()
	if t.depth > maxDepth {
		return errors.New("nested too deeply")
	}
	t.atom = -1
	for t.more() {
		c := t.src[t.pos]
		if t.verbose && t.skipVerbose(c) {
			continue
		}
		switch c {
		case ')':
			return nil
		case '|':
			t.pos++
			t.out.WriteByte('|')
			t.atom = -1
		case '^', '$':
			t.pos++
			t.out.WriteRune(c)
			t.atom = -1
		case '(':
			if err := t.group(); err != nil {
				return err
			}
		case '[':
			if err := t.class(); err != nil {
				return err
			}
		case '\\':
			if err := t.escape(); err != nil {
				return err
			}
		case '*', '+', '?', '{':
			if err := t.repeat(c); err != nil {
				return err
			}
		default:
			t.pos++
			t.begin()
			t.literal(c)
		}
	}
	return nil
}

// skipVerbose drops what the flag x allows between the pieces.
func (t *translator) skipVerbose(c rune) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\f', '\v':
		t.pos++
		return true
	case '#':
		for t.more() && t.src[t.pos] != '\n' {
			t.pos++
		}
		return true
	}
	return false
}

func (t *translator) begin() { t.atom = t.out.Len() }

// literal writes a rune so that the engine takes it as itself; a dot stays the
// wildcard.
func (t *translator) literal(c rune) {
	if c != '.' && strings.ContainsRune(`\^$|?*+()[]{}#- `, c) {
		t.out.WriteByte('\\')
	}
	t.out.WriteRune(c)
}

// repeat translates a quantifier behind the last piece.
func (t *translator) repeat(c rune) error {
	quant := string(c)
	next := t.pos + 1
	if c == '{' {
		q, width := t.braces()
		if width == 0 {
			t.pos++
			t.begin()
			t.out.WriteString(`\{`)
			return nil
		}
		if q == "" {
			return errors.New("bad repeat interval")
		}
		quant, next = q, t.pos+width
	}
	if t.atom < 0 {
		return errors.New("nothing to repeat")
	}
	t.pos = next
	piece := t.out.String()[t.atom:]
	head := t.out.String()[:t.atom]
	switch {
	case t.more() && t.src[t.pos] == '?':
		t.pos++
		t.out.WriteString(quant + "?")
	case t.more() && t.src[t.pos] == '+':
		// The engine has no possessive quantifiers; an atomic group is the same.
		t.pos++
		t.out.Reset()
		t.out.WriteString(head + "(?>" + piece + quant + ")")
	default:
		t.out.WriteString(quant)
	}
	if t.more() && !t.verbose && (strings.ContainsRune("*+?", t.src[t.pos])) {
		return errors.New("multiple repeat")
	}
	t.atom = -1
	return nil
}

// braces reads {m}, {m,}, {,n} or {m,n} at pos. Width 0 means that the brace is
// an ordinary character, an empty text a repeat that cannot be.
func (t *translator) braces() (string, int) {
	end := t.pos + 1
	for end < len(t.src) && (t.src[end] >= '0' && t.src[end] <= '9' || t.src[end] == ',') {
		end++
	}
	if end >= len(t.src) || t.src[end] != '}' {
		return "", 0
	}
	body := string(t.src[t.pos+1 : end])
	lo, hi, two := strings.Cut(body, ",")
	if body == "" || strings.Contains(hi, ",") {
		return "", 0
	}
	width := end + 1 - t.pos
	low, err := bound(lo)
	if err != nil {
		return "", width
	}
	if !two {
		return fmt.Sprintf("{%d}", low), width
	}
	if hi == "" {
		return fmt.Sprintf("{%d,}", low), width
	}
	high, err := bound(hi)
	if err != nil || high < low {
		return "", width
	}
	return fmt.Sprintf("{%d,%d}", low, high), width
}

func bound(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > maxRepeat {
		return 0, errors.New("repeat too large")
	}
	return n, nil
}
