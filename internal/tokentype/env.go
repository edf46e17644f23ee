package tokentype

import (
	"context"
	"io"
	"time"

	"edumfa/internal/ca"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
	"edumfa/internal/smsprovider"
	"edumfa/internal/token"
)

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
