// Package tokentype is the contract of token types: what every type must do,
// what it may do besides, and what it is given to do it with. Types live in
// folders below and are listed in app/builtin.go.
//
// Types decide; they do not store. What a login changes is returned as changes
// and carried out together with the login's audit row.
package tokentype

import (
	"context"
	"io"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/policy/action"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
	"edumfa/internal/smsprovider"
	"edumfa/internal/token"
)

// Client modes tell a login page how a challenge is answered.
const (
	Interactive = "interactive"
	Poll        = "poll"
)

// Info are the facts of a type.
type Info struct {
	Name        string // lower case, as in the database
	Prefix      string // of generated serials
	Title       string // for lists
	Description string // what may be enrolled, for GET /auth/rights
	ClientMode  string
	// Authenticates: a value can be checked at once. Challenges: a challenge can
	// be made for it.
	Authenticates, Challenges bool
	// NativeChallenge types are asked by their PIN alone, without a policy.
	NativeChallenge bool
	// OutOfBand types are answered elsewhere: asking whether they are is no attempt.
	OutOfBand bool
	// NoPIN types have none, so PIN rules do not apply.
	NoPIN bool
	// Verifiable types can ask for a value before enrolment is finished.
	Verifiable bool
	// TwoStep types can be enrolled with a part of the key from the client.
	TwoStep bool
	// EnrollableBy are the roles the user interface offers it to: admin, user.
	EnrollableBy []string
	// PINScopes are the policy scopes in which the type has PIN rules of its own.
	PINScopes []string
	// ReadablePIN types need their PIN later: it is always stored so that it can be
	// read again.
	ReadablePIN bool
	// Planned types are known by name only and take no part in logins.
	Planned bool
	// PublicSettings are the type's settings that users may read; a name that ends
	// in a dot stands for all that begin with it.
	PublicSettings []string
}

// Keys opens and seals values at rest.
type Keys interface {
	Seal(text string) (token.Sealed, error)
	Open(s token.Sealed) (string, error)
	SealPassword(text string) (string, error)
	OpenPassword(stored string) (string, error)
}

// Mailer sends a mail through a configured server.
type Mailer interface {
	Mail(ctx context.Context, serverID string, m Mail) error
	// MailVia sends through a server that has no name.
	MailVia(ctx context.Context, s MailServer, m Mail) error
}

// LaterMailer is an ability of mailers with a job queue.
type LaterMailer interface {
	// MailLater makes a change that has the mail delivered once the request is
	// stored. ok is false when the mail is not for the queue: then use Mail.
	MailLater(ctx context.Context, serverID string, m Mail) (c change.Change, ok bool, err error)
}

// LaterTexter is the same ability of texters.
type LaterTexter interface {
	TextLater(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) (c change.Change, ok bool, err error)
}

// MailServer is a mail server as settings describe it.
type MailServer struct {
	Host     string
	Port     int
	User     string
	Password secret.String // only with User
	Sender   string
	TLS      bool          // STARTTLS
	Timeout  time.Duration // zero is the usual one
}

// Texter sends text messages through SMS gateways.
type Texter interface {
	Text(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) error
	// PostCheck tells a gateway that wants to know it that a login with a message
	// succeeded; the text is made for such a gateway only.
	PostCheck(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text func(context.Context) (string, error)) error
}

// Mail is a text for one address.
type Mail struct {
	To, Subject, Body string
	HTML              bool
}

// Rules are the policies of the request's user, client and time.
type Rules interface {
	// Text is the value of an action in a scope; ok is false without a policy.
	Text(scope, action string) (value string, ok bool, err error)
	// On reports whether a yes-or-no action holds.
	On(scope, action string) (bool, error)
	// Word is Text for actions whose value is one word: policies that name several
	// contradict each other, which is an error.
	Word(scope, action string) (value string, ok bool, err error)
	// Words are all words that the policies name together.
	Words(scope, action string) ([]string, error)
}

// Params are the request's parameters.
type Params interface {
	Text(name string) (string, bool)
}

// Env is what a type is given for one request.
type Env struct {
	Now      time.Time
	Local    *time.Location
	Rand     io.Reader
	Keys     Keys
	Settings settings.Settings
	Rules    Rules
	Params   Params
	Mailer   Mailer
	Texter   Texter
	Servers  Servers
	Pusher   Pusher
	// MayWait: the request may take as long as somebody needs to confirm it.
	MayWait bool
	// Answers are what other servers have said in this request.
	Answers Answers
	// Owner reads the attributes of the token's owner; nil attributes without one.
	Owner func(ctx context.Context, t *token.Token) (resolver.Attributes, error)
	// OwnerLogin is the owner's login name and realm, "" without one.
	OwnerLogin, OwnerRealm string
	// Transaction is the id of the challenges that are being made; only for Prompt.
	Transaction string
	// Flush carries out the changes collected so far, before something is sent
	// that cannot be taken back.
	Flush func(ctx context.Context) error
	// After keeps a function for the time when the request's changes are stored.
	After func(f func(ctx context.Context) error)
	// Changes are the request's changes; Send abilities may add to them.
	Changes *change.Set
	// Origin is the HTTP header of that name: the page the answer comes from.
	Origin string
	// Tokens finds tokens, with their tokeninfo.
	Tokens func(ctx context.Context, f token.Filter) ([]*token.Token, error)
	// Challenges finds the challenges of a token, expired ones too; transactionID
	// may be "" for all of them (the latest hundred), serial for those of all tokens
	// in a transaction.
	Challenges func(ctx context.Context, serial, transactionID string) ([]challenge.Challenge, error)

	// Help checks PIN and value against tokens of other users. It is right when
	// exactly one of them fits; wrong attempts are not counted.
	Help func(ctx context.Context, tokens []*token.Token, pass secret.String) (Helper, bool, error)

	// CA finds a connector to a certificate authority, with the name that its
	// administrator gave it; nil without any.
	CA func(name string) (c ca.Connector, exact string, err error)
	// Caller are the policies of the caller's own scope (admin or user), whatever
	// scope is named; nil for requests without a caller.
	Caller Rules

	shared map[string][]byte
}

// Shared is a value that all prompts of one request have in common, made by the
// first that asks for it.
func (e *Env) Shared(name string, make func() ([]byte, error)) ([]byte, error) {
	if v, made := e.shared[name]; made {
		return v, nil
	}
	v, err := make()
	if err != nil {
		return nil, err
	}
	if e.shared == nil {
		e.shared = map[string][]byte{}
	}
	e.shared[name] = v
	return v, nil
}

// Match is what Verify found.
type Match struct {
	OK bool
	// Next is the counter to store; only with OK.
	Next int64
	// Previous: the value is right but was used before.
	Previous bool
	// WithoutPIN: the value was all that was typed, and no PIN is asked for.
	WithoutPIN bool
	// Detail is told to the client when the value alone was wrong.
	Detail map[string]any
	// State is what MoreChallenges keeps of the answer for the next challenge.
	State string
	// Reason says why a value is not right, for the log.
	Reason string
	// Changes go with the attempt, right or wrong (what a resynchronisation
	// remembers, the drift of a clock).
	Changes []change.Change
}

// Type is one token type.
type Type interface {
	Info() Info
	// Actions are the type's own policy actions beside those every type has.
	Actions() []action.Definition
	// Enroll fills a new token, or one that is enrolled again, from the request.
	// Errors are the client's: mfaerr.
	Enroll(ctx context.Context, e *Env, t *token.Token, p EnrollParams) (Enrolled, error)
	// Verify looks whether the token gives the value now. It changes nothing.
	Verify(ctx context.Context, e *Env, t *token.Token, otp secret.String) (Match, error)
}

// Chooses is an ability of types whose actions offer names of what is configured.
type Chooses interface {
	// ActionsWith are the type's own policy actions with the names to choose from.
	ActionsWith(d action.Dynamic) []action.Definition
}

// EnrollParams reads the parameters of an enrolment.
type EnrollParams interface {
	Text(name string) (string, bool)
	Bool(name string) bool
	// Int is def when the parameter is missing; an error when it is no number.
	Int(name string, def int) (int, error)
	Names() []string
}

// Enrolled is what the client is told of an enrolment. Members become members
// of "detail"; secrets in it are meant for the client.
type Enrolled struct {
	Detail map[string]any
	// Key is the generated or given OTP key as text, for detail.otpkey; HasKey is
	// false when the enrolment set none.
	Key    string
	HasKey bool
	// Outside, when not nil, is asked before the enrolment is complete.
	Outside *Outside
}

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

// Registry finds types by name.
type Registry struct {
	list  []Type
	index map[string]Type
}

// NewRegistry keeps the types in the given order.
func NewRegistry(list []Type) *Registry {
	r := &Registry{list: list, index: make(map[string]Type, len(list))}
	for _, t := range list {
		r.index[t.Info().Name] = t
	}
	return r
}

// All returns the types.
func (r *Registry) All() []Type { return r.list }

// Get finds a type by its lower-case name.
func (r *Registry) Get(name string) (Type, bool) {
	t, ok := r.index[name]
	return t, ok
}
