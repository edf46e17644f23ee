package otp

import (
	"strconv"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
)

// maxTimeStep is a hundred years: enough, and far from overflowing a duration.
const maxTimeStep = 100 * 365 * 24 * time.Hour

// ParseTimeStep reads the time step of a day password: a number with one of the
// letters s m h d y ("12h"; a year has 365 days) or a plain number of seconds.
// Blanks around the parts are allowed. A sign is allowed and ignored: stored
// steps may have one. Errors: 905 for anything else and for zero.
func ParseTimeStep(s string) (time.Duration, error) {
	bad := func() (time.Duration, error) { return 0, mfaerr.NewParameter("Not a time step: %q", s) }
	text := strings.TrimSpace(s)
	if text == "" {
		return bad()
	}
	if text[0] == '+' || text[0] == '-' {
		text = strings.TrimSpace(text[1:])
	}
	unit := time.Second
	if n := len(text); n > 0 {
		var named bool
		if unit, named = timeUnit(text[n-1]); named {
			text = strings.TrimSpace(text[:n-1])
		}
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 || n > uint64(maxTimeStep/unit) {
		return bad()
	}
	return time.Duration(n) * unit, nil
}

func timeUnit(letter byte) (time.Duration, bool) {
	switch letter {
	case 's':
		return time.Second, true
	case 'm':
		return time.Minute, true
	case 'h':
		return time.Hour, true
	case 'd':
		return 24 * time.Hour, true
	case 'y':
		return 365 * 24 * time.Hour, true
	}
	return time.Second, false
}

// FindDayPassword reports whether otp is the value of the step in which now
// lies, and the counter of that step. The value stays good until the step ends.
func FindDayPassword(key []byte, h Hash, digits int, step time.Duration, now time.Time, otp string) (int64, bool) {
	return FindHOTP(key, h, digits, Steps{Length: step}.Counter(now), 1, otp)
}
