package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"edumfa/internal/admin"
	"edumfa/internal/config"
	"edumfa/internal/keystore"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/signature"
)

// ConfigName is the configuration file in the folder that [Setup] makes.
const ConfigName = "edumfa.cfg"

// FirstAdmin is the administrator that [Setup] makes.
const FirstAdmin = "admin"

// Bytes of SECRET_KEY and EDUMFA_PEPPER, and letters of the first password:
// 32 bytes are the strength of the signatures they are for, 20 letters of 62
// are 119 bits.
const (
	setupSecretBytes   = 32
	setupPasswordChars = 20
)

// Setup makes an installation in dir that is ready to be served: configuration,
// keys, an SQLite database and one administrator, whose password it returns. It
// returns an empty password, and changes nothing, when dir holds a
// configuration already. Everything is made in a folder beside dir that takes
// its name at the end, so that an interrupted set-up leaves no half
// installation. A dir that holds other files is an error.
func Setup(ctx context.Context, dir string, d Deps) (password secret.String, err error) {
	d = d.complete()
	if _, err := os.Stat(filepath.Join(dir, ConfigName)); err == nil {
		return secret.String{}, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return secret.String{}, err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return secret.String{}, fmt.Errorf("the folder %s is not empty and holds no %s; name another one or remove it", dir, ConfigName)
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return secret.String{}, err
	}
	draft, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return secret.String{}, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(draft)
		}
	}()
	if err := setupFiles(draft, d.Rand); err != nil {
		return secret.String{}, err
	}
	if password, err = setupDatabase(ctx, draft, d); err != nil {
		return secret.String{}, err
	}
	if err := os.Rename(draft, dir); err != nil {
		return secret.String{}, err
	}
	return password, nil
}

// setupFiles writes configuration and keys. Names in the configuration are
// relative to its folder, which can therefore be moved.
func setupFiles(dir string, random io.Reader) error {
	secretKey, err := randomHex(random, setupSecretBytes)
	if err != nil {
		return err
	}
	pepper, err := randomHex(random, setupSecretBytes)
	if err != nil {
		return err
	}
	enckey, err := keystore.Generate(random)
	if err != nil {
		return err
	}
	private, public, err := signature.GenerateKeys(signature.DefaultBits)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`# Written at the first start. Relative names begin at the folder of this file.
SUPERUSER_REALM = ['super']
SQLALCHEMY_DATABASE_URI = 'sqlite:///data.sqlite'
SECRET_KEY = '%s'
EDUMFA_PEPPER = '%s'
EDUMFA_ENCFILE = 'enckey'
EDUMFA_AUDIT_KEY_PRIVATE = 'private.pem'
EDUMFA_AUDIT_KEY_PUBLIC = 'public.pem'
EDUMFA_LISTEN = '127.0.0.1:5000'
`, secretKey, pepper)
	for _, f := range []struct {
		name string
		data []byte
		mode os.FileMode
	}{
		{"enckey", enckey, 0o400}, {"private.pem", private, 0o400}, {"public.pem", public, 0o644}, {ConfigName, []byte(text), 0o600},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, f.mode); err != nil {
			return err
		}
	}
	return nil
}

func randomHex(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", err
	}
	return hex.EncodeToString(b), nil
}

// setupDatabase makes the tables and the first administrator.
func setupDatabase(ctx context.Context, dir string, d Deps) (secret.String, error) {
	// The environment has no say: what is made is what the file describes.
	only := func(name string) (string, bool) {
		if name == "EDUMFA_CONFIGFILE" {
			return filepath.Join(dir, ConfigName), true
		}
		return "", false
	}
	c, _, err := config.Load(only, os.ReadFile)
	if err != nil {
		return secret.String{}, err
	}
	db, err := OpenStore(ctx, c, d)
	if err != nil {
		return secret.String{}, err
	}
	err = db.CreateTables(ctx)
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return secret.String{}, err
	}
	a, err := Open(ctx, c, d)
	if err != nil {
		return secret.String{}, err
	}
	defer func() { _ = a.Close() }()
	text, err := randtext.Alphanumeric(d.Rand, setupPasswordChars)
	if err != nil {
		return secret.String{}, err
	}
	password := secret.New(text)
	hash, err := a.Hasher.WithPepper(c.Pepper).Hash(ctx, password)
	if err != nil {
		return secret.String{}, err
	}
	return password, a.Store.SaveAdmin(ctx, admin.Account{Username: FirstAdmin, Password: hash})
}
