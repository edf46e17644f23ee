package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The scanners below read NULL as the zero value: rows of the field hold NULL
// and empty values side by side for the same thing.

type textTo struct{ p *string }

func (s textTo) Scan(v any) error {
	switch t := v.(type) {
	case nil:
		*s.p = ""
	case string:
		*s.p = t
	case []byte:
		*s.p = string(t)
	case int64:
		*s.p = strconv.FormatInt(t, 10)
	case time.Time:
		*s.p = t.Format(timeText)
	default:
		*s.p = fmt.Sprint(t)
	}
	return nil
}

type intTo struct{ p *int64 }

func (s intTo) Scan(v any) error {
	switch t := v.(type) {
	case nil:
		*s.p = 0
	case int64:
		*s.p = t
	case float64:
		*s.p = int64(t)
	case bool:
		*s.p = 0
		if t {
			*s.p = 1
		}
	case string:
		return s.parse(t)
	case []byte:
		return s.parse(string(t))
	default:
		return fmt.Errorf("cannot read %T as a number", v)
	}
	return nil
}

func (s intTo) parse(t string) (err error) {
	*s.p, err = strconv.ParseInt(t, 10, 64)
	return err
}

type smallTo struct{ p *int }

func (s smallTo) Scan(v any) error {
	var n int64
	err := intTo{&n}.Scan(v)
	*s.p = int(n)
	return err
}

type boolTo struct{ p *bool }

func (s boolTo) Scan(v any) error {
	var n int64
	err := intTo{&n}.Scan(v)
	*s.p = n != 0
	return err
}

// timeTo reads a naive column as a time in loc.
type timeTo struct {
	p   *time.Time
	loc *time.Location
}

func (s timeTo) Scan(v any) error {
	switch t := v.(type) {
	case nil:
		*s.p = time.Time{}
		return nil
	case time.Time:
		*s.p = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), s.loc)
		return nil
	case []byte:
		return s.parse(string(t))
	case string:
		return s.parse(t)
	}
	return fmt.Errorf("cannot read %T as a time", v)
}

func (s timeTo) parse(t string) error {
	t = strings.TrimSuffix(strings.Replace(t, "T", " ", 1), "Z")
	if len(t) > 19 && (t[len(t)-6] == '+' || t[len(t)-6] == '-') {
		t = t[:len(t)-6]
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", t, s.loc)
	if err == nil {
		*s.p = at
	}
	return err
}

// durationTo reads mfa_audit.duration: an interval in microseconds or a moment
// after 1970-01-01. NULL is nil.
type durationTo struct{ p **time.Duration }

func (s durationTo) Scan(v any) error {
	if v == nil {
		*s.p = nil
		return nil
	}
	if n, ok := v.(int64); ok {
		d := time.Duration(n) * time.Microsecond
		*s.p = &d
		return nil
	}
	var at time.Time
	if err := (timeTo{&at, time.UTC}).Scan(v); err != nil {
		return err
	}
	d := at.Sub(time.Unix(0, 0))
	*s.p = &d
	return nil
}
