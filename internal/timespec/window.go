package timespec

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Windows are the times of a week at which a policy counts.
type Windows struct {
	list []window
	err  error
}

type window struct {
	firstDay, lastDay int // Monday is 1
	start, end        int // minutes of the day, both included
}

// ParseWindows reads a comma list of "<day>[-<day>]:<time>-<time>" with days mon
// to sun in any case and times h or h:mm. It reads up to the first malformed
// entry: the ones before it count, [Windows.Err] tells what stopped it.
func ParseWindows(s string) Windows {
	var w Windows
	text := strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s))
	for entry := range strings.SplitSeq(text, ",") {
		one, err := parseWindow(entry)
		if err != nil {
			w.err = fmt.Errorf("malformed time range %q: %w", entry, err)
			break
		}
		w.list = append(w.list, one)
	}
	return w
}

// Err is what was wrong with the text, nil if nothing.
func (w Windows) Err() error { return w.err }

// Contains reports whether the clock time of t, in its own location, lies in
// one of the windows. Seconds do not count.
func (w Windows) Contains(t time.Time) bool {
	weekday := (int(t.Weekday())+6)%7 + 1
	minute := t.Hour()*60 + t.Minute()
	for _, o := range w.list {
		if o.firstDay <= weekday && weekday <= o.lastDay && o.start <= minute && minute <= o.end {
			return true
		}
	}
	return false
}

func parseWindow(s string) (window, error) {
	days, times, ok := strings.Cut(s, ":")
	if !ok {
		return window{}, fmt.Errorf("no colon behind the days")
	}
	first, last, ranged := strings.Cut(days, "-")
	if !ranged {
		last = first
	}
	from, to, ok := strings.Cut(times, "-")
	if !ok {
		return window{}, fmt.Errorf("no end time")
	}
	var w window
	var err error
	if w.firstDay, err = weekday(first); err != nil {
		return w, err
	}
	if w.lastDay, err = weekday(last); err != nil {
		return w, err
	}
	if w.start, err = clock(from); err != nil {
		return w, err
	}
	w.end, err = clock(to)
	return w, err
}

func weekday(s string) (int, error) {
	for i, name := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		if s == name {
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("unknown day %q", s)
}

// clock reads h or h:mm. With more than two parts only the hour counts.
func clock(s string) (int, error) {
	parts := strings.Split(s, ":")
	numbers := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || !allDigits(p) {
			return 0, fmt.Errorf("%q is no time", s)
		}
		numbers[i] = n
	}
	minute := 0
	if len(numbers) == 2 {
		minute = numbers[1]
	}
	if numbers[0] > 23 || minute > 59 {
		return 0, fmt.Errorf("%q is no time", s)
	}
	return numbers[0]*60 + minute, nil
}
