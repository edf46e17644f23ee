// Package challenge owns the exchange of challenge and response: transaction
// ids, how long a challenge is good, and how it is answered.
package challenge

import "time"

// Declined is what a challenge holds as data when it was declined out of band.
const Declined = "challenge_declined"

// SessionEnrollment marks a challenge that enrols its token during a login.
const SessionEnrollment = "enrollment"

// Challenge is one stored challenge. Several with one transaction id belong to
// one request.
type Challenge struct {
	ID            int64
	TransactionID string // 20 decimal digits when made here; up to 64 characters
	Serial        string
	Challenge     string
	Data          string // up to 512 characters
	Session       string
	Timestamp     time.Time // UTC
	Expiration    time.Time // UTC
	Received      int       // how many answers came
	Valid         bool      // answered rightly out of band
}

// Open reports whether the challenge may be answered at now.
func (c *Challenge) Open(now time.Time) bool {
	return !now.Before(c.Timestamp) && now.Before(c.Expiration)
}

// Filter selects challenges; empty fields ask nothing.
type Filter struct {
	Serial        string // a pattern if it has a *
	TransactionID string // a pattern if it has a *
	// OpenAt leaves out challenges that have ended by then.
	OpenAt time.Time
	// Realms, when not nil, are the only realms whose tokens' challenges are seen.
	Realms []string
}

// Order of a list. By is a column; an unknown one means timestamp.
type Order struct {
	By   string
	Desc bool
}
