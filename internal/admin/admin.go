// Package admin owns the local administrators: those who log in by the table
// admin and not by a realm.
package admin

// Account is one administrator. Password is a hash string over pepper and
// password; an empty one lets nobody in.
type Account struct {
	Username string
	Password string
	Email    string
}
