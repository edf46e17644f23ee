// Package recovery is about the codes by which users set a new password: mailed
// to them as a link, good for an hour and for one use.
package recovery

import "time"

const (
	// Lifetime is how long a code is good.
	Lifetime = time.Hour
	// Length of a code, letters and digits: about 140 bits.
	Length = 24
	// MostOpen is how many codes of a user are open at once. Whoever asks for
	// more is not mailed again: the form is open to everybody.
	MostOpen = 10
)

// Code is a stored code.
type Code struct {
	ID int64
	// Hash is that of pepper and code.
	Hash string
	// Login and Realm are whose password it sets.
	Login, Realm  string
	Made, Expires time.Time
}
