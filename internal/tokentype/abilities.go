package tokentype

import (
	"context"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

// Splitter divides what the user typed where PIN and OTP of the type's usual
// length do not fit. ok is false when it cannot be divided.
type Splitter interface {
	Split(e *Env, t *token.Token, pass string) (pin, otp string, ok bool)
}

// Prompt is a challenge for the user. The zero values leave members out.
type Prompt struct {
	Message    string
	Attributes map[string]any
	Image      string
	// HasImage shows the member image even if there is none.
	HasImage bool
	// Stored parts of the challenge.
	Challenge, Data, Session string
	// Valid overrides how long the challenge is good.
	Valid time.Duration
	// Failed: no challenge came to be (nothing could be sent); Message says why.
	Failed bool
	// Send is called after the challenge is stored. When it fails, its message
	// replaces the prompt's and the challenge is withdrawn.
	Send func(ctx context.Context) (message string, err error)
	// Stays: when Send fails its message is shown, but the challenge stays.
	Stays bool
	// Then are changes that go with the challenge.
	Then []change.Change
}

// Prompter makes its own challenges; other types get the general prompt.
type Prompter interface {
	Prompt(ctx context.Context, e *Env, t *token.Token) (Prompt, error)
}

// Responder checks an answer by more than Verify: by what the challenge holds.
type Responder interface {
	Respond(ctx context.Context, e *Env, t *token.Token, c challenge.Challenge, answer secret.String) (Match, error)
}

// Nameless is an ability of types whose tokens need no user name: an answer to a
// challenge that was made for nobody says itself which token gave it.
type Nameless interface {
	// NamelessPrompt are the attributes of such a challenge. The rules of e are
	// those of a realm if ofRealm is set; they may add to the attributes.
	NamelessPrompt(e *Env, challenge []byte, ofRealm bool) (map[string]any, error)
	// NamelessAnswer reads the challenge that the request answers and the serial
	// that the answer claims, in all ways it can be read; ok is false when the
	// request answers none. Nothing of it is checked.
	NamelessAnswer(p Params) (challenge []byte, serials []string, ok bool)
	// RespondNameless checks the answer by the token.
	RespondNameless(ctx context.Context, e *Env, t *token.Token, challenge []byte) (Match, error)
}

// Endpoint answers requests to /ttype/<name of the type>, which devices and
// browsers call without logging in.
type Endpoint interface {
	// Endpoint returns a content type and the JSON object of that type.
	Endpoint(ctx context.Context, e *Env) (contentType string, body map[string]any, err error)
}

// TextEndpoint answers requests to /ttype/<name of the type> with a text that is
// no JSON.
type TextEndpoint interface {
	TextEndpoint(ctx context.Context, e *Env, d Desk) (text string, err error)
}

// Desk lets endpoints log tokens in.
type Desk interface {
	// Tokens are those that the filter finds, with tokeninfo.
	Tokens(ctx context.Context, f token.Filter) ([]*token.Token, error)
	// Login decides an attempt with PIN and value, as /validate/check with a
	// serial does.
	Login(ctx context.Context, t *token.Token, pass secret.String) (bool, error)
}

// Chooser types have tokens that only some requests can use. A token that does
// not apply takes no part in the login, as if it were not there.
type Chooser interface {
	Applies(e *Env, t *token.Token) bool
}

// Prescriber names parameters of an enrolment that policies of the scope
// enrollment set: actions and parameters have the same names.
type Prescriber interface {
	Prescribed() []string
}

// InfoViewer changes what lists show of a token's tokeninfo.
type InfoViewer interface {
	ViewInfo(info map[string]any)
}

// Follower sends something after a login with the token is stored, like the next
// value. Follow prepares it; the returned function, which may be nil, is called
// when nothing can undo the login any more. Its error is logged.
type Follower interface {
	Follow(ctx context.Context, e *Env, t *token.Token, m Match) (func(ctx context.Context) error, error)
}

// AfterSuccess is asked for more changes after a login with the token.
type AfterSuccess interface {
	AfterSuccess(t *token.Token) []change.Change
}

// Resyncer brings a counter or clock back in step by two values that follow
// each other. OK with Next and Changes as in Match.
type Resyncer interface {
	Resync(ctx context.Context, e *Env, t *token.Token, otp1, otp2 secret.String) (Match, error)
}

// Finder tells whether a value is the token's within a window, for finding a
// token by a value.
type Finder interface {
	Find(ctx context.Context, e *Env, t *token.Token, otp secret.String, window int) (Match, error)
}

// Defaults fills parameters of an enrolment from policies of the caller's scope
// (admin or user).
type Defaults interface {
	Defaults(scope string, r Rules, p EnrollParams) (map[string]string, error)
}

// EnrolmentVerifier ends an enrolment by a value in a way of its own. Other
// types that are Verifiable ask for a value of the token and call Verify.
type EnrolmentVerifier interface {
	// AskVerification makes the member verify of the enrolment's detail.
	AskVerification(ctx context.Context, e *Env, t *token.Token) (map[string]any, error)
	CheckVerification(ctx context.Context, e *Env, t *token.Token, value secret.String) (Match, error)
}

// LoginEnroller can be enrolled in the middle of a login, by the policy
// enroll_via_multichallenge.
type LoginEnroller interface {
	// EnrolAtLogin says with which parameters, and what the user is told.
	EnrolAtLogin() LoginEnrolment
}

// LoginEnrolment is how a type is enrolled during a login.
type LoginEnrolment struct {
	Params  map[string]any
	Message string
	// Shown: the key is shown as an image and a value of it ends the login.
	// Otherwise the answer is what [EnrolAnswerer] takes, and the token is asked
	// behind it.
	Shown bool
	// Image is the member of the enrolment's detail with the image to be scanned by
	// a device that finishes the enrolment; "" without one.
	Image string
}

// EnrolAnswerer completes a token that is enrolled during a login by the user's
// answer to the first question. It changes t and returns the same as changes.
type EnrolAnswerer interface {
	EnrolAnswer(ctx context.Context, e *Env, t *token.Token, answer secret.String) ([]change.Change, error)
}

// Tester tries the type's settings for POST /system/test/<type>.
type Tester interface {
	Test(ctx context.Context, e *Env, p EnrollParams) (ok bool, message string, err error)
}

// PublicKeyHolder types hold a public key that servers fetch.
type PublicKeyHolder interface {
	// PublicKey is the key as a line of authorized_keys.
	PublicKey(e *Env, t *token.Token) (string, error)
}
