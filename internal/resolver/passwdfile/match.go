package passwdfile

import (
	"strconv"
	"strings"

	"edumfa/internal/resolver"
)

// fits reports whether all conditions of the query hold. The mail is looked for
// in the whole comment. A name that cannot be searched for fits nobody.
func (e *entry) fits(q resolver.Query) bool {
	for name, pattern := range q {
		ok := false
		switch name {
		case "username":
			ok = fitsText(e.login, pattern)
		case "userid":
			ok = fitsNumber(e.id, pattern)
		case "description", "email":
			ok = fitsText(e.comment, pattern)
		}
		if !ok {
			return false
		}
	}
	return true
}

// fitsText compares without regard to case; * is special at both ends only.
func fitsText(s, pattern string) bool {
	s, pattern = strings.ToLower(s), strings.ToLower(pattern)
	pattern, head := strings.CutPrefix(pattern, "*")
	pattern, tail := strings.CutSuffix(pattern, "*")
	switch {
	case head && tail:
		return strings.Contains(s, pattern)
	case head:
		return strings.HasSuffix(s, pattern)
	case tail:
		return strings.HasPrefix(s, pattern)
	}
	return s == pattern
}

// fitsNumber understands =7, >=7, <=7, >7, <7 and "between 7,9"; * is any id.
// Ids that are no numbers fit none of the comparisons.
func fitsNumber(id, pattern string) bool {
	pattern = strings.TrimSpace(pattern)
	if pattern == "*" {
		return true
	}
	n, err := strconv.Atoi(strings.TrimSpace(id))
	if err != nil {
		return false
	}
	for _, op := range []string{">=", "<=", ">", "<", "=", "between"} {
		rest, ok := strings.CutPrefix(pattern, op)
		if !ok {
			continue
		}
		if op == "between" {
			return isBetween(n, rest)
		}
		limit, err := strconv.Atoi(strings.TrimSpace(rest))
		return err == nil && compare(n, op, limit)
	}
	return false
}

func compare(n int, op string, limit int) bool {
	switch op {
	case ">=":
		return n >= limit
	case "<=":
		return n <= limit
	case ">":
		return n > limit
	case "<":
		return n < limit
	}
	return n == limit
}

// isBetween takes the two bounds in any order.
func isBetween(n int, bounds string) bool {
	a, b, _ := strings.Cut(bounds, ",")
	x, xerr := strconv.Atoi(strings.TrimSpace(a))
	y, yerr := strconv.Atoi(strings.TrimSpace(b))
	return xerr == nil && yerr == nil && min(x, y) <= n && n <= max(x, y)
}
