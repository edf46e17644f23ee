package ca

import (
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// TypePassword marks options that are kept encrypted and never shown.
const TypePassword = "password"

// Definition is a stored connector.
type Definition struct {
	ID      int64
	Name    string
	Kind    string
	Options []Option
}

// Option is one stored value: as it stands in the database, those of the type
// password sealed.
type Option struct {
	Key, Value, Type, Description string
}

// Option finds a value by its key.
func (d Definition) Option(key string) (Option, bool) {
	for _, o := range d.Options {
		if o.Key == key {
			return o, true
		}
	}
	return Option{}, false
}

// Values are the options for a kind, the secret ones opened with decrypt.
func (d Definition) Values(decrypt func(string) string) field.Values {
	v := make(field.Values, len(d.Options))
	for _, o := range d.Options {
		v[o.Key] = o.Value
		if o.Type == TypePassword {
			v[o.Key] = decrypt(o.Value)
		}
	}
	return v
}

// Open opens a connector of a kind whose required options are there. The error
// has the number 503.
func Open(k Kind, c Config, d Deps) (Connector, error) {
	for _, f := range k.Fields() {
		if f.Required && c.Values[f.Name] == "" {
			return nil, mfaerr.NewRequest(mfaerr.CodeCA, "required argument '%s' is missing.", f.Name)
		}
	}
	return k.Open(c, d)
}
