package token

import (
	"strconv"
	"time"
)

// Reasons for which a token may not be used; programs match on them.
const (
	ReasonCount    = "Authentication counter exceeded"
	ReasonDisabled = "Token is disabled"
	ReasonFail     = "Failcounter exceeded"
	ReasonValidity = "Outside validity period"
	ReasonRollout  = "Token is not yet enrolled"
)

// Unfit says why the token may not be used now, "" when it may. failing is the
// fail counter that counts.
func (t *Token) Unfit(now time.Time, local *time.Location, failing int) string {
	switch {
	case t.usedUp():
		return ReasonCount
	case !t.Active:
		return ReasonDisabled
	case failing >= t.MaxFail:
		return ReasonFail
	case !t.inValidity(now, local):
		return ReasonValidity
	case t.State == StateClientWait || t.State == StateVerify:
		return ReasonRollout
	}
	return ""
}

// usedUp reports whether one of the token's limits of use is reached.
func (t *Token) usedUp() bool {
	reached := func(count, limit string) bool {
		m, _ := strconv.Atoi(t.InfoText(limit))
		n, _ := strconv.Atoi(t.InfoText(count))
		return m != 0 && n >= m
	}
	return reached(InfoCount, InfoCountMax) || reached(InfoCountSuccess, InfoCountSuccessMax)
}

// inValidity reports whether now lies in the token's validity period. A date
// that cannot be read counts as passed: it was meant to limit something.
func (t *Token) inValidity(now time.Time, local *time.Location) bool {
	if t.InfoText(InfoValidFrom) != "" {
		if from := t.InfoTime(InfoValidFrom, local); from.IsZero() || now.Before(from) {
			return false
		}
	}
	if t.InfoText(InfoValidTo) != "" {
		if to := t.InfoTime(InfoValidTo, local); to.IsZero() || now.After(to) {
			return false
		}
	}
	return true
}
