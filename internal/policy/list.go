package policy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"edumfa/internal/clientip"
	"edumfa/internal/pyregexp"
)

// list is a compiled list column: exact values, "*", exclusions and patterns.
type list struct {
	elements []element
}

// element is one entry of a list. An exclusion is also tried as a pattern, as
// the stored lists have always been read.
type element struct {
	text     string
	excludes string // what "!x" or "-x" excludes
	negative bool
	prefix   string            // of a pattern "prefix.*", which needs no compiling
	any      bool              // prefix is set
	pattern  *pyregexp.Pattern // nil if only the text or the prefix can match
	err      error
}

func compileList(entries []string) list {
	var l list
	for _, s := range entries {
		e := element{text: s}
		if strings.HasPrefix(s, "!") || strings.HasPrefix(s, "-") {
			e.negative, e.excludes = true, s[1:]
		}
		switch prefix, ok := strings.CutSuffix(s, ".*"); {
		case s == "*" || literal(s):
		case ok && literal(prefix):
			e.prefix, e.any = prefix, true
		default:
			e.pattern, e.err = compileWhole(s)
		}
		l.elements = append(l.elements, e)
	}
	return l
}

// literal says whether a text has no character that means something in a
// pattern, so that the pattern matches the text alone.
func literal(s string) bool { return !strings.ContainsAny(s, `\.^$*+?{}[]|()`) }

// compileWhole compiles ^text$ without brackets, so an alternation binds weaker
// than the anchors. Flags in front stay in front.
func compileWhole(s string) (*pyregexp.Pattern, error) {
	flags, rest := splitFlags(s)
	return pyregexp.Compile(flags + "^" + rest + "$")
}

// splitFlags cuts a group of flags such as (?i) off the front of a pattern.
func splitFlags(s string) (flags, rest string) {
	if !strings.HasPrefix(s, "(?") {
		return "", s
	}
	i := 2
	for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
		i++
	}
	if i == 2 || i >= len(s)-1 || s[i] != ')' {
		return "", s
	}
	return s[:i+1], s[i+1:]
}

func (l list) empty() bool { return len(l.elements) == 0 }

// simple says whether all elements are plain values, so that an index can stand
// for the search.
func (l list) simple() bool {
	for _, e := range l.elements {
		if e.negative || e.any || e.pattern != nil || e.err != nil || e.text == "*" {
			return false
		}
	}
	return true
}

func (l list) err() error {
	var errs []error
	for _, e := range l.elements {
		if e.err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", e.text, e.err))
		}
	}
	return errors.Join(errs...)
}

// search looks a value up: found by a positive element, excluded by a negative
// one. A pattern that cannot be used is an error unless the element decides
// without it.
func (l list) search(value string) (found, excluded bool, err error) {
	for i := range l.elements {
		e := &l.elements[i]
		switch {
		case e.negative && e.excludes == value:
			excluded = true
		case e.text == value || e.text == "*":
			found = true
		case e.any:
			found = found || e.hasPrefix(value)
		case e.err != nil:
			return false, false, fmt.Errorf("%q: %w", e.text, e.err)
		case e.pattern != nil:
			ok, err := e.pattern.Search(value)
			if err != nil {
				return false, false, fmt.Errorf("%q: %w", e.text, err)
			}
			found = found || ok
		}
	}
	return found, excluded, nil
}

// hasPrefix matches "prefix.*" with Python's rules: the dot is no line break, and
// one at the very end does not count.
func (e *element) hasPrefix(value string) bool {
	rest, ok := strings.CutPrefix(value, e.prefix)
	return ok && !strings.Contains(strings.TrimSuffix(rest, "\n"), "\n")
}

// fits says whether the list is empty or has the value and does not exclude it.
func (l list) fits(value string) (bool, error) {
	if l.empty() {
		return true, nil
	}
	found, excluded, err := l.search(value)
	return found && !excluded, err
}

var errNetwork = errors.New("malformed client list")

// networks is a compiled client column.
type networks struct {
	include, exclude []netip.Prefix
	given            bool
	err              error
}

// compileNetworks reads addresses and networks, excluded ones with "-" or "!" in
// front; empty elements are passed over.
func compileNetworks(entries []string) networks {
	n := networks{given: len(entries) > 0}
	for _, s := range entries {
		if s == "" {
			continue
		}
		dst, text := &n.include, s
		if s[0] == '-' || s[0] == '!' {
			dst, text = &n.exclude, s[1:]
		}
		prefix, err := clientip.ParseNetwork(text)
		if err != nil {
			n.err = fmt.Errorf("%w: %w", errNetwork, err)
			return n
		}
		*dst = append(*dst, prefix)
	}
	return n
}

func (n networks) search(a netip.Addr) (found, excluded bool) {
	a = a.WithZone("")
	for _, p := range n.include {
		found = found || p.Contains(a)
	}
	for _, p := range n.exclude {
		excluded = excluded || p.Contains(a)
	}
	return found, excluded
}
