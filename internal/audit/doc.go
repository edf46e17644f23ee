// Package audit owns the log of everything that was asked of the server: the
// rows of the table mfa_audit and the text their signatures cover.
package audit
