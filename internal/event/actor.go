package event

import "context"

// Enrolment is a token that a handler wants made.
type Enrolment struct {
	// Params are what POST /token/init would be given.
	Params map[string]any
	// ForOwner gives the token to the user of the request, or else to the owner of
	// its token.
	ForOwner bool
}

// Actor does in the name of the request what needs more than the database.
type Actor interface {
	// Enroll makes a token and returns its serial.
	Enroll(ctx context.Context, e Enrolment) (serial string, err error)
	// Commit stores what the request has changed so far, so that others see it.
	Commit(ctx context.Context) error
}
