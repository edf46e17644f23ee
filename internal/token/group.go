package token

// Group is a name under which tokens are put together.
type Group struct {
	ID          int64
	Name        string // up to 255 characters
	Description string // up to 2000 characters
}
