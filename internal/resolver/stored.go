package resolver

import "edumfa/internal/field"

// Stored is the configuration of an instance as it is kept: secrets encrypted.
type Stored struct {
	ID      int64
	Name    string
	Kind    string
	Options []StoredOption
}

// StoredOption is one row of an instance's configuration.
type StoredOption struct {
	Key, Value, Type, Description string
}

// Values opens the options: decrypt is called for those of type password.
func (s Stored) Values(decrypt func(string) string) field.Values {
	v := make(field.Values, len(s.Options))
	for _, o := range s.Options {
		if o.Type == "password" {
			v[o.Key] = decrypt(o.Value)
			continue
		}
		v[o.Key] = o.Value
	}
	return v
}
