package timespec

import (
	"errors"
	"strconv"
)

// dateFields collects up to three numbers of a date in the order they came, and
// which of them must be the year or the month.
type dateFields struct {
	list    []int
	year    int // index + 1 of a number that can only be a year, 0 if none
	month   int // index + 1 of a month given by name
	century bool
}

var errFields = errors.New("too many or contradicting numbers")

// add takes numbers; more than two digits make a year.
func (f *dateFields) add(numbers ...string) error {
	for _, s := range numbers {
		n, err := strconv.Atoi(s)
		if err != nil || len(s) > 4 || len(f.list) == 3 {
			return errFields
		}
		f.list = append(f.list, n)
		if len(s) > 2 {
			if f.year > 0 {
				return errFields
			}
			f.year, f.century = len(f.list), true
		}
	}
	return nil
}

func (f *dateFields) addMonth(m int) error {
	if f.month > 0 || len(f.list) == 3 {
		return errFields
	}
	f.list = append(f.list, m)
	f.month = len(f.list)
	return nil
}

// resolve says which number is the year, the month and the day; -1 is one that
// was not given. Without a hint the month comes first, unless it cannot be one
// or dayFirst.
func (f *dateFields) resolve(dayFirst bool, thisYear int) (y, m, d int, err error) {
	y, m, d = -1, -1, -1
	switch {
	case len(f.list) == 0:
		return y, m, d, nil
	case len(f.list) == 1 || f.month > 0 && len(f.list) == 2:
		y, m, d = f.single()
	case len(f.list) == 2:
		a, b := f.list[0], f.list[1]
		switch {
		case a > 31:
			y, m = a, b
		case b > 31:
			m, y = a, b
		case dayFirst && b <= 12:
			d, m = a, b
		default:
			m, d = a, b
		}
	case f.month > 0:
		y, m, d = f.withName()
	default:
		y, m, d = f.three(dayFirst)
	}
	if y >= 0 && y < 100 && !f.century {
		y = nearest(y, thisYear)
	}
	return y, m, d, nil
}

// single resolves one number, or a month name with one number.
func (f *dateFields) single() (y, m, d int) {
	y, m, d = -1, -1, -1
	other := -1
	for i, n := range f.list {
		if i+1 == f.month {
			m = n
		} else {
			other = n
		}
	}
	if other > 31 || f.year > 0 {
		y = other
	} else {
		d = other
	}
	return y, m, d
}

// withName resolves a month name among two numbers.
func (f *dateFields) withName() (y, m, d int) {
	m = f.list[f.month-1]
	var rest []int
	yearAt := -1
	for i, n := range f.list {
		if i+1 == f.month {
			continue
		}
		if i+1 == f.year {
			yearAt = len(rest)
		}
		rest = append(rest, n)
	}
	switch {
	case yearAt == 0:
		return rest[0], m, rest[1]
	case yearAt == 1:
		return rest[1], m, rest[0]
	case f.month == 1 && rest[0] > 31, f.month == 2 && rest[0] > 31:
		return rest[0], m, rest[1]
	case f.month == 3 && rest[1] <= 31:
		return rest[0], m, rest[1]
	}
	return rest[1], m, rest[0]
}

// three resolves three numbers.
func (f *dateFields) three(dayFirst bool) (y, m, d int) {
	a, b, c := f.list[0], f.list[1], f.list[2]
	switch {
	case a > 31 || f.year == 1:
		if dayFirst && c <= 12 {
			return a, c, b
		}
		return a, b, c
	case a > 12 || dayFirst && b <= 12:
		return c, b, a
	}
	return c, a, b
}

// nearest gives a year of two digits its century: within fifty years of now.
func nearest(y, thisYear int) int {
	full := y + thisYear/100*100
	switch {
	case full >= thisYear+50:
		return full - 100
	case full < thisYear-50:
		return full + 100
	}
	return full
}
