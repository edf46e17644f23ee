package field

// TypePassword is the type of options that are kept encrypted and never shown.
const TypePassword = "password"

// Definition is a configured instance of a kind as the database keeps it: a user
// store, a machine store, a CA connector.
type Definition struct {
	ID      int64
	Name    string
	Kind    string
	Options []Option
}

// Option is one setting of a definition. The value of one of the type
// [TypePassword] is encrypted.
type Option struct {
	Key, Value, Type, Description string
}

// Option finds a setting by its key.
func (d Definition) Option(key string) (Option, bool) {
	for _, o := range d.Options {
		if o.Key == key {
			return o, true
		}
	}
	return Option{}, false
}

// Values are the settings for the kind, the secret ones opened with decrypt.
func (d Definition) Values(decrypt func(stored string) string) Values {
	v := make(Values, len(d.Options))
	for _, o := range d.Options {
		v[o.Key] = o.Value
		if o.Type == TypePassword {
			v[o.Key] = decrypt(o.Value)
		}
	}
	return v
}
