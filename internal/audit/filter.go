package audit

import "time"

// Filter selects audit rows: column name to pattern with *, and an earliest
// date.
type Filter struct {
	Columns map[string]string
	// AnyRealm, when not nil, are the only realms whose rows are seen.
	AnyRealm []string
	Since    time.Time
	// Last, when not 0, is the highest number, After the one below the lowest.
	Last, After int64
	// Values, where there are some, are all values that fit a pattern in Columns:
	// what the store found out about it.
	Values map[string][]string
}

// Nothing reports whether it is known that no row fits.
func (f Filter) Nothing() bool {
	for _, values := range f.Values {
		if len(values) == 0 {
			return true
		}
	}
	return false
}

// Page is a part of what was found.
type Page struct {
	Rows []Row
	// More says that there are rows behind these.
	More bool
	// Total is how many rows fit; if it is not exact, about how many there are, or
	// the number to which they were counted.
	Total int
	Exact bool
}
