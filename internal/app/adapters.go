package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"edumfa/internal/api"
	"edumfa/internal/application"
	"edumfa/internal/config"
	"edumfa/internal/keystore"
	"edumfa/internal/machine"
	"edumfa/internal/passhash"
	"edumfa/internal/pgp"
	"edumfa/internal/pyregexp"
	"edumfa/internal/secret"
	"edumfa/internal/timespec"
	"edumfa/internal/token"
)

// keys gives the token types the key store in their own words.
type keys struct {
	*keystore.Store
	rand io.Reader
}

func (k keys) Seal(text string) (token.Sealed, error) {
	c, iv, err := k.Encrypt(keystore.Token, []byte(text), k.rand)
	return token.Sealed{Cipher: c, IV: iv}, err
}

func (k keys) Open(s token.Sealed) (string, error) {
	if s.Cipher == "" && s.IV == "" {
		return "", nil
	}
	b, err := k.Decrypt(keystore.Token, s.Cipher, s.IV)
	return string(b), err
}

func (k keys) SealPassword(text string) (string, error) { return k.EncryptPassword(text, k.rand) }

func (k keys) OpenPassword(stored string) (string, error) { return k.DecryptPassword(stored) }

// OpenPIN reads a PIN that is kept so that it can be read. Others are hashes,
// which nobody reads.
func (k keys) OpenPIN(stored string) (string, error) {
	if !strings.HasPrefix(stored, keystore.PINPrefix) {
		return "", errHashedPIN
	}
	return k.DecryptPIN(stored)
}

var errHashedPIN = errors.New("the PIN is kept as a hash")

// decrypt opens a stored setting; what cannot be opened becomes the word that
// stands for it everywhere.
func (k keys) decrypt(stored string) string {
	v, err := k.DecryptPassword(stored)
	if err != nil {
		return keystore.FailedPassword
	}
	return v
}

// pins makes and checks what is stored of PINs.
type pins struct {
	hasher *passhash.Hasher
	keys   keys
}

func (p pins) Make(ctx context.Context, pin secret.String, encrypted bool) (string, error) {
	return p.hasher.PINColumn(ctx, p.keys.Store, pin, encrypted)
}

func (p pins) Check(ctx context.Context, stored, seed string, pin secret.String) (bool, error) {
	return p.hasher.VerifyPIN(ctx, p.keys.Store, stored, seed, pin)
}

func (p pins) Renew(ctx context.Context, stored string, pin secret.String) (string, error) {
	if !p.hasher.PINNeedsRehash(stored) {
		return "", nil
	}
	return p.hasher.Hash(ctx, pin)
}

// storePasswords gives the SQL user stores their password hashes.
type storePasswords struct{ store *passhash.UserStore }

func (s storePasswords) Verify(stored, password string) bool {
	ok, err := s.store.VerifySQL(context.Background(), stored, secret.New(password))
	return err == nil && ok
}

func (s storePasswords) Hash(kind, password string) (string, error) {
	return s.store.Hash(context.Background(), kind, secret.New(password))
}

// passwdPasswords gives passwd files their password hashes.
type passwdPasswords struct{ storePasswords }

func (s passwdPasswords) Verify(stored, password string) bool {
	ok, err := s.store.VerifyPasswd(context.Background(), stored, secret.New(password))
	return err == nil && ok
}

// language reads what administrators write into event definitions.
type language struct{}

func (language) Match(pattern, text string) ([]string, bool, error) {
	p, err := pyregexp.Compile(pattern)
	if err != nil {
		return nil, false, err
	}
	ok, err := p.Match(text)
	if err != nil || !ok {
		return nil, false, err
	}
	groups, err := p.Groups(text)
	return groups, err == nil && groups != nil, err
}

func (language) Search(pattern, text string) (bool, error) {
	p, err := pyregexp.Compile(pattern)
	if err != nil {
		return false, err
	}
	return p.Search(text)
}

func (language) Period(text string) (time.Duration, error) { return timespec.ParsePeriod(text) }

func (language) Date(text string, now time.Time) (time.Time, error) {
	return timespec.ReadStored(text, now)
}

// compilePattern compiles the name patterns of trusted JWTs.
func compilePattern(pattern string) (func(string) bool, error) {
	p, err := pyregexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return func(s string) bool {
		ok, err := p.FullMatch(s)
		return err == nil && ok
	}, nil
}

// settings answers what operations ask of the configuration file.
type settings struct{ *config.Config }

// nodeLength is the width of the columns with the name of a node.
const nodeLength = 255

// NodeFor is the node that is asked: its own name, else the host that the
// request names, which is ASCII but may be of any length.
func (s settings) NodeFor(host string) string {
	switch {
	case s.Node != "":
		return s.Node
	case host != "":
		return host[:min(len(host), nodeLength)]
	}
	return "localnode"
}

func (s settings) AuditServer(host string) string {
	if s.AuditServerName != "" {
		return s.AuditServerName
	}
	return s.NodeFor(host)
}

func (s settings) Nodes() []string {
	own := s.NodeFor("")
	if slices.Contains(s.Config.Nodes, own) {
		return s.Config.Nodes
	}
	return append(slices.Clone(s.Config.Nodes), own)
}

func (s settings) SuperuserRealms() []string          { return s.Config.SuperuserRealms }
func (s settings) LogLevelNumber() int                { return s.LogLevel }
func (s settings) AuditColumnLengths() map[string]int { return s.Config.AuditColumnLengths }
func (s settings) ReduceAudit() bool                  { return s.Config.ReduceAudit }

func hashSettings(c *config.Config) passhash.Settings {
	p := make(map[string]any, len(c.HashParams))
	for k, v := range c.HashParams {
		p[k] = v
	}
	return passhash.Settings{Schemes: c.HashSchemes, Params: p}
}

func hashLimits(c *config.Config) passhash.Limits {
	l := passhash.DefaultLimits()
	if c.HashQueue.Parallel > 0 {
		l.Slots = c.HashQueue.Parallel
	}
	if c.HashQueue.Waiting > 0 {
		l.MaxWaiting = c.HashQueue.Waiting
	}
	return l
}

func must(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// pgpKeys gives the API the public keys of a key ring by their ids.
func pgpKeys(ring pgp.Ring) func(context.Context) (map[string]api.PGPKey, error) {
	return func(ctx context.Context) (map[string]api.PGPKey, error) {
		list, err := ring.Keys(ctx)
		out := map[string]api.PGPKey{}
		for _, k := range list {
			out[k.ID] = api.PGPKey{Armor: k.Armor, Fingerprint: k.Fingerprint}
		}
		return out, err
	}
}

// attacher attaches tokens to machines for event handlers.
func (a *App) attacher(uses []application.Application) machine.Attacher {
	return machine.Attacher{Store: a.Store, Machines: a.machines, Check: func(name string, options map[string]string) error {
		for _, x := range uses {
			if x.Name() == name {
				return x.Check(options)
			}
		}
		return nil
	}}
}
