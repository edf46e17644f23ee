// Package field declares the options of configurable kinds (resolvers, event
// handlers, …) once: the declarations drive decoding, checking, the encryption
// of secrets, the command line and what the API tells about a kind.
package field

import (
	"fmt"
	"strconv"
	"strings"

	"edumfa/internal/secret"
)

// Censored stands in answers for a stored secret; sent back in an update it
// means "keep what is stored".
const Censored = "__CENSORED__"

// Field is one option of a kind. Type is the word the API shows and the
// database keeps in its Type column: "string", "int", "bool", "password",
// "stringdict", "text", …
type Field struct {
	Name     string
	Type     string
	Default  string // "" where there is none
	Required bool
	Help     string
}

// Secret reports whether the value is encrypted at rest and never shown.
func (f Field) Secret() bool { return f.Type == TypePassword }

// Values are the options of one configured instance, as texts. Reading an
// absent option gives the default that the caller names.
type Values map[string]string

// String returns the option, or def when it is absent or empty.
func (v Values) String(name, def string) string {
	if s, ok := v[name]; ok && s != "" {
		return s
	}
	return def
}

// Secret returns the option as a secret.
func (v Values) Secret(name string) secret.String { return secret.New(v[name]) }

// Bool reads True, true, 1, yes as true; everything else that is present as
// false.
func (v Values) Bool(name string, def bool) bool {
	s, ok := v[name]
	if !ok || s == "" {
		return def
	}
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true", "yes":
		return true
	}
	return false
}

// Int reads a decimal number; the error names the option.
func (v Values) Int(name string, def int) (int, error) {
	s := strings.TrimSpace(v[name])
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("option %s is not a number", name)
	}
	return n, nil
}
