package texttag

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// maxWidth bounds how wide a value is made, in characters.
const maxWidth = 1000

// layout says how a value is set: "[[fill]align][0][width][.precision][s]", the
// form of Python's texts.
type layout struct {
	fill  rune
	align byte // '<', '>' or '^'
	width int
	cut   int // characters kept; below zero all
}

func readLayout(spec string) (layout, error) {
	l := layout{fill: ' ', align: '<', cut: -1}
	if first, n := utf8.DecodeRuneInString(spec); n > 0 && len(spec) > n && aligns(spec[n]) {
		l.fill, l.align, spec = first, spec[n], spec[n+1:]
	} else if spec != "" && aligns(spec[0]) {
		l.align, spec = spec[0], spec[1:]
	} else if strings.HasPrefix(spec, "0") {
		l.fill, spec = '0', spec[1:]
	}
	width, spec, _, err := digits(spec)
	if err != nil {
		return l, err
	}
	l.width = width
	if after, dot := strings.CutPrefix(spec, "."); dot {
		cut, rest, any, err := digits(after)
		if err != nil || !any {
			return l, errLayout
		}
		l.cut, spec = cut, rest
	}
	if spec != "" && spec != "s" {
		return l, errLayout
	}
	return l, nil
}

var errLayout = errors.New("a value cannot be set like that")

func aligns(c byte) bool { return c == '<' || c == '>' || c == '^' }

// digits reads a number of at most maxWidth.
func digits(text string) (n int, rest string, any bool, err error) {
	for text != "" && text[0] >= '0' && text[0] <= '9' {
		if n = 10*n + int(text[0]-'0'); n > maxWidth {
			return 0, "", true, errLayout
		}
		text, any = text[1:], true
	}
	return n, text, any, nil
}

func (l layout) apply(value string) string {
	if l.cut >= 0 && utf8.RuneCountInString(value) > l.cut {
		value = string([]rune(value)[:l.cut])
	}
	missing := l.width - utf8.RuneCountInString(value)
	if missing <= 0 {
		return value
	}
	before := 0
	switch l.align {
	case '>':
		before = missing
	case '^':
		before = missing / 2
	}
	pad := func(n int) string { return strings.Repeat(string(l.fill), n) }
	return pad(before) + value + pad(missing-before)
}
