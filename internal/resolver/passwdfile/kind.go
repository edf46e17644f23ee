// Package passwdfile finds users in a text file of the form of /etc/passwd
// (passwd(5)) with the hash of the password in the second field.
package passwdfile

import (
	"context"
	"path/filepath"

	"edumfa/internal/field"
	"edumfa/internal/resolver"
)

// defaultFile is read when no file is named.
const defaultFile = "/etc/passwd"

// Passwords checks the hashes of such files: SHA-512, SHA-256, MD5 and DES
// crypt.
type Passwords interface {
	// Verify reports whether the hash is one of the password. A hash of an
	// unknown form belongs to no password.
	Verify(stored, password string) bool
	// Hash is not used: the file is never written.
	Hash(kind, password string) (string, error)
}

// NewKind is the kind "passwdresolver".
func NewKind(p Passwords) resolver.Kind {
	return resolver.Kind{
		Name: "passwdresolver",
		Fields: []field.Field{
			{Name: "fileName", Type: "string", Default: defaultFile, Help: "File with one user per line: name:hash:id:group:comment"},
		},
		New: func(_ context.Context, name string, v field.Values, d resolver.Deps) (resolver.Resolver, error) {
			return open(name, v, p, d), nil
		},
		Test: func(context.Context, field.Values, resolver.Deps) (bool, string) { return false, "Not implemented" },
	}
}

// fileOf is the file of the settings. The option is known by two spellings.
func fileOf(v field.Values, dir string) string {
	name := v.String("fileName", v.String("filename", defaultFile))
	if !filepath.IsAbs(name) && dir != "" {
		name = filepath.Join(dir, name)
	}
	return name
}
