package tokentype

import (
	"context"

	"edumfa/internal/radius"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/yubicocloud"
)

// Forwarder is an ability of types whose values another server checks. It is asked
// when no other token of the user fits, and not for tokens that may not be used:
// a value may be used up there, and wrong ones may be counted.
type Forwarder interface {
	// PINHere reports whether the token's PIN is kept here; then the server is only
	// asked behind a right PIN, and the PIN asks for a challenge. Otherwise the
	// server gets all that was typed, and nothing here is compared with the PIN.
	PINHere(t *token.Token) bool
}

// Servers asks other servers for logins.
type Servers interface {
	// RADIUS asks the server that is defined by the name. The error is 302 where
	// there is none.
	RADIUS(ctx context.Context, identifier string, q radius.Question) (radius.Answer, error)
	// RADIUSAt asks a server that has no name.
	RADIUSAt(ctx context.Context, s radius.Server, q radius.Question) (radius.Answer, error)
	// Remote finds the eduMFA server that is defined under the number. The error is
	// 302 where there is none.
	Remote(ctx context.Context, id int64) (remoteserver.Server, error)
	// RemoteLogin asks an eduMFA server for a login at a path of it.
	RemoteLogin(ctx context.Context, s remoteserver.Server, path string, l remoteserver.Login) (remoteserver.Outcome, error)
	// Yubico asks a validation server for a one-time password of a Yubikey.
	Yubico(ctx context.Context, s yubicocloud.Service, otp secret.String) (bool, error)
}

// Answers are what other servers said in one request. They outlive deciding it
// anew: what was sent once may be used up there.
type Answers map[string]any

type answered[T any] struct {
	v   T
	err error
}

// Once asks another server a question of the request for the first time and
// remembers the answer, also that there was none. key names the question.
func Once[T any](e *Env, key string, ask func() (T, error)) (T, error) {
	if a, known := e.Answers[key].(answered[T]); known {
		return a.v, a.err
	}
	v, err := ask()
	if e.Answers != nil {
		e.Answers[key] = answered[T]{v, err}
	}
	return v, err
}

// defaultNAS is what requests to RADIUS servers call this server.
const defaultNAS = "eduMFA"

// NASIdentifier is the name of this server for RADIUS servers.
func (e *Env) NASIdentifier() string { return e.Settings.Text("radius.nas_identifier", defaultNAS) }
