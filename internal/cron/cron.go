// Package cron reads cron expressions as the field's periodic tasks have them and
// finds the times they mean: minute, hour, day of month, month, day of week and,
// optional and last, second.
//
// A field is a list with commas of *, a number, a range a-b, and steps */n, a-b/n
// and a/n (from a to the end). Months and days of the week have English names of
// three letters; 0 and 7 are Sunday. The day of month l is the last one. A day of
// the week d#n is the n-th of the month, ld the last. Whole expressions are
// @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly. Where both
// day fields are restricted, one of them must fit. Letter case is ignored.
package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fields of an expression in their order.
const (
	minute = iota
	hour
	day
	month
	weekday
	second
)

// ranges are the least and greatest value of each field.
var ranges = [6][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}, {0, 59}}

// yearsAhead is how far Next looks: a 29th of February on a given day of the week
// comes at least every forty years.
const yearsAhead = 50

const maxLength = 256

var errColumns = errors.New("Exactly 5 or 6 columns has to be specified for iterator expression.") //nolint:staticcheck // clients show it

// Spec is a parsed expression.
type Spec struct {
	fields  [6]set
	lastDay bool    // day of month l
	nth     [7]uint // bit n: the n-th of the month, per day of the week
	last    [7]bool // the last of the month
	// anyDay and anyWeekday fields fit every day.
	anyDay, anyWeekday bool
}

// set has a bit for every value of a field.
type set uint64

func (s set) has(n int) bool { return s&(1<<n) != 0 }

// Parse reads an expression.
func Parse(text string) (Spec, error) {
	if len(text) > maxLength {
		return Spec{}, fmt.Errorf("longer than %d characters", maxLength)
	}
	lower := strings.ToLower(strings.TrimSpace(text))
	if whole := alias(lower); whole != "" {
		lower = whole
	}
	columns := strings.Fields(lower)
	if len(columns) != 5 && len(columns) != 6 {
		return Spec{}, errColumns
	}
	var s Spec
	s.fields[second] = 1
	for i, column := range columns {
		if column == "?" && (i == day || i == weekday) {
			column = "*"
		}
		for item := range strings.SplitSeq(column, ",") {
			if err := s.add(i, item); err != nil {
				return Spec{}, fmt.Errorf("[%s] is not acceptable%w", lower, err)
			}
		}
	}
	s.anyDay = open(columns[day]) || full(s.fields[day], 1, 31) && strings.Contains(columns[weekday], "*")
	s.anyWeekday = open(columns[weekday]) || full(s.fields[weekday], 0, 6) && strings.Contains(columns[day], "*")
	return s, nil
}

// open reports whether a column leaves the day to the other one. All days written
// out do so only if the other has a star.
func open(column string) bool { return column == "*" || column == "?" }

func full(s set, from, to int) bool {
	for n := from; n <= to; n++ {
		if !s.has(n) {
			return false
		}
	}
	return true
}

func alias(name string) string {
	switch name {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return ""
}

// The errors follow "is not acceptable".
var (
	errForm  = errors.New("")
	errRange = errors.New(", out of range")
)

// add reads one item of a list.
func (s *Spec) add(field int, item string) error {
	if field == weekday {
		if done, err := s.addNth(item); done {
			return err
		}
	}
	if field == day && item == "l" {
		s.lastDay = true
		return nil
	}
	low, high, step, err := bounds(field, item)
	if err != nil {
		return err
	}
	for n := low; n <= high; n += step {
		s.fields[field] |= 1 << normal(field, n)
	}
	return nil
}

// normal makes Sunday 0.
func normal(field, n int) int {
	if field == weekday && n == 7 {
		return 0
	}
	return n
}

// addNth reads d#n, a-b#n and ld.
func (s *Spec) addNth(item string) (done bool, err error) {
	if days, n, ok := strings.Cut(item, "#"); ok {
		nth, err := strconv.Atoi(n)
		if err != nil || nth < 1 || nth > 5 {
			return true, errForm
		}
		low, high, step, err := bounds(weekday, days)
		if err != nil || strings.Contains(days, "*") {
			return true, errForm
		}
		for d := low; d <= high; d += step {
			s.nth[normal(weekday, d)] |= 1 << nth
		}
		return true, nil
	}
	if d, ok := strings.CutPrefix(item, "l"); ok && d != "" {
		n, err := value(weekday, d)
		if err != nil {
			return true, err
		}
		s.last[normal(weekday, n)] = true
		return true, nil
	}
	return false, nil
}

// bounds reads *, a, a-b and their steps.
func bounds(field int, item string) (low, high, step int, err error) {
	from, stepText, stepped := strings.Cut(item, "/")
	step = 1
	if stepped {
		if step, err = number(stepText); err != nil || step == 0 {
			return 0, 0, 0, errForm
		}
	}
	greatest := ranges[field][1]
	if from == "*" {
		if field == weekday {
			greatest = 6
		}
		return ranges[field][0], greatest, step, nil
	}
	first, to, ranged := strings.Cut(from, "-")
	if low, err = value(field, first); err != nil {
		return 0, 0, 0, err
	}
	switch {
	case ranged && field == day && to == "l":
		high = greatest
	case ranged:
		if high, err = value(field, to); err != nil {
			return 0, 0, 0, err
		}
		if field == weekday && high == 0 {
			high = 7 // "fri-sun"
		}
	case stepped:
		high = greatest
	default:
		high = low
	}
	if low > high {
		return 0, 0, 0, errForm
	}
	return low, high, step, nil
}

// value reads a number or a name of a field.
func value(field int, text string) (int, error) {
	names := map[int][]string{
		month:   {"", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"},
		weekday: {"sun", "mon", "tue", "wed", "thu", "fri", "sat"},
	}[field]
	if i := slices.Index(names, text); i >= 0 && text != "" {
		return i, nil
	}
	n, err := number(text)
	if err != nil {
		return 0, errForm
	}
	if n < ranges[field][0] || n > ranges[field][1] {
		return 0, errRange
	}
	return n, nil
}

// number reads digits alone.
func number(text string) (int, error) {
	if text == "" || len(text) > 4 || strings.Trim(text, "0123456789") != "" {
		return 0, errForm
	}
	return strconv.Atoi(text)
}

// Next is the first time after t that fits, in the zone of t; false when there is
// none, as for the 31st of February. A time that the clock skips in spring is taken
// to be an hour later.
func (s Spec) Next(t time.Time) (time.Time, bool) {
	loc := t.Location()
	for d := time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, loc); d.Year() <= t.Year()+yearsAhead; d = d.AddDate(0, 0, 1) {
		if !s.fitsDay(d) {
			continue
		}
		if at, ok := s.nextOn(d, t); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// nextOn is the first fitting time of a day that is after t.
func (s Spec) nextOn(d, t time.Time) (time.Time, bool) {
	for h := range 24 {
		// an hour that is over holds nothing; the clock may be set back for one
		if !s.fields[hour].has(h) || time.Date(d.Year(), d.Month(), d.Day(), h, 59, 59, 0, d.Location()).Before(t.Add(-2*time.Hour)) {
			continue
		}
		for m := range 60 {
			if !s.fields[minute].has(m) {
				continue
			}
			for sec := range 60 {
				if !s.fields[second].has(sec) {
					continue
				}
				if at := time.Date(d.Year(), d.Month(), d.Day(), h, m, sec, 0, d.Location()); at.After(t) {
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

func (s Spec) fitsDay(d time.Time) bool {
	if !s.fields[month].has(int(d.Month())) {
		return false
	}
	byDay := s.fields[day].has(d.Day()) || s.lastDay && d.AddDate(0, 0, 1).Day() == 1
	byWeekday := s.fitsWeekday(d)
	switch {
	case s.anyDay:
		return byWeekday
	case s.anyWeekday:
		return byDay
	}
	return byDay || byWeekday
}

func (s Spec) fitsWeekday(d time.Time) bool {
	w := int(d.Weekday())
	return s.fields[weekday].has(w) || s.nth[w]&(1<<((d.Day()-1)/7+1)) != 0 || s.last[w] && d.AddDate(0, 0, 7).Month() != d.Month()
}
