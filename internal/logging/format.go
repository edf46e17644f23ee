package logging

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// line is one entry on its way into a log.
type line struct {
	at      time.Time
	level   int
	name    string
	message string
}

func levelName(n int) string {
	switch {
	case n < Info:
		return "DEBUG"
	case n < Warning:
		return "INFO"
	case n < Error:
		return "WARNING"
	case n < Critical:
		return "ERROR"
	}
	return "CRITICAL"
}

// form is a compiled format: texts, and between them fields.
type form struct {
	texts  []string
	fields []formField
	date   string
}

type formField struct{ name, verb string }

// compile reads a format string. Names that are not known here stay as they are.
func compile(f Formatter) form {
	format := f.Format
	if format == "" {
		format = "%(message)s"
	}
	out := form{date: f.Date}
	last := 0
	for _, m := range regexp.MustCompile(`%\(([A-Za-z]+)\)([-0-9.]*)([sdf])`).FindAllStringSubmatchIndex(format, -1) {
		out.texts = append(out.texts, strings.ReplaceAll(format[last:m[0]], "%%", "%"))
		out.fields = append(out.fields, formField{format[m[2]:m[3]], "%" + format[m[4]:m[5]] + "v"})
		last = m[1]
	}
	out.texts = append(out.texts, strings.ReplaceAll(format[last:], "%%", "%"))
	return out
}

// text is the line with its end.
func (f form) text(l line) string {
	var b strings.Builder
	for i, field := range f.fields {
		b.WriteString(f.texts[i])
		fmt.Fprintf(&b, field.verb, f.value(field.name, l))
	}
	b.WriteString(f.texts[len(f.texts)-1])
	return printable(b.String()) + "\n"
}

func (f form) value(name string, l line) any {
	switch name {
	case "asctime":
		if f.date != "" {
			return strftime(f.date, l.at)
		}
		return l.at.Format("2006-01-02 15:04:05,000")
	case "message":
		return l.message
	case "levelname":
		return levelName(l.level)
	case "levelno":
		return l.level
	case "name", "module", "funcName", "filename", "pathname":
		return l.name
	case "process":
		return os.Getpid()
	case "processName":
		return "edumfa"
	case "created":
		return float64(l.at.UnixMicro()) / 1e6
	case "msecs":
		return l.at.Nanosecond() / 1_000_000
	case "thread", "lineno", "relativeCreated":
		return 0
	case "threadName":
		return "MainThread"
	}
	return "%(" + name + ")"
}

// strftime knows the parts of dates that log lines have.
func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		layout, ok := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'y': "06", 'b': "Jan", 'B': "January", 'a': "Mon",
			'A': "Monday", 'z': "-0700", 'Z': "MST", 'f': "000000", 'I': "03", 'p': "PM", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05"}[format[i]]
		switch {
		case format[i] == 'f':
			fmt.Fprintf(&b, "%06d", t.Nanosecond()/1000)
		case ok:
			b.WriteString(t.Format(layout))
		case format[i] == '%':
			b.WriteByte('%')
		default:
			b.WriteString(format[i-1 : i+1])
		}
	}
	return b.String()
}

// printable keeps a line one line, whatever values are in it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '.'
		}
		return r
	}, s)
}
