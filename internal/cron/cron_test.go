package cron

import (
	"testing"
	"time"
	_ "time/tzdata" // the zone of the test
)

func TestParse_Refuses(t *testing.T) {
	for text, want := range map[string]string{
		"":              errColumns.Error(),
		"every day":     errColumns.Error(),
		"* * * *":       errColumns.Error(),
		"* * * * * * *": errColumns.Error(),
		"@never":        errColumns.Error(),
		"61 * * * *":    "[61 * * * *] is not acceptable, out of range",
		"0 24 * * *":    "[0 24 * * *] is not acceptable, out of range",
		"0 0 0 * *":     "[0 0 0 * *] is not acceptable, out of range",
		"0 0 * 13 *":    "[0 0 * 13 *] is not acceptable, out of range",
		"0 0 * * 8":     "[0 0 * * 8] is not acceptable, out of range",
		"A b c d e":     "[a b c d e] is not acceptable",
		"5-3 * * * *":   "[5-3 * * * *] is not acceptable",
		"*/0 * * * *":   "[*/0 * * * *] is not acceptable",
		"-1 * * * *":    "[-1 * * * *] is not acceptable",
		"1,,2 * * * *":  "[1,,2 * * * *] is not acceptable",
		"? * * * *":     "[? * * * *] is not acceptable",
		"0 0 * * 1#6":   "[0 0 * * 1#6] is not acceptable",
		"0 0 * * *#2":   "[0 0 * * *#2] is not acceptable",
		"1+1 * * * *":   "[1+1 * * * *] is not acceptable",
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestNext(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const layout = "2006-01-02 15:04:05"
	for _, c := range []struct{ name, spec, from, want string }{
		{"every minute", "* * * * *", "2027-01-01 00:00:00", "2027-01-01 00:01:00"},
		{"every minute, within one", "* * * * *", "2027-01-01 00:00:59", "2027-01-01 00:01:00"},
		{"steps", "*/5 * * * *", "2027-01-01 00:57:00", "2027-01-01 01:00:00"},
		{"steps from a number", "5/15 * * * *", "2027-01-01 00:06:00", "2027-01-01 00:20:00"},
		{"steps from a number, the next hour", "5/15 * * * *", "2027-01-01 00:51:00", "2027-01-01 01:05:00"},
		{"the same moment is not after it", "0 3 * * *", "2027-01-01 03:00:00", "2027-01-02 03:00:00"},
		{"lists, ranges and names", "0,30 8-17 * * mon-fri", "2027-01-01 17:30:00", "2027-01-04 08:00:00"},
		{"months", "15 10 * jan,jul *", "2027-01-31 11:00:00", "2027-07-01 10:15:00"},
		{"Sunday is 7", "0 0 * * 7", "2027-01-01 00:00:00", "2027-01-03 00:00:00"},
		{"to Sunday", "0 0 * * sat-sun", "2027-01-02 12:00:00", "2027-01-03 00:00:00"},
		{"either day field", "0 0 13 * fri", "2027-01-02 00:00:00", "2027-01-08 00:00:00"},
		{"either day field, the date", "0 0 13 * fri", "2027-01-09 00:00:00", "2027-01-13 00:00:00"},
		{"a step is a restriction", "0 0 */2 * fri", "2027-01-01 01:00:00", "2027-01-03 00:00:00"},
		{"all days written out", "0 0 1-31 * 1", "2027-01-01 00:00:00", "2027-01-02 00:00:00"},
		{"all days written out and steps of weekdays", "0 0 1-31 * */6", "2027-01-01 00:00:00", "2027-01-02 00:00:00"},
		{"all days written out and steps of weekdays, then", "0 0 1-31 * */6", "2027-01-03 00:00:00", "2027-01-09 00:00:00"},
		{"leap years", "0 0 29 2 *", "2027-01-01 00:00:00", "2028-02-29 00:00:00"},
		{"never", "0 0 31 2 *", "2027-01-01 00:00:00", ""},
		{"last day", "0 0 l * *", "2027-02-01 00:00:00", "2027-02-28 00:00:00"},
		{"second Sunday", "0 0 * * sun#2", "2027-01-01 00:00:00", "2027-01-10 00:00:00"},
		{"last Friday", "0 0 * * l5", "2027-01-01 00:00:00", "2027-01-29 00:00:00"},
		{"seconds", "* * * * * */10", "2027-01-01 00:00:51", "2027-01-01 00:01:00"},
		{"seconds within a minute", "* * * * * */10", "2027-01-01 00:00:41", "2027-01-01 00:00:50"},
		{"daily", "@daily", "2027-01-01 12:00:00", "2027-01-02 00:00:00"},
		{"hourly", " @Hourly ", "2027-01-01 12:00:00", "2027-01-01 13:00:00"},
		{"weekly", "@weekly", "2027-01-01 12:00:00", "2027-01-03 00:00:00"},
		{"monthly", "@monthly", "2027-01-01 12:00:00", "2027-02-01 00:00:00"},
		{"yearly", "@annually", "2027-01-01 12:00:00", "2028-01-01 00:00:00"},
		{"a skipped hour", "30 2 * * *", "2027-03-28 01:00:00", "2027-03-28 03:30:00"},
		{"behind a skipped hour", "0 4 * * *", "2027-03-28 01:00:00", "2027-03-28 04:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			from, err := time.ParseInLocation(layout, c.from, berlin)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := s.Next(from)
			if ok != (c.want != "") || ok && got.Format(layout) != c.want {
				t.Errorf("%s after %s: %s %v, want %s", c.spec, c.from, got.Format(layout), ok, c.want)
			}
		})
	}
}

// Next always moves forward, also where the clock is set back.
func TestNext_MovesForward(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("*/20 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2027, 10, 31, 0, 0, 0, 0, berlin)
	for range 50 {
		next, ok := s.Next(at)
		if !ok || !next.After(at) || next.Sub(at) > 80*time.Minute {
			t.Fatalf("%s follows %s", next, at)
		}
		at = next
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"* * * * *", "0,30 8-17 * jan-mar mon-fri", "5/15 0 l * sun#2", "* * * * * */10", "@daily", "0 0 31 2 l5"} {
		f.Add(s)
	}
	from := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if next, ok := s.Next(from); ok && !next.After(from) {
			t.Errorf("%q: %s", text, next)
		}
	})
}
