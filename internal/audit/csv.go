package audit

import (
	"strconv"
	"strings"
	"time"

	"edumfa/internal/pyliteral"
)

// CSVLine is a row as the audit file has it, with its line end: 22 values between
// apostrophes, nothing escaped, as programs that read the file expect. signed
// says that the signature is right, complete that the rows before and behind
// are there.
func CSVLine(r Row, signed, complete bool) string {
	ok := func(yes bool) string {
		if yes {
			return "OK"
		}
		return "FAIL"
	}
	success, duration := "None", "None"
	if r.Success != nil {
		success = strconv.FormatInt(*r.Success, 10)
	}
	if r.Duration != nil && *r.Duration != 0 {
		duration = pyliteral.Str(r.Duration.Seconds())
	}
	values := []string{
		strconv.FormatInt(r.ID, 10), isoTime(r.Date), ok(signed), ok(complete), orNone(r.Action), success, orNone(r.Serial), orNone(r.TokenType),
		orNone(r.User), orNone(r.Realm), orNone(r.Resolver), orNone(r.Administrator), orNone(r.ActionDetail), orNone(r.Info), orNone(r.Server),
		orNone(r.Policies), orNone(r.Client), orNone(r.LogLevel), orNone(r.ClearanceLevel), isoTime(r.StartDate), duration, orNone(r.ThreadID),
	}
	return "'" + strings.Join(values, "','") + "'\n"
}

func orNone(s *string) string {
	if s == nil {
		return "None"
	}
	return *s
}

// isoTime is a local time as Python's isoformat() writes it.
func isoTime(t *time.Time) string {
	switch {
	case t == nil:
		return "None"
	case t.Nanosecond()/1000 == 0:
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04:05.000000")
}
