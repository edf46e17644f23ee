package timespec

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxDate bounds a date text in bytes.
const maxDate = 100

// tokenize splits a text into runs of digits, runs of letters, blanks (as one
// " ") and single other characters.
func tokenize(s string) []string {
	kind := func(r rune) int {
		switch {
		case r >= '0' && r <= '9':
			return 1
		case unicode.IsLetter(r):
			return 2
		case unicode.IsSpace(r):
			return 3
		}
		return 0
	}
	var out []string
	last := 0
	for _, r := range s {
		k := kind(r)
		switch {
		case k == 3 && last == 3:
		case k == 3:
			out = append(out, " ")
		case k != 0 && k == last:
			out[len(out)-1] += string(r)
		default:
			out = append(out, string(r))
		}
		last = k
	}
	return out
}

var errUnknown = errors.New("unknown form")

// dateParser collects what the tokens say; -1 means that nothing was said.
type dateParser struct {
	tokens  []string
	at      int
	now     time.Time
	fields  dateFields
	hour    int
	minute  int
	second  int
	nanos   int
	clocked bool
	half    bool // am or pm was said
	weekday int  // Monday is 0
	zone    string
	offset  *int // seconds east of UTC
}

func (p *dateParser) peek(n int) string {
	if p.at+n < len(p.tokens) {
		return p.tokens[p.at+n]
	}
	return ""
}

func (p *dateParser) parse(dayFirst bool) (Date, error) {
	p.weekday = -1
	for p.at < len(p.tokens) {
		var err error
		if t := p.tokens[p.at]; allDigits(t) {
			err = p.number()
		} else {
			err = p.word(t)
		}
		if err != nil {
			return Date{}, err
		}
	}
	if len(p.fields.list) == 0 && !p.clocked && p.weekday < 0 && p.zone == "" {
		return Date{}, errors.New("empty")
	}
	y, m, d, err := p.fields.resolve(dayFirst, p.now.Year())
	if err != nil {
		return Date{}, err
	}
	return p.build(y, m, d)
}

// number reads what begins with digits.
func (p *dateParser) number() error {
	t := p.tokens[p.at]
	switch {
	case p.peek(1) == ":":
		return p.clock()
	case len(p.fields.list) == 3 && !p.clocked && (len(t) == 2 || len(t) == 4):
		p.at++
		return p.digitsClock(t)
	case len(t) == 6 && len(p.fields.list) > 0:
		p.at++
		return p.digitsClock(t)
	case len(t) == 6:
		p.at++
		return p.fields.add(t[:2], t[2:4], t[4:])
	case len(t) == 8 || len(t) == 12 || len(t) == 14:
		p.at++
		if err := p.fields.add(t[:4], t[4:6], t[6:8]); err != nil || len(t) == 8 {
			return err
		}
		return p.digitsClock(t[8:])
	case p.separator():
		return p.separated(p.peek(1))
	}
	return p.plain(t)
}

func (p *dateParser) separator() bool {
	switch p.peek(1) {
	case "-", "/":
		return true
	case ".":
		return p.peek(2) != "" && p.peek(2) != " "
	}
	return false
}

// separated reads 23.12.2016, 2016-12-23, 23-Dec-2016 and the two-part forms.
func (p *dateParser) separated(sep string) error {
	if err := p.fields.add(p.tokens[p.at]); err != nil {
		return err
	}
	p.at += 2
	for n := range 2 {
		t := p.peek(0)
		switch {
		case allDigits(t):
			if err := p.fields.add(t); err != nil {
				return err
			}
		case month(t) > 0:
			if err := p.fields.addMonth(month(t)); err != nil {
				return err
			}
		case n == 0:
			return nil // the separator was an ordinary one
		default:
			return errUnknown
		}
		p.at++
		if p.peek(0) != sep {
			if sep == "." && n == 0 {
				return errUnknown // a fraction
			}
			return nil
		}
		if n == 0 {
			p.at++
		}
	}
	return nil
}

// plain reads a number that stands alone: a year, month or day, or an hour with
// am or pm.
func (p *dateParser) plain(t string) error {
	ahead := 1
	if p.peek(1) == " " {
		ahead = 2
	}
	if shift := ampm(p.peek(ahead)); shift >= 0 && !p.clocked {
		hour, err := strconv.Atoi(t)
		if err != nil || hour > 12 {
			return errUnknown
		}
		p.hour, p.clocked, p.half = hour%12+shift, true, true
		p.at += ahead + 1
		return nil
	}
	p.at++
	return p.fields.add(t)
}

// digitsClock reads hh, hhmm or hhmmss, perhaps with a fraction behind.
func (p *dateParser) digitsClock(t string) error {
	p.clocked = true
	p.hour, _ = strconv.Atoi(t[:2])
	if len(t) >= 4 {
		p.minute, _ = strconv.Atoi(t[2:4])
	}
	if len(t) >= 6 {
		p.second, _ = strconv.Atoi(t[4:6])
		p.fraction()
	}
	return nil
}

// clock reads hh:mm, hh:mm:ss and hh:mm:ss.ffffff.
func (p *dateParser) clock() error {
	if p.clocked || !allDigits(p.peek(2)) || len(p.peek(0)) > 2 || len(p.peek(2)) > 2 {
		return errUnknown
	}
	p.clocked = true
	p.hour, _ = strconv.Atoi(p.peek(0))
	p.minute, _ = strconv.Atoi(p.peek(2))
	p.at += 3
	if p.peek(0) != ":" {
		if p.peek(0) == "," && allDigits(p.peek(1)) {
			return errUnknown // a fraction of a minute
		}
		return nil
	}
	if !allDigits(p.peek(1)) || len(p.peek(1)) > 2 {
		return errUnknown
	}
	p.second, _ = strconv.Atoi(p.peek(1))
	p.at += 2
	p.fraction()
	return nil
}

// fraction reads the digits behind seconds and keeps microseconds.
func (p *dateParser) fraction() {
	if sep := p.peek(0); sep != "." && sep != "," || !allDigits(p.peek(1)) {
		return
	}
	micros, _ := strconv.Atoi((p.peek(1) + "000000")[:6])
	p.nanos = micros * int(time.Microsecond)
	p.at += 2
}

// word reads everything that does not begin with a digit.
func (p *dateParser) word(t string) error {
	p.at++
	switch {
	case weekdayName(t) >= 0:
		p.weekday = weekdayName(t)
	case month(t) > 0:
		return p.monthFirst(month(t))
	case ampm(t) >= 0 && p.clocked:
		if p.half || p.hour > 12 {
			return errUnknown
		}
		p.hour, p.half = p.hour%12+ampm(t), true
	case p.clocked && p.zone == "" && p.offset == nil && zoneName(t):
		p.zone = t
	case p.clocked && (t == "+" || t == "-"):
		return p.numericZone(t)
	case !filler(t):
		return errUnknown
	}
	return nil
}

// monthFirst reads Dec-23-2016 behind the month; other forms go on as numbers.
func (p *dateParser) monthFirst(m int) error {
	if err := p.fields.addMonth(m); err != nil {
		return err
	}
	sep := p.peek(0)
	if sep != "-" && sep != "/" {
		return nil
	}
	for range 2 {
		if p.peek(0) != sep {
			return nil
		}
		if !allDigits(p.peek(1)) {
			return errUnknown
		}
		if err := p.fields.add(p.peek(1)); err != nil {
			return err
		}
		p.at += 2
	}
	return nil
}

// numericZone reads +hh, +hhmm or +hh:mm behind a clock time. Behind a name the
// sign turns: "UTC+3" is what one adds to get UTC.
func (p *dateParser) numericZone(sign string) error {
	t := p.peek(0)
	if !allDigits(t) || p.offset != nil {
		return errUnknown
	}
	hours, minutes := t, "0"
	p.at++
	switch {
	case len(t) == 4:
		hours, minutes = t[:2], t[2:]
	case p.peek(0) == ":" && allDigits(p.peek(1)):
		minutes = p.peek(1)
		p.at += 2
	case len(t) > 2:
		return errUnknown
	}
	h, err1 := strconv.Atoi(hours)
	m, err2 := strconv.Atoi(minutes)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return errUnknown
	}
	seconds := h*3600 + m*60
	if (sign == "-") != (p.zone != "") {
		seconds = -seconds
	}
	p.offset, p.zone = &seconds, ""
	return nil
}

func (p *dateParser) build(y, m, d int) (Date, error) {
	if p.hour > 23 || p.minute > 59 || p.second > 59 {
		return Date{}, errors.New("no such time of day")
	}
	loc := p.now.Location()
	zoned := true
	switch {
	case p.offset != nil && *p.offset == 0, p.offset == nil && utcName(p.zone):
		loc = time.UTC
	case p.offset != nil:
		loc = time.FixedZone("", *p.offset)
	default:
		// A name other than UTC says nothing reliable and is passed over.
		zoned = false
	}
	today := p.now
	if y < 0 {
		y = today.Year()
	}
	if m < 0 {
		m = int(today.Month())
	}
	if m < 1 || m > 12 || y < 1 || y > 9999 {
		return Date{}, errors.New("no such date")
	}
	last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	named := d >= 0
	if !named {
		d = min(today.Day(), last)
	}
	if d < 1 || d > last {
		return Date{}, errors.New("no such day")
	}
	t := time.Date(y, time.Month(m), d, p.hour, p.minute, p.second, p.nanos, loc)
	if p.weekday >= 0 && !named {
		ahead := (p.weekday - (int(t.Weekday())+6)%7 + 7) % 7
		t = t.AddDate(0, 0, ahead)
	}
	return Date{Time: t, Zoned: zoned}, nil
}

func month(s string) int {
	for i, name := range []string{"january", "february", "march", "april", "may", "june", "july", "august",
		"september", "october", "november", "december"} {
		if w := strings.ToLower(s); w == name || w == name[:3] || i == 8 && w == "sept" {
			return i + 1
		}
	}
	return 0
}

func weekdayName(s string) int {
	for i, name := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if w := strings.ToLower(s); w == name || w == name[:3] {
			return i
		}
	}
	return -1
}

// ampm is the number of hours a word for the half of a day adds, -1 for others.
func ampm(s string) int {
	switch strings.ToLower(s) {
	case "am", "a":
		return 0
	case "pm", "p":
		return 12
	}
	return -1
}

func utcName(s string) bool { return s == "UTC" || s == "GMT" || s == "Z" || s == "z" }

func zoneName(s string) bool {
	if len(s) > 5 || s == "" {
		return false
	}
	return utcName(s) || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// filler says whether a word or sign means nothing in a date.
func filler(s string) bool {
	switch strings.ToLower(s) {
	case " ", ".", ",", ";", "-", "/", "'", "at", "on", "and", "ad", "m", "t", "of", "st", "nd", "rd", "th":
		return true
	}
	return false
}
