package ca

import (
	"edumfa/internal/field"
	"edumfa/internal/mfaerr"
)

// TypePassword marks options that are kept encrypted and never shown.
const TypePassword = field.TypePassword

// Definition is a stored connector.
type Definition = field.Definition

// Option is one stored value.
type Option = field.Option

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
