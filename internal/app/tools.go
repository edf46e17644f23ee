package app

import (
	"context"
	"path/filepath"

	"edumfa/internal/ca"
	"edumfa/internal/config"
	"edumfa/internal/keystore"
	"edumfa/internal/machine/ldaphosts"
	"edumfa/internal/passhash"
	"edumfa/internal/resolver"
	"edumfa/internal/session"
	"edumfa/internal/store"
	"edumfa/internal/transfer"
)

// The command line works with parts of an installation that is not complete
// yet. Each part is made of what it needs alone.

// AdminHasher hashes the passwords of local administrators.
func AdminHasher(c *config.Config, d Deps) (passhash.Peppered, error) {
	d = d.complete()
	h, err := passhash.New(hashSettings(c), passhash.NewQueue(hashLimits(c)), d.Rand)
	if err != nil {
		return passhash.Peppered{}, must("EDUMFA_HASH_ALGO_PARAMS", err)
	}
	return h.WithPepper(c.Pepper), nil
}

// Sessions makes API keys.
func Sessions(c *config.Config, d Deps) (*session.Sessions, error) {
	return session.New(c.SecretKey, d.complete().Rand, trusted(c), compilePattern)
}

// Transfer imports and exports configuration. The key file is opened when the
// first secret is met, so that an installation without one can list and switch.
func Transfer(c *config.Config, db *store.DB, d Deps) *transfer.Transfer {
	d = d.complete()
	var opened *keystore.Store
	open := func() (keys, error) {
		if opened == nil {
			k, err := keystore.Open(c.EncFile)
			if err != nil {
				return keys{}, must("EDUMFA_ENCFILE", err)
			}
			opened = k
		}
		return keys{Store: opened, rand: d.Rand}, nil
	}
	return &transfer.Transfer{
		MachineKinds: MachineKinds("", ldaphosts.Library{}),
		Store:        db,
		Kinds:        resolverKinds(c, d), CAKinds: CAKinds(),
		CATemplates: func(ctx context.Context, def ca.Definition) any {
			return caTemplates(ctx, def, ca.Deps{Now: d.Now, Rand: d.Rand, Log: d.Log, Dir: filepath.Dir(c.File), Lock: db}, func(stored string) string {
				k, err := open()
				if err != nil {
					return ""
				}
				return k.decrypt(stored)
			})
		},
		Seal: func(clear string) (string, error) {
			k, err := open()
			if err != nil {
				return "", err
			}
			return k.SealPassword(clear)
		},
		Open: func(stored string) (string, error) {
			k, err := open()
			if err != nil {
				return "", err
			}
			return k.OpenPassword(stored)
		},
	}
}

// resolverKinds lists the kinds for their fields; passwords are not checked by
// these.
func resolverKinds(c *config.Config, d Deps) []resolver.Kind {
	users := storePasswords{passhash.NewUserStore(passhash.NewQueue(hashLimits(c)), d.Rand)}
	return ResolverKinds(users, passwdPasswords{users})
}

// OpenReady opens the database of a configuration whose tables fit this program.
func OpenReady(ctx context.Context, c *config.Config, d Deps) (*store.DB, error) {
	db, err := OpenStore(ctx, c, d)
	if err != nil {
		return nil, err
	}
	if err := db.CheckRevision(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}
