package tokentype

import (
	"context"
	"time"

	"edumfa/internal/token"
)

// Confirmer is an ability of types for which a login can wait until it is confirmed
// elsewhere. They are asked last, behind a right PIN, which then asks for no
// challenge.
type Confirmer interface {
	// Waits is how long; zero does not wait.
	Waits(e *Env, t *token.Token) (time.Duration, error)
}

// Device is an ability of types whose devices talk with the server at
// /ttype/<name of the type>. The answer has the form of all answers.
type Device interface {
	// Device answers a request of the method, GET or POST. detail may be nil.
	Device(ctx context.Context, e *Env, method string, d DeviceDesk) (value any, detail map[string]any, err error)
}

// PlainDevice is Device for apps that expect answers without the form of the
// others: an object of JSON or, where that is nil, a text.
type PlainDevice interface {
	PlainDevice(ctx context.Context, e *Env, d DeviceDesk) (body map[string]any, text string, err error)
}

// DeviceDesk lets devices finish the enrolment of their tokens.
type DeviceDesk interface {
	// Tokens are those that the filter finds, with tokeninfo.
	Tokens(ctx context.Context, f token.Filter) ([]*token.Token, error)
	// Change changes a token, unless another request was faster.
	Change(ctx context.Context, t *token.Token, f func(*token.Token) error) error
	// Owned is the request's environment with the rules of the token's owner.
	Owned(ctx context.Context, t *token.Token) (*Env, error)
}

// Notification is a message for one device.
type Notification struct {
	Title, Body string
	Data        map[string]string
}

// Pusher sends notifications through push services.
type Pusher interface {
	// Known reports whether there is a push gateway of the name.
	Known(ctx context.Context, gateway string) (bool, error)
	// Push sends to the device at an address of the service.
	Push(ctx context.Context, gateway, address string, n Notification) error
}
