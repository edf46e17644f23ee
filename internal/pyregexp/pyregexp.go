// Package pyregexp runs the regular expressions administrators wrote for
// Python's re module: named groups (?P<n>…), look-around, back-references,
// flags in front, possessive quantifiers. Patterns are translated once and
// matched with a time limit, since such patterns can take exponential time.
//
// What differs from Python: look-behind may have any width, \N{…} and the flag
// L are refused, character classes follow the tables of Go, and a replacement
// that finds an empty text at a place does not look for a longer one there.
package pyregexp

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// DefaultTimeout is how long one match may take.
const DefaultTimeout = 200 * time.Millisecond

// maxPattern bounds the length of a pattern in bytes; database columns that
// hold patterns are shorter.
const maxPattern = 16 << 10

// ErrPattern is wrapped by every error of [Compile].
var ErrPattern = errors.New("invalid pattern")

// ErrTimeout is wrapped when a match took longer than its limit.
var ErrTimeout = errors.New("pattern took too long")

// Pattern is a compiled pattern, safe for concurrent use.
type Pattern struct {
	source string
	find   *regexp2.Regexp
	match  func() (*regexp2.Regexp, error) // anchored at the start, built when used
	full   func() (*regexp2.Regexp, error) // anchored at both ends
	names  map[string]int                  // group numbers by name
	groups int                             // number of groups without the whole match
}

// Compile translates a Python pattern. Errors wrap [ErrPattern].
func Compile(expr string) (*Pattern, error) {
	return CompileTimeout(expr, DefaultTimeout)
}

// CompileTimeout is [Compile] with another time limit per match.
func CompileTimeout(expr string, limit time.Duration) (*Pattern, error) {
	if len(expr) > maxPattern {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrPattern, maxPattern)
	}
	tr := &translator{src: []rune(expr), names: map[string]int{}}
	body, err := tr.run()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPattern, err)
	}
	p := &Pattern{source: expr, names: tr.names, groups: tr.groups}
	build := func(expr string) (*regexp2.Regexp, error) {
		re, err := regexp2.Compile(expr, tr.options)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPattern, err)
		}
		re.MatchTimeout = limit
		return re, nil
	}
	if p.find, err = build(body); err != nil {
		return nil, err
	}
	p.match = sync.OnceValues(func() (*regexp2.Regexp, error) { return build(`\A(?:` + body + `)`) })
	p.full = sync.OnceValues(func() (*regexp2.Regexp, error) { return build(`\A(?:` + body + `)\z`) })
	return p, nil
}

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.source }

// Search reports whether the pattern occurs anywhere in s, as re.search.
func (p *Pattern) Search(s string) (bool, error) { return matched(p.find, nil, s) }

// Match reports whether the pattern fits a beginning of s, as re.match.
func (p *Pattern) Match(s string) (bool, error) {
	re, err := p.match()
	return matched(re, err, s)
}

// FullMatch reports whether the pattern fits all of s, as re.fullmatch.
func (p *Pattern) FullMatch(s string) (bool, error) {
	re, err := p.full()
	return matched(re, err, s)
}

func matched(re *regexp2.Regexp, err error, s string) (bool, error) {
	if err != nil {
		return false, err
	}
	ok, err := re.MatchString(s)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return ok, nil
}

// Groups returns the first occurrence in s: the whole match at index 0, then
// each group; groups that took no part are "". It is nil without a match.
func (p *Pattern) Groups(s string) ([]string, error) {
	m, err := p.find.FindStringMatch(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	if m == nil {
		return nil, nil
	}
	return texts(m, p.groups), nil
}

// Name returns the number of a named group, 0 if there is none.
func (p *Pattern) Name(name string) int { return p.names[name] }

func texts(m *regexp2.Match, groups int) []string {
	out := make([]string, groups+1)
	for i := range out {
		if g := m.GroupByNumber(i); g != nil {
			out[i] = g.String()
		}
	}
	return out
}
