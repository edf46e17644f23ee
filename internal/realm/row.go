package realm

// Row is a realm as it is stored, with its resolvers.
type Row struct {
	ID      int64
	Name    string // lower case
	Default bool
	Links   []Link
}

// Link is a resolver in a realm. Lower priorities are asked first; nil comes
// last. Resolvers of one priority are asked in the order of their names.
type Link struct {
	Resolver string
	Kind     string
	Priority *int
}
