package token

// Filter selects tokens; its conditions are all of the query. Texts with * are
// patterns; the zero value of a field asks nothing.
type Filter struct {
	IDs         []int64
	Serial      string // exact
	SerialLike  string
	Serials     []string // any of
	Type        string   // letter case is ignored
	Description string   // letter case is ignored
	Realm       string   // a realm the token is in; letter case is ignored
	// AllowedRealms, when not nil, are the only realms whose tokens are seen.
	AllowedRealms []string
	Resolver      string // of the owner
	UserID        string // of the owner
	// Of is one user's tokens that are in the user's realm; a realm id of 0 is any
	// realm.
	Of       *Owner
	Assigned *bool
	Active   *bool
	Revoked  *bool
	Locked   *bool
	State    *string // rollout state
	InfoKey  string  // with InfoValue, exact
	InfoVal  string
}

// Order of a list. By is a column of the API; an unknown one means serial.
type Order struct {
	By   string
	Desc bool
}

// Parts names what is loaded beside the token rows themselves.
type Parts int

const (
	WithInfo Parts = 1 << iota
	WithOwner
	WithRealms
	WithGroups
	// Whole loads everything.
	Whole = WithInfo | WithOwner | WithRealms | WithGroups
)
