package audit

import "time"

// Filter selects audit rows: column name to pattern with *, and an earliest
// date.
type Filter struct {
	Columns map[string]string
	// AnyRealm, when not nil, are the only realms whose rows are seen.
	AnyRealm []string
	Since    time.Time
	// Last, when not 0, is the highest number.
	Last int64
}
