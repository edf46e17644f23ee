package event

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// CompareNumber reports whether a number fits a text such as "5", ">= 5" or
// "!=5": an optional = == != > < >= => <= =< and a whole number. Blanks do not
// count. Any other text, also an empty one, never fits.
func CompareNumber(text string, n int64) bool {
	text = strings.ReplaceAll(text, " ", "")
	op := "=="
	for _, o := range []string{"==", "!=", ">=", "=>", "<=", "=<", "=", "<", ">"} {
		if rest, ok := strings.CutPrefix(text, o); ok {
			op, text = o, rest
			break
		}
	}
	want, err := strconv.ParseInt(text, 10, 64)
	return err == nil && holds(cmp.Compare(n, want), op)
}

// holds reports whether the result of a three-way comparison is what an
// operator asks for.
func holds(order int, op string) bool {
	switch op {
	case "==", "=":
		return order == 0
	case "!=":
		return order != 0
	case ">":
		return order > 0
	case "<":
		return order < 0
	case ">=", "=>":
		return order >= 0
	}
	return order <= 0
}

// splitComparison reads "key == value" with ==, > or <.
func splitComparison(text string) (name, op, value string, err error) {
	for _, op := range []string{"==", ">", "<"} {
		parts := strings.Split(text, op)
		if len(parts) != 2 {
			continue
		}
		name, value = strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
		if value == "" || strings.HasPrefix(value, "=") { // ">=" is none of the three
			break
		}
		return name, op, value, nil
	}
	return "", "", "", fmt.Errorf("not a comparison: %q", text)
}

// compareTexts compares whole numbers if both are, dates if both are, and texts
// otherwise.
func compareTexts(a, op, b string, date func(string) (time.Time, error)) bool {
	x, errX := strconv.ParseInt(strings.TrimSpace(a), 10, 64)
	y, errY := strconv.ParseInt(strings.TrimSpace(b), 10, 64)
	if errX == nil && errY == nil {
		return holds(cmp.Compare(x, y), op)
	}
	s, errS := date(a)
	t, errT := date(b)
	if errS == nil && errT == nil {
		return holds(s.Compare(t), op)
	}
	return holds(strings.Compare(a, b), op)
}

// clientFits reports whether an address is in a list of addresses and networks
// with commas, and in none of those that begin with "-" or "!".
func clientFits(list string, client netip.Addr) (bool, error) {
	client = client.Unmap().WithZone("")
	found, excluded := false, false
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		no := part[0] == '-' || part[0] == '!'
		network, err := parseNetwork(strings.TrimLeft(part[:1], "-!") + part[1:])
		if err != nil {
			return false, err
		}
		if network.Contains(client) {
			found, excluded = found || !no, excluded || no
		}
	}
	return found && !excluded, nil
}

func parseNetwork(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// withNow puts a time into "{now}", "{now}-10d" and the like.
func withNow(text string, now time.Time, period func(string) (time.Duration, error)) (string, error) {
	const tag = "{now}"
	if before, after, ok := strings.Cut(text, tag); ok {
		if n := offsetLen(after); n > 0 {
			d, err := period(after[:n])
			if err != nil {
				return "", err
			}
			now, after = now.Add(d), after[n:]
		}
		text = before + now.Format("2006-01-02T15:04-0700") + after
	}
	if strings.ContainsAny(text, "{}") {
		return "", fmt.Errorf("unknown tag in %q", text)
	}
	return text, nil
}

// offsetLen is the length of a leading offset such as "+5d", 0 for none.
func offsetLen(s string) int {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0
	}
	n := 1
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 1 || n == len(s) || !strings.ContainsRune("smhd", rune(s[n])) {
		return 0
	}
	return n + 1
}
