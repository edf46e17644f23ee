package timespec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	minuteZone  = "2006-01-02T15:04-0700"
	minuteNaive = "2006-01-02T15:04"
	microZone   = "2006-01-02 15:04:05.000000-07:00"
)

// ErrDate is wrapped when a text is no date.
var ErrDate = errors.New("not a date")

// Date is a date as a client wrote it. Without a zone Time is local time.
type Date struct {
	Time  time.Time
	Zoned bool
}

// FormatMinutes is the form of validity dates: 2026-11-21T18:41+0100.
func FormatMinutes(t time.Time) string { return t.Format(minuteZone) }

// FormatMicros is the form of creation and use dates:
// 2026-11-21 18:41:30.914617+01:00.
func FormatMicros(t time.Time) string { return t.Format(microZone) }

// String is the form to store: minutes, with an offset only if the client gave
// one.
func (d Date) String() string {
	if d.Zoned {
		return d.Time.Format(minuteZone)
	}
	return d.Time.Format(minuteNaive)
}

// ReadDate reads a date as dateutil does, the month first where the order is
// open unless dayFirst. What is missing is taken from now, the time of day is
// midnight. Refused, though dateutil takes them: fractions of minutes, labels
// such as 12h30m, am or pm with hours above 12, a day with a fraction. Errors
// wrap [ErrDate].
func ReadDate(s string, dayFirst bool, now time.Time) (Date, error) {
	if len(s) > maxDate {
		return Date{}, fmt.Errorf("%w: longer than %d bytes", ErrDate, maxDate)
	}
	p := &dateParser{tokens: tokenize(s), now: now}
	d, err := p.parse(dayFirst)
	if err != nil {
		return Date{}, fmt.Errorf("%w: %q: %w", ErrDate, s, err)
	}
	return d, nil
}

// ReadValidity reads the date of a validity period from a client, month first.
func ReadValidity(s string, now time.Time) (Date, error) { return ReadDate(s, false, now) }

// ReadStored reads a date of a token's information: of today's form or of an
// old one without a zone, which is local time in the location of now. Old forms
// that begin with two digits and a slash or dot have the day first.
func ReadStored(s string, now time.Time) (time.Time, error) {
	d, err := ReadDate(s, false, now)
	if err == nil && !d.Zoned {
		d, err = ReadDate(s, dayBegins(s), now)
	}
	return d.Time, err
}

// ReadMoment reads what event handlers compare: an empty text is now, "+30d",
// "+12h" and "+10m" are ahead of now, everything else is a date, day first if
// it begins with two digits and a slash or dot.
func ReadMoment(s string, now time.Time) (Date, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return Date{Time: now, Zoned: true}, nil
	}
	if s[0] != '+' {
		return ReadDate(s, dayBegins(s), now)
	}
	unit := time.Duration(0)
	switch s[len(s)-1] {
	case 'm', 'M':
		unit = time.Minute
	case 'h', 'H':
		unit = time.Hour
	case 'd', 'D':
		unit = day
	default:
		return Date{Time: now, Zoned: true}, nil
	}
	n, err := strconv.ParseInt(s[1:len(s)-1], 10, 32)
	if err != nil {
		return Date{}, fmt.Errorf("%w: %q", ErrDate, s)
	}
	if unit == day {
		return Date{Time: now.Add(time.Duration(n) * day), Zoned: true}, nil
	}
	return Date{Time: now.Add(time.Duration(n) * unit), Zoned: true}, nil
}

func dayBegins(s string) bool {
	return len(s) > 2 && allDigits(s[:2]) && (s[2] == '/' || s[2] == '.')
}
