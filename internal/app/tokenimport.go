package app

import (
	"context"
	"fmt"

	"edumfa/internal/api/params"
	"edumfa/internal/change"
	"edumfa/internal/enrol"
	"edumfa/internal/resolver"
	"edumfa/internal/snapshot"
	"edumfa/internal/store"
	"edumfa/internal/token"
	"edumfa/internal/tokenimport"
	"edumfa/internal/tokentype"
	"edumfa/internal/user"
)

// ImportTokens makes tokens of a file, each one whole or not at all: a token that
// is there already and cannot be made again stays as it was. realms are given to
// all of them. done is told of every token with what went wrong with it.
func (a *App) ImportTokens(ctx context.Context, list []tokenimport.Entry, realms []string, done func(t tokenimport.Entry, err error)) error {
	snap, err := a.Snapshots.Current(ctx)
	if err != nil {
		return err
	}
	for _, name := range realms {
		if _, ok := snap.Realms.Realm(name); !ok {
			return fmt.Errorf("there is no realm %q", name)
		}
	}
	for _, t := range list {
		if typ, ok := a.Types.Get(t.Type); !ok || typ.Info().Planned {
			return fmt.Errorf("token %s: there is no token type %q", t.Serial, t.Type)
		}
	}
	for _, t := range list {
		done(t, a.importToken(ctx, snap, t, realms))
	}
	return nil
}

func (a *App) importToken(ctx context.Context, snap *snapshot.Snapshot, t tokenimport.Entry, realms []string) error {
	p := params.New(t.Enrolment())
	var owner user.User
	if t.Owner != nil {
		finder := &user.Finder{Realms: snap.Realms, Settings: snap.Settings, Attributes: a.Store, Cache: store.UserCache{DB: a.Store}}
		var err error
		if owner, err = finder.Find(ctx, t.Owner.Login, t.Owner.Realm, t.Owner.Resolver); err != nil {
			return err
		}
		if !owner.Exists() {
			return user.ErrMissing()
		}
	}
	k := keys{Store: a.Keys, rand: a.deps.Rand}
	e := &tokentype.Env{
		Now: a.deps.Now(), Local: a.deps.Local, Rand: a.deps.Rand, Keys: k, Settings: snap.Settings, Params: p, Rules: noRules{},
		Owner:      func(context.Context, *token.Token) (resolver.Attributes, error) { return nil, nil },
		OwnerLogin: owner.Login, OwnerRealm: owner.Realm, Changes: &change.Set{},
	}
	service := enrol.Service{Types: a.Types, Store: a.Store, PINs: pins{hasher: a.Hasher, keys: k}, NotFound: store.ErrNotFound}
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		made, _, err := service.Init(ctx, e, enrol.Request{Params: p, User: owner, Realms: realms, Kind: token.KindHardware})
		if err != nil {
			return err
		}
		moved := made.Clone()
		if err := t.Place(moved); err != nil {
			return err
		}
		return a.Store.UpdateToken(ctx, made, moved)
	})
}

// noRules are the policies of the command line: none.
type noRules struct{}

func (noRules) Text(string, string) (string, bool, error) { return "", false, nil }
func (noRules) On(string, string) (bool, error)           { return false, nil }
func (noRules) Word(string, string) (string, bool, error) { return "", false, nil }
func (noRules) Words(string, string) ([]string, error)    { return nil, nil }
