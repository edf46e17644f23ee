// Package app puts the server together. It is the only package that knows
// everybody: builtin.go lists what is compiled in, Open makes everything from a
// configuration and Close ends it.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"edumfa/internal/api"
	"edumfa/internal/ca"
	"edumfa/internal/config"
	"edumfa/internal/dburi"
	"edumfa/internal/enrol"
	"edumfa/internal/event"
	"edumfa/internal/event/handler/usernotification"
	"edumfa/internal/keystore"
	"edumfa/internal/logging"
	"edumfa/internal/login"
	"edumfa/internal/machine"
	"edumfa/internal/passhash"
	"edumfa/internal/pgp"
	"edumfa/internal/policy/action"
	"edumfa/internal/queue"
	"edumfa/internal/radius"
	"edumfa/internal/realm"
	"edumfa/internal/remoteserver"
	"edumfa/internal/resolver"
	"edumfa/internal/session"
	"edumfa/internal/signature"
	"edumfa/internal/smsprovider/firebase"
	"edumfa/internal/snapshot"
	"edumfa/internal/store"
	"edumfa/internal/task"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/yubicocloud"
)

// Version is what answers call the server: the field's clients read it as the
// version of the interface.
const Version = "2.9.5"

// Deps is what an installation is run with; the zero value is the real world.
type Deps struct {
	Now   func() time.Time
	Local *time.Location
	Rand  io.Reader
	Log   *slog.Logger
	// Metrics counts requests; nil counts nothing.
	Metrics Metrics
	// Logs are the places of the log, for audit rows that go there; nil has none.
	Logs *logging.Logs
}

func (d Deps) complete() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Local == nil {
		d.Local = time.Local
	}
	if d.Rand == nil {
		d.Rand = rand.Reader
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Metrics == nil {
		d.Metrics = noMetrics{}
	}
	return d
}

// Metrics counts what the server does.
type Metrics interface {
	api.Metrics
	// Loaded is told of every load of the configuration in the database.
	Loaded(err error)
	// EventHandler is told how each event handler ended.
	EventHandler(module, outcome string)
	// HashQueue is given, once, the function that tells of the queue of password
	// hashes.
	HashQueue(now func() (running, waiting int, refused uint64))
	// JobQueue is given, once, the function that tells of the job queue.
	JobQueue(now func() (c queue.Counts, delivered, failed uint64))
	// Task is told how every run of a periodic task ended.
	Task(module string, err error)
}

type noMetrics struct{}

func (noMetrics) Request(string, string, int, time.Duration)     {}
func (noMetrics) Login(string)                                   {}
func (noMetrics) UserStoreFailed(string)                         {}
func (noMetrics) Loaded(error)                                   {}
func (noMetrics) HashQueue(func() (int, int, uint64))            {}
func (noMetrics) JobQueue(func() (queue.Counts, uint64, uint64)) {}
func (noMetrics) Task(string, error)                             {}
func (noMetrics) EventHandler(string, string)                    {}

// App is an open installation.
type App struct {
	Config    *config.Config
	Store     *store.DB
	Keys      *keystore.Store
	Hasher    *passhash.Hasher
	Sessions  *session.Sessions
	Snapshots *snapshot.Holder
	Types     *tokentype.Registry
	Actions   *action.Catalog
	Signer    *signature.Signer
	// Tasks runs the periodic tasks.
	Tasks *task.Runner
	stats *store.DB
	// Queue delivers what need not be over when a request is answered.
	Queue    *queue.Queue
	api      *api.API
	audit    *auditLog
	machines *machine.Finder
	deps     Deps
}

// OpenStore opens the database of a configuration without looking at its tables.
func OpenStore(ctx context.Context, c *config.Config, d Deps) (*store.DB, error) {
	d = d.complete()
	if c.DatabaseURI.Empty() {
		return nil, errors.New("SQLALCHEMY_DATABASE_URI is missing")
	}
	target, err := dburi.Parse(c.DatabaseURI.Reveal(), dburi.Options{BaseDir: filepath.Dir(c.File)})
	if err != nil {
		return nil, must("SQLALCHEMY_DATABASE_URI", err)
	}
	return store.Open(ctx, target, store.Options{MaxOpen: c.EngineOptions.PoolSize, Isolation: c.EngineOptions.Isolation, Now: d.Now, Local: d.Local, Log: d.Log})
}

// Open makes a server of a configuration: keys, database, everything else. Its
// errors are one line for the person who starts it.
func Open(ctx context.Context, c *config.Config, d Deps) (*App, error) {
	d = d.complete()
	if err := c.Complete(); err != nil {
		return nil, err
	}
	a := &App{Config: c, deps: d}
	var err error
	if a.Keys, err = keystore.Open(c.EncFile); err != nil {
		return nil, must("EDUMFA_ENCFILE", err)
	}
	if !c.AuditNoSign || !c.NoResponseSign {
		if a.Signer, err = signature.OpenSigner(c.AuditKeyPrivate); err != nil {
			return nil, must("EDUMFA_AUDIT_KEY_PRIVATE", err)
		}
	}
	queue := passhash.NewQueue(hashLimits(c))
	if a.Hasher, err = passhash.New(hashSettings(c), queue, d.Rand); err != nil {
		return nil, must("EDUMFA_HASH_ALGO_PARAMS", err)
	}
	if a.Sessions, err = session.New(c.SecretKey, d.Rand, trusted(c), compilePattern); err != nil {
		return nil, err
	}
	if a.Store, err = OpenStore(ctx, c, d); err != nil {
		return nil, err
	}
	if err := a.Store.CheckRevision(ctx); err != nil {
		_ = a.Store.Close()
		return nil, err
	}
	if err := a.Store.Prepare(ctx); err != nil {
		_ = a.Store.Close()
		return nil, err
	}
	if a.audit, err = openAuditLog(ctx, c, a.Store, a.Signer, d); err != nil {
		_ = a.Store.Close()
		return nil, err
	}
	if a.stats, err = openStats(ctx, c, a.Store, d); err != nil {
		return nil, errors.Join(err, a.audit.Close(), a.Store.Close())
	}
	if err := a.wire(queue); err != nil {
		_ = a.Store.Close()
		return nil, err
	}
	return a, nil
}

func trusted(c *config.Config) []session.Trusted {
	out := make([]session.Trusted, 0, len(c.TrustedJWT))
	for _, t := range c.TrustedJWT {
		out = append(out, session.Trusted{PublicKey: t.PublicKey, Algorithm: t.Algorithm, Role: t.Role, Realm: t.Realm, Resolver: t.Resolver,
			Username: t.Username, Audience: t.Audience, Claim: t.Claim, StaticData: t.StaticData})
	}
	return out
}

func (a *App) wire(hashes *passhash.Queue) error {
	d, c := a.deps, a.Config
	localNow := func() time.Time { return d.Now().In(d.Local) }
	d.Metrics.HashQueue(hashes.State)
	k := keys{Store: a.Keys, rand: d.Rand}
	p := pins{hasher: a.Hasher, keys: k}
	users := storePasswords{passhash.NewUserStore(hashes, d.Rand)}
	kinds := ResolverKinds(users, passwdPasswords{users})
	resolverDeps := resolver.Deps{Now: d.Now, Rand: d.Rand, Log: d.Log, Dir: filepath.Dir(c.File), FailoverPause: c.LDAPLoopTimeout}
	a.Types = tokentype.NewRegistry(TokenTypes())
	a.Actions = PolicyActions(a.Types.All(), action.Dynamic{})
	cas := &ca.Opener{
		Kinds: CAKinds(), Decrypt: k.decrypt, Log: d.Log,
		Deps: ca.Deps{Now: d.Now, Rand: d.Rand, Log: d.Log, Dir: filepath.Dir(c.File), Lock: a.Store},
	}
	a.Snapshots = snapshot.New(snapshot.Options{
		Store: a.Store, Decrypt: k.decrypt, Now: localNow, Every: c.CheckReload,
		Loaded: d.Metrics.Loaded,
		Opener: &realm.Opener{Kinds: kinds, Deps: resolverDeps, Decrypt: k.decrypt, Log: d.Log},
		CAs:    cas,
	})
	catalog, err := event.LoadCatalog()
	if err != nil {
		return err
	}
	tokens := &token.Service{Store: a.Store, PINs: p, Keys: k, ReadablePIN: a.readablePIN}
	lists := snapshot.NewOutlets(a.Snapshots, a.Store)
	post, texts := a.openQueue(k, lists)
	asking := servers{store: a.Store, keys: k, radius: &radius.Client{Now: d.Now, Rand: d.Rand}, remote: &remoteserver.Client{Now: d.Now}, yubico: &yubicocloud.Client{Now: d.Now, Rand: d.Rand}, log: d.Log}
	a.machines = &machine.Finder{Kinds: MachineKinds(resolverDeps.Dir, machineLDAP(resolverDeps)), Definitions: a.Store, Decrypt: k.decrypt, Log: d.Log}
	uses := Applications(a.Hasher.HashOffline)
	handlers := EventHandlers(HandlerDeps{Store: a.Store, Tokens: tokens, Machines: a.attacher(uses), ScriptDir: c.ScriptDir, ConfigFile: c.File, Rand: d.Rand, Log: d.Log, Hooks: a.hooks(k), Remote: asking.remote,
		Notify: usernotification.Handler{Mailer: post, Texter: texts, Spool: c.SpoolDir, Rand: d.Rand}})
	a.openTasks(tokens)
	a.api = &api.API{
		Config: settings{c}, Store: a.audit, Snapshots: a.Snapshots, Sessions: a.Sessions, Keys: k,
		AdminPasswords: a.Hasher.WithPepper(c.Pepper), PINs: p, Types: a.Types,
		Logins: &login.Checker{Types: a.Types, PINs: p},
		Enrol:  &enrol.Service{Types: a.Types, Store: a.Store, PINs: p, NotFound: store.ErrNotFound},
		Tokens: tokens,
		Events: &event.Engine{Handlers: handlers, Lang: language{}, Now: localNow, Log: d.Log,
			Ended: func(module string, o event.Outcome) { d.Metrics.EventHandler(module, string(o)) }}, EventCatalog: catalog,
		Actions: a.Actions, PolicyDefinitions: func(d action.Dynamic) *action.Catalog { return PolicyActions(a.Types.All(), d) },
		ResolverKinds: kinds, ResolverDeps: resolverDeps, UserCache: store.UserCache{DB: a.Store},
		Servers: asking, Pusher: pusher{lists: lists, client: &firebase.Client{Now: d.Now, Timeout: c.FirebaseConnectTimeout + c.FirebaseReadTimeout}}, Remote: asking.remote, RADIUS: tryRADIUS(d), CAs: cas,
		Mailer: post, Texter: texts, Wake: a.Queue.Wake, SMSKinds: texts.kinds,
		Machines: a.machines, Applications: uses,
		TaskKinds: a.Tasks.Kinds, Stats: a.stats, NameTaken: store.ErrNameTaken,
		Signer: a.Signer, SignAnswers: !c.NoResponseSign, AuditSigning: a.audit.signing, Metrics: d.Metrics,
		Now: d.Now, Local: d.Local, Rand: d.Rand, Log: d.Log, NotFound: store.ErrNotFound, Conflict: store.ErrConflict, Version: Version,
	}
	ring := pgp.Ring{Home: c.GnuPGHome}
	a.api.PGPKeys, a.api.PGPDecrypt = pgpKeys(ring), ring.Decrypt
	return nil
}

// readablePIN tells the types whose PINs have to be read again.
func (a *App) readablePIN(tokenType string) bool {
	t, known := a.Types.Get(tokenType)
	return known && t.Info().ReadablePIN
}

// Handler serves the API.
func (a *App) Handler() http.Handler { return a.api.Handler() }

// Endpoints lists what the interface serves.
func (a *App) Endpoints() []api.Endpoint { return a.api.Endpoints() }

// Close ends all connections. Requests and what Start began have ended before.
func (a *App) Close() error {
	a.Snapshots.Close()
	a.machines.Close()
	err := a.audit.Close()
	if a.stats != a.Store {
		err = errors.Join(err, a.stats.Close())
	}
	return errors.Join(err, a.Store.Close())
}
