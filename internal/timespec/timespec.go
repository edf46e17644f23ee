// Package timespec reads the small time languages of settings, policies and
// tokens: periods such as "10s 5m 3h 2d 1y" (each alone), limits such as
// "10/1m", weekly windows such as "Mon-Fri: 9-18", and the dates of token
// settings, which were written and read by Python's dateutil.
package timespec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParsePeriod reads an optional sign, a whole number and one of s, m (minutes),
// h, d, y (365 days), with blanks allowed between. Periods beyond 292 years are
// cut to that.
func ParsePeriod(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	negative := strings.HasPrefix(rest, "-")
	if negative || strings.HasPrefix(rest, "+") {
		rest = strings.TrimSpace(rest[1:])
	}
	if rest == "" {
		return 0, fmt.Errorf("unsupported period %q", s)
	}
	var unit time.Duration
	switch rest[len(rest)-1] {
	case 's':
		unit = time.Second
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	case 'd':
		unit = day
	case 'y':
		unit = 365 * day
	default:
		return 0, fmt.Errorf("unsupported period %q", s)
	}
	digits := strings.TrimSpace(rest[:len(rest)-1])
	if !allDigits(digits) {
		return 0, fmt.Errorf("unsupported period %q", s)
	}
	d := times(digits, unit)
	if negative {
		return -d, nil
	}
	return d, nil
}

// times multiplies, cutting what does not fit.
func times(digits string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(math.MaxInt64/unit) {
		return math.MaxInt64
	}
	return time.Duration(n) * unit
}

// ParseSeconds reads a period, or a bare number of seconds, and returns whole
// seconds; the sign of a period is dropped.
func ParseSeconds(s string) (int64, error) {
	if d, err := ParsePeriod(s); err == nil {
		if d < 0 {
			d = -d
		}
		return int64(d / time.Second), nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a period nor a number of seconds", s)
	}
	return n, nil
}

// Limit is a number of events within a time.
type Limit struct {
	Count  int
	Within time.Duration
}

// ParseLimit reads "<count>/<number><s|m|h>", blanks allowed anywhere.
func ParseLimit(s string) (Limit, error) {
	text := strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	count, rest, ok := strings.Cut(text, "/")
	if !ok || rest == "" {
		return Limit{}, fmt.Errorf("invalid limit %q", s)
	}
	var unit time.Duration
	switch rest[len(rest)-1] {
	case 's', 'S':
		unit = time.Second
	case 'm', 'M':
		unit = time.Minute
	case 'h', 'H':
		unit = time.Hour
	default:
		return Limit{}, fmt.Errorf("invalid time unit in limit %q", s)
	}
	n, err := strconv.Atoi(count)
	number := rest[:len(rest)-1]
	if err != nil || !allDigits(number) {
		return Limit{}, fmt.Errorf("invalid limit %q", s)
	}
	return Limit{Count: n, Within: times(number, unit)}, nil
}

// SplitOffset takes an offset such as +5d or -30m that stands directly behind
// {now} or {current_time} out of a text, and returns the text without it. A
// text without such a tag has the offset 0.
func SplitOffset(s string) (string, time.Duration) {
	for _, tag := range []string{"{current_time}", "{now}"} {
		for end := len(s); ; {
			i := strings.LastIndex(s[:end], tag)
			if i < 0 {
				break
			}
			head, tail := s[:i+len(tag)], s[i+len(tag):]
			if n := offsetLen(tail); n > 0 {
				d, _ := ParsePeriod(tail[:n])
				return head + tail[n:], d
			}
			end = i
		}
	}
	return s, 0
}

// offsetLen is the length of a signed period at the beginning of s, without
// blanks and years; 0 if there is none.
func offsetLen(s string) int {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0
	}
	i := 1
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 1 || i >= len(s) || !strings.ContainsRune("smhd", rune(s[i])) {
		return 0
	}
	return i + 1
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
