package timespec

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func load(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

type outcome struct {
	Result  any
	Error   string
	Message string
}

type miscVectors struct {
	Legacy []struct {
		Input string
		Got   outcome `json:"parse_legacy_time"`
	} `json:"parse_legacy_time"`
	Validity []struct {
		Input  string
		Stored *string
		Error  string
		Get    outcome `json:"get_validity_period_end"`
	} `json:"validity_period_end"`
	Moments []struct {
		Input  string
		Result *string
	} `json:"parse_date"`
	Periods []struct {
		Input  string
		Result float64
		Error  string
	} `json:"parse_timedelta_seconds"`
	Limits []struct {
		Input  string
		Result []float64
		Error  string
	} `json:"parse_timelimit"`
}

func testNow() time.Time { return time.Date(2026, 11, 21, 18, 41, 30, 0, time.UTC) }

func TestParsePeriod_Vectors(t *testing.T) {
	var v miscVectors
	load(t, "misc.json", &v)
	for _, c := range v.Periods {
		got, err := ParsePeriod(c.Input)
		if (err != nil) != (c.Error != "") || got.Seconds() != c.Result {
			t.Errorf("%q: got %v, %v", c.Input, got, err)
		}
	}
}

func TestParsePeriod_CutsWhatDoesNotFit(t *testing.T) {
	got, err := ParsePeriod("99999999999999999999y")
	if err != nil || got != math.MaxInt64 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestParseSeconds(t *testing.T) {
	for in, want := range map[string]int64{"5d": 432000, "-24h": 86400, "17": 17, " 17 ": 17} {
		if got, err := ParseSeconds(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v", in, got, err)
		}
	}
	if _, err := ParseSeconds("soon"); err == nil {
		t.Error("accepted a word")
	}
}

func TestParseLimit_Vectors(t *testing.T) {
	var v miscVectors
	load(t, "misc.json", &v)
	for _, c := range v.Limits {
		got, err := ParseLimit(c.Input)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%q: %v", c.Input, err)
		} else if err == nil && (float64(got.Count) != c.Result[0] || got.Within.Seconds() != c.Result[1]) {
			t.Errorf("%q: got %v", c.Input, got)
		}
	}
}

func TestSplitOffset(t *testing.T) {
	for in, want := range map[string]struct {
		text string
		d    time.Duration
	}{
		"New date {now}+5d. {other}": {"New date {now}. {other}", 5 * day},
		"{current_time}-30m!":        {"{current_time}!", -30 * time.Minute},
		"{now} +5d":                  {"{now} +5d", 0},
		"{now}+5y":                   {"{now}+5y", 0},
		"nothing":                    {"nothing", 0},
	} {
		if text, d := SplitOffset(in); text != want.text || d != want.d {
			t.Errorf("%q: got %q %v", in, text, d)
		}
	}
}

func TestWindows_Vectors(t *testing.T) {
	var vectors []struct {
		Range, Time string
		Result      bool
	}
	load(t, "windows.json", &vectors)
	for _, c := range vectors {
		at, err := time.Parse("2006-01-02T15:04:05", c.Time)
		if err != nil {
			t.Fatal(err)
		}
		if got := ParseWindows(c.Range).Contains(at); got != c.Result {
			t.Errorf("%s at %s: got %v", c.Range, c.Time, got)
		}
	}
}

func TestWindows_MalformedEntryStops(t *testing.T) {
	noon := testNow()
	for text, want := range map[string]bool{
		"Mon-Sun: 0-25, Mon-Sun: 0-23:59": false,
		"Mon-Sun: 0-23:59, Mon-Sun: 0-25": true,
		"Mo-Fr: 8-17":                     false,
		"0:00-23:59":                      false,
		"Mon-Sun: 0-23:59,":               true,
	} {
		w := ParseWindows(text)
		if w.Contains(noon) != want || w.Err() == nil {
			t.Errorf("%s: got %v, %v", text, w.Contains(noon), w.Err())
		}
	}
}

func TestReadDate_AsDateutil(t *testing.T) {
	var vectors []struct {
		Input    string
		DayFirst bool
		Result   string
		Error    string
	}
	load(t, "dateutil.json", &vectors)
	bad := 0
	for _, c := range vectors {
		d, err := ReadDate(c.Input, c.DayFirst, testNow())
		got := ""
		if err == nil {
			got = iso(d)
		}
		if got == "" && refused(c.Input) {
			continue
		}
		if got != c.Result {
			bad++
			t.Errorf("%q dayfirst=%v: got %q %v, want %q %s", c.Input, c.DayFirst, got, err, c.Result, c.Error)
		}
	}
	t.Logf("%d of %d differ", bad, len(vectors))
}

// refused are forms whose meaning is so odd that they are better not taken.
func refused(s string) bool {
	for _, odd := range []string{"am pm", "13 pm", "00,5", "-02-03", "10.11"} {
		if strings.Contains(s, odd) {
			return true
		}
	}
	return false
}

func iso(d Date) string {
	layout := "2006-01-02T15:04:05"
	if d.Time.Nanosecond() != 0 {
		layout += ".000000"
	}
	if d.Zoned {
		layout += "-07:00"
	}
	return d.Time.Format(layout)
}

func TestReadStored_Vectors(t *testing.T) {
	var v miscVectors
	load(t, "misc.json", &v)
	for _, c := range v.Legacy {
		got, err := ReadStored(c.Input, testNow())
		if (err != nil) != (c.Got.Error != "") || err == nil && FormatMinutes(got) != c.Got.Result {
			t.Errorf("%q: got %v, %v; want %v", c.Input, got, err, c.Got)
		}
	}
}

func TestReadValidity_Vectors(t *testing.T) {
	var v miscVectors
	load(t, "misc.json", &v)
	for _, c := range v.Validity {
		if c.Input == "" {
			continue // deletes the date
		}
		d, err := ReadValidity(c.Input, testNow())
		if c.Error != "" {
			if !errors.Is(err, ErrDate) {
				t.Errorf("%q: got %v", c.Input, err)
			}
			continue
		}
		if err != nil || d.String() != *c.Stored {
			t.Errorf("%q: got %s, %v; want %s", c.Input, d, err, *c.Stored)
			continue
		}
		back, err := ReadStored(d.String(), testNow())
		if err != nil || FormatMinutes(back) != c.Get.Result {
			t.Errorf("%q reads back as %v, %v", c.Input, back, err)
		}
	}
}

func TestReadStored_WithoutZoneIsLocal(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	got, err := ReadStored("2030-06-01T10:00", testNow().In(berlin))
	if err != nil || FormatMinutes(got) != "2030-06-01T10:00+0200" {
		t.Errorf("got %v, %v", got, err)
	}
	micros := time.Date(2026, 11, 21, 18, 41, 30, 914617000, berlin)
	if s := FormatMicros(micros); s != "2026-11-21 18:41:30.914617+01:00" {
		t.Errorf("got %s", s)
	}
	if back, err := ReadStored(FormatMicros(micros), micros); err != nil || !back.Equal(micros) {
		t.Errorf("got %v, %v", back, err)
	}
}

func TestReadMoment_Vectors(t *testing.T) {
	var v miscVectors
	load(t, "misc.json", &v)
	for _, c := range v.Moments {
		d, err := ReadMoment(c.Input, testNow())
		if c.Result == nil {
			if err == nil {
				t.Errorf("%q: accepted", c.Input)
			}
			continue
		}
		if err != nil || iso(d) != *c.Result {
			t.Errorf("%q: got %v, %v", c.Input, d, err)
		}
	}
	for in, want := range map[string]time.Duration{"": 0, "+30d": 30 * day, "+12h": 12 * time.Hour, "+10m": 10 * time.Minute, "+4x": 0} {
		if d, err := ReadMoment(in, testNow()); err != nil || d.Time.Sub(testNow()) != want {
			t.Errorf("%q: got %v, %v", in, d, err)
		}
	}
}

func FuzzTimes(f *testing.F) {
	var vectors []struct{ Input string }
	load(f, "dateutil.json", &vectors)
	for _, v := range vectors {
		f.Add(v.Input)
	}
	for _, s := range []string{"Mon-Fri: 9-18, Sat: 10:00-15:00", "10/1m", " 3 d ", "{now}+5d", "+30d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ParseWindows(s).Contains(testNow())
		_, _ = ParsePeriod(s)
		_, _ = ParseLimit(s)
		_, _ = ParseSeconds(s)
		_, _ = SplitOffset(s)
		_, _ = ReadMoment(s, testNow())
		d, err := ReadDate(s, false, testNow())
		if err != nil {
			return
		}
		back, err := ReadDate(d.String(), false, testNow())
		if err != nil || back.String() != d.String() {
			t.Errorf("%q became %s, which reads as %s, %v", s, d, back, err)
		}
	})
}
