// Package api is the REST interface: it reads requests, asks the domain, and
// writes answers. routes.go lists every endpoint with its steps.
package api

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"time"

	"edumfa/internal/admin"
	"edumfa/internal/application"
	"edumfa/internal/audit"
	"edumfa/internal/ca"
	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/clientapp"
	"edumfa/internal/enrol"
	"edumfa/internal/event"
	"edumfa/internal/login"
	"edumfa/internal/machine"
	"edumfa/internal/monitoring"
	"edumfa/internal/policy/action"
	"edumfa/internal/radius"
	"edumfa/internal/remoteserver"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/session"
	"edumfa/internal/signature"
	"edumfa/internal/smsprovider"
	"edumfa/internal/snapshot"
	"edumfa/internal/task"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// Store is what the operations need of the database. Each resource declares its
// part beside its operations.
type Store interface {
	user.AttributeStore
	enrol.Store
	tokenStore
	groupStore
	realmStore
	policyStore
	eventStore
	settingStore
	auditStore
	nameStore
	adminStore
	clientStore
	userStore
	smtpStore
	smsStore
	taskStore
	userCounter
	remoteStore
	serviceStore
	caStore
	radiusStore
	loginStore
	recoveryStore
	machineStore
	Admin(ctx context.Context, name string) (admin.Account, error)
	Apply(ctx context.Context, changes []change.Change, entry *audit.Entry) error
	Challenges(ctx context.Context, transactionID string) ([]challenge.Challenge, error)
	passkeyStore
	DeleteExpiredChallenges(ctx context.Context, now time.Time, limit int) (int64, error)
	Counter(ctx context.Context, name string) (int64, error)
	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// Config are the settings of the installation that operations ask for.
type Config interface {
	// NodeFor is the name of this node for a request to the host.
	NodeFor(host string) string
	// AuditServer is the audit's name for this server.
	AuditServer(host string) string
	Nodes() []string
	SuperuserRealms() []string
	LogLevelNumber() int
	AuditColumnLengths() map[string]int
	ReduceAudit() bool
}

// Keys seals and opens values at rest.
type Keys interface {
	tokentype.Keys
	Locked() bool
	// Wrapped reports whether the key file is kept with a password.
	Wrapped() bool
	Unlock(password string) error
}

// AdminPasswords are the hashes of local administrators.
type AdminPasswords interface {
	Verify(ctx context.Context, stored string, password secret.String) (bool, error)
	Hash(ctx context.Context, password secret.String) (string, error)
	NeedsRehash(stored string) bool
	// Waste takes as long as Verify and says nothing.
	Waste(ctx context.Context, password secret.String) error
}

// Actions are the definitions of all policy actions.
type Actions interface {
	// Names are the actions of a scope.
	Names(scope string) []string
	// Menus are the main menus that an action opens.
	Menus(scope, action string) []string
}

// PGPKey is the public part of a key pair.
type PGPKey struct{ Armor, Fingerprint string }

// Metrics counts requests.
type Metrics interface {
	// Request is told of every answer; path is the pattern of its route.
	Request(path, method string, status int, took time.Duration)
	// Login is told how a login attempt ended: accepted, challenge or rejected.
	Login(outcome string)
	// UserStoreFailed is told of every question that a user store did not answer.
	UserStoreFailed(resolver string)
}

// API serves the REST interface. All fields are set before the first request.
type API struct {
	Config         Config
	Store          Store
	Snapshots      *snapshot.Holder
	Sessions       *session.Sessions
	Keys           Keys
	AdminPasswords AdminPasswords
	PINs           enrol.PINs
	Types          *tokentype.Registry
	Logins         *login.Checker
	Enrol          *enrol.Service
	Tokens         *token.Service
	Events         *event.Engine
	EventCatalog   *event.Catalog
	Actions        Actions
	// PolicyDefinitions describes all policy actions with the given choices.
	PolicyDefinitions func(action.Dynamic) *action.Catalog
	// PGPKeys are the keys that token files can be encrypted for; nil has none.
	PGPKeys func(ctx context.Context) (map[string]PGPKey, error)
	// PGPDecrypt opens a token file that was encrypted for one of them; nil cannot.
	PGPDecrypt    func(ctx context.Context, message []byte) ([]byte, error)
	ResolverKinds []resolver.Kind
	ResolverDeps  resolver.Deps
	UserCache     user.Cache
	Mailer        tokentype.Mailer
	Texter        tokentype.Texter
	// CAs opens connectors to certificate authorities.
	CAs *ca.Opener
	// TaskKinds are the kinds of periodic tasks.
	TaskKinds []task.Kind
	// Stats are the statistics.
	Stats monitoring.Store
	// Wake tells the job queue that there is something in it.
	Wake func()
	// Servers asks the RADIUS and eduMFA servers that are defined, Remote other
	// eduMFA servers, RADIUS a server that is to be tried out.
	Servers tokentype.Servers
	Pusher  tokentype.Pusher
	Remote  *remoteserver.Client
	RADIUS  func(ctx context.Context, s radius.Server, q radius.Question) (radius.Answer, error)
	// SMSKinds are the ways to send text messages.
	SMSKinds []smsprovider.Kind
	// Machines finds the hosts of the organisation; Applications use tokens there.
	Machines     *machine.Finder
	Applications []application.Application
	// Signer signs answers if SignAnswers says so; nil signs nothing.
	Signer      *signature.Signer
	SignAnswers bool
	// AuditSigning signs and checks audit rows; nil leaves them unsigned.
	AuditSigning *audit.Signing
	Metrics      Metrics
	Clients      clientapp.Due
	expiries     challenge.Expiries // of the challenges made here
	Now          func() time.Time
	Local        *time.Location
	Rand         io.Reader
	Log          *slog.Logger
	// NotFound, Conflict and NameTaken are the store's errors.
	NotFound, Conflict, NameTaken error
	// Version is what answers call the server.
	Version string
}

func itoa(n int) string { return strconv.Itoa(n) }

type tokenStore interface {
	Tokens(ctx context.Context, f token.Filter, with token.Parts) ([]*token.Token, error)
	TokenPage(ctx context.Context, f token.Filter, o token.Order, offset, limit int, with token.Parts) ([]*token.Token, int, error)
	DeleteToken(ctx context.Context, id int64, serial string) error
	ChallengePage(ctx context.Context, f challenge.Filter, o challenge.Order, offset, limit int) ([]challenge.Challenge, int, error)
}
