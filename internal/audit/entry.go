package audit

import "time"

// Entry is a row on its way into the table. Sign is called with the number the
// row will have, when the row is otherwise complete.
type Entry struct {
	Row  Row
	Sign func(*Row) error
}

// Logins are attempts of a user to log in, as rows show them.
type Logins struct {
	User, Realm string
	Success     bool
	Since       time.Time
}

// Numbers of threads, which other programs show and ours has none of. The
// second marks an attempt that ended in a challenge: it is no success, and no
// failure either.
const (
	Thread      = "140000000000001"
	ThreadAsked = "140000000000002"
)
