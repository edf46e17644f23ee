// Package apptest makes whole installations for tests: keys, tables, an
// administrator and a realm in a folder of the test, on the database product the
// test wants, with as many servers as it wants.
//
//	in := apptest.New(t, apptest.Options{Engine: apptest.SQLite})
//	n := in.Serve()
//	r := n.Admin("POST /token/init", apptest.P{"user": "alice", "genkey": "1"})
//	r = n.Call("POST /validate/check", apptest.P{"user": "alice", "pass": "123456"})
//
// The realm is "realm1", the default one, with the users alice, bob, carol, dave
// and erika of the resolver "reso". Their passwords are their names followed by
// "-pw"; dave has no mail address, carol no phones. The administrator is "admin"
// with the password "test".
package apptest

import (
	"context"
	_ "embed" // the users of the realm
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/rand"

	"edumfa/internal/admin"
	"edumfa/internal/app"
	"edumfa/internal/config"
	"edumfa/internal/keystore"
	"edumfa/internal/realm"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
	"edumfa/internal/signature"
)

// AdminPassword is the password of the administrator "admin".
const AdminPassword = "test"

//go:embed passwd
var passwd []byte

// signingKeys are made once for all tests of a process: that takes long.
var signingKeys = sync.OnceValues(func() (pair [2][]byte, err error) {
	pair[0], pair[1], err = signature.GenerateKeys(1024)
	return pair, err
})

// Options of New; the zero value is an installation on SQLite with the real
// clock.
type Options struct {
	Engine Engine
	// Config are more lines of edumfa.cfg; {dir} is the installation's folder.
	Config string
	// Now is the clock of all servers.
	Now func() time.Time
	// Bare leaves realm and resolver out.
	Bare bool
	// LogFile opens the log that the configuration names, for audit rows in it.
	LogFile bool
	// Log hears what the servers have to say; nil puts errors into the
	// output of the test.
	Log *slog.Logger
}

// Installation is what all servers of a test have in common.
type Installation struct {
	// Dir is the folder with edumfa.cfg, the keys and the passwd file.
	Dir     string
	options Options
	t       testing.TB
	nodes   []*Node
}

// New makes an installation. It ends the test when that is impossible, and skips
// it when the database product is not there.
func New(t testing.TB, o Options) *Installation {
	t.Helper()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	}
	in := &Installation{Dir: t.TempDir(), options: o, t: t}
	uri := o.Engine.database(t, in.Dir)
	in.writeFiles(uri)
	ctx := context.Background()
	db, err := app.OpenStore(ctx, in.configuration(), in.deps())
	in.must(err)
	err = db.CreateTables(ctx)
	_ = db.Close()
	in.must(err)
	n := in.AnotherNode()
	hash, err := n.App.Hasher.WithPepper(n.App.Config.Pepper).Hash(ctx, secret.New(AdminPassword))
	in.must(err)
	in.must(n.App.Store.SaveAdmin(ctx, admin.Account{Username: "admin", Password: hash, Email: "admin@example.com"}))
	if !o.Bare {
		in.makeRealm(ctx, n.App)
	}
	return in
}

func (in *Installation) makeRealm(ctx context.Context, a *app.App) {
	in.t.Helper()
	_, err := a.Store.SetResolver(ctx, resolver.Stored{Name: "reso", Kind: "passwdresolver",
		Options: []resolver.StoredOption{{Key: "fileName", Value: filepath.Join(in.Dir, "passwd"), Type: "string"}}})
	in.must(err)
	_, _, err = a.Store.SetRealm(ctx, "realm1", []realm.Link{{Resolver: "reso"}})
	in.must(err)
	_, err = a.Store.SetDefaultRealm(ctx, "realm1")
	in.must(err)
	a.Snapshots.Invalidate()
}

func (in *Installation) writeFiles(uri string) {
	in.t.Helper()
	keys, err := keystore.Generate(rand.Reader)
	in.must(err)
	pair, err := signingKeys()
	in.must(err)
	lines := []string{
		"SUPERUSER_REALM = ['super', 'administrator']",
		"SQLALCHEMY_DATABASE_URI = '" + uri + "'",
		"SECRET_KEY = 'a secret key for tests 0123456789'",
		"EDUMFA_PEPPER = 'pepper of tests'",
		"EDUMFA_ENCFILE = '" + in.Dir + "/enckey'",
		"EDUMFA_AUDIT_KEY_PRIVATE = '" + in.Dir + "/private.pem'",
		"EDUMFA_AUDIT_KEY_PUBLIC = '" + in.Dir + "/public.pem'",
		"EDUMFA_AUDIT_SQL_TRUNCATE = True",
		"EDUMFA_LOGLEVEL = 30",
		"EDUMFA_HASH_ALGO_PARAMS = {'argon2__rounds': 2, 'argon2__memory_cost': 64, 'argon2__parallelism': 1}",
		in.options.Engine.config(),
		strings.ReplaceAll(in.options.Config, "{dir}", in.Dir),
	}
	for name, data := range map[string][]byte{
		"enckey": keys, "private.pem": pair[0], "public.pem": pair[1], "passwd": passwd,
		"edumfa.cfg": []byte(strings.Join(lines, "\n") + "\n"),
	} {
		in.must(os.WriteFile(filepath.Join(in.Dir, name), data, 0o600))
	}
}

// Configure adds lines to edumfa.cfg, for servers that start from now on.
func (in *Installation) Configure(lines string) {
	in.t.Helper()
	f, err := os.OpenFile(filepath.Join(in.Dir, "edumfa.cfg"), os.O_WRONLY|os.O_APPEND, 0)
	in.must(err)
	_, err = f.WriteString(lines)
	in.must(errors.Join(err, f.Close()))
}

// Configuration is what edumfa.cfg says now.
func (in *Installation) Configuration() *config.Config { return in.configuration() }

func (in *Installation) configuration() *config.Config {
	in.t.Helper()
	env := func(name string) (string, bool) {
		if name == "EDUMFA_CONFIGFILE" {
			return filepath.Join(in.Dir, "edumfa.cfg"), true
		}
		return "", false
	}
	c, warnings, err := config.Load(env, os.ReadFile)
	in.must(err)
	for _, w := range warnings {
		in.t.Logf("configuration: %s", w.Error())
	}
	return c
}

func (in *Installation) deps() app.Deps {
	return app.Deps{Now: in.options.Now, Log: in.options.Log}
}

func (in *Installation) must(err error) {
	if err != nil {
		in.t.Helper()
		in.t.Fatal(err)
	}
}

// Serve returns the first server.
func (in *Installation) Serve() *Node { return in.nodes[0] }

// AnotherNode starts one more server on the same database.
func (in *Installation) AnotherNode() *Node {
	in.t.Helper()
	c, deps := in.configuration(), in.deps()
	if in.options.LogFile {
		deps.Logs = app.OpenLogs(c, os.ReadFile, func(key string, err error) { in.t.Fatal(key, err) })
		in.t.Cleanup(func() { _ = deps.Logs.Close() })
	}
	a, err := app.Open(context.Background(), c, deps)
	in.must(err)
	n := newNode(in.t, a, in.options.Now)
	in.nodes = append(in.nodes, n)
	return n
}
