// Package fido verifies what security keys and passkeys sign: registrations and
// assertions of Web Authentication Level 3 (https://www.w3.org/TR/webauthn-3/,
// sections 7.1 and 7.2) and the older raw messages of U2F. It keeps nothing and
// asks nobody: the caller brings challenge, relying party and public key, and
// decides by policies what to do with the result.
//
// Formats, signatures and attestation statements are read by the library
// go-webauthn; the rules of the ceremonies that depend on this server's tokens
// and settings are here.
//
// Errors say which rule was broken. They are for the log: who proves wrong is
// told no more than that.
package fido

import (
	"errors"
	"fmt"
)

// ErrRefused is behind every error of this package that means: well-formed or
// not, this is no proof.
var ErrRefused = errors.New("fido")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRefused}, args...)...)
}

// Limits of what is read. A registration carries a chain of certificates, an
// assertion nothing of size.
const (
	maxClientData  = 8 << 10
	maxAttestation = 64 << 10
	maxAuthData    = 4 << 10
	maxExtensions  = 8 << 10
)
