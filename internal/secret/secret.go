// Package secret holds types for values that must not be seen: PINs,
// passwords, OTP keys. They print and marshal as ***; only Reveal opens them.
package secret

import (
	"crypto/subtle"
	"log/slog"
)

const mask = "***"

// String is a secret text.
type String struct{ v string }

// New makes a secret of a text.
func New(v string) String { return String{v} }

// Reveal returns the text itself.
func (s String) Reveal() string { return s.v }

// Empty reports whether the text is empty.
func (s String) Empty() bool { return s.v == "" }

// Equal compares in constant time for texts of the same length.
func (s String) Equal(other string) bool {
	return subtle.ConstantTimeCompare([]byte(s.v), []byte(other)) == 1
}

// String hides the text.
func (s String) String() string { return mask }

// GoString hides the text.
func (s String) GoString() string { return mask }

// LogValue hides the text.
func (s String) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalJSON hides the text.
func (s String) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }
