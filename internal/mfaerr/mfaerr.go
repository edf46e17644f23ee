// Package mfaerr holds the one error type of the server: a kind that decides
// the HTTP status, a public number and text for clients, and a private cause
// for the log.
package mfaerr

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind says what sort of refusal an error is; it decides the HTTP status.
type Kind int

const (
	// Internal is a fault of the server: status 500, its text is never shown.
	Internal Kind = iota
	// Auth is a caller that did not prove who it is: status 401.
	Auth
	// Policy is a request that a policy refuses: status 403.
	Policy
	// NotFound is a named thing that does not exist: status 404.
	NotFound
	// Request is everything else a client can put right: status 400. Its public
	// text is prefixed with "ERR<code>: ".
	Request
	// Database is a database that refused or could not be reached: status 500.
	Database
	// Busy is a server that has no capacity left for this request now: status
	// 503 with Retry-After.
	Busy
)

// Public error numbers that clients match on.
const (
	CodeTokenAdmin    = 301
	CodeConfig        = 302
	CodePolicy        = 303
	CodeImport        = 304
	CodeValidate      = 401
	CodeRegistration  = 402
	CodeAuth          = 403
	CodeAuthWrong     = 4031
	CodeAuthNoUser    = 4032
	CodeAuthNoHeader  = 4033
	CodeAuthDecode    = 4304
	CodeAuthExpired   = 4305
	CodeAuthRole      = 4306
	CodeEnrollment    = 404
	CodeCA            = 503
	CodeNotFound      = 601
	CodeHSM           = 707
	CodeSelfService   = 807
	CodeServer        = 903
	CodeUser          = 904
	CodeParameter     = 905
	CodeTokenLocked   = 1007
	CodeDatabase      = -600
	CodeInternal      = -500
	CodeInternalNoNum = -311
)

// Error is an error that a client may see.
type Error struct {
	Kind   Kind
	Code   int    // public number, one of the Code constants or a single number
	Public string // text for the client, without the ERR prefix
	// Detail is shown as the member "detail" of the answer; nil shows null.
	Detail map[string]any
	// RetryAfter is sent with Busy.
	RetryAfter time.Duration
	Cause      error // for the log only
}

// Error is the public text with the cause behind it: for logs, not for clients.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message() + ": " + e.Cause.Error()
	}
	return e.Message()
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Cause }

// Message is the text clients see.
func (e *Error) Message() string {
	switch e.Kind {
	case Request, Busy:
		return fmt.Sprintf("ERR%d: %s", e.Code, e.Public)
	case Internal:
		return "500 Internal Server Error: the server met an unexpected condition and could not complete the request."
	case Database:
		return "A database error occurred."
	}
	return e.Public
}

// Status is the HTTP status of the kind.
func (e *Error) Status() int {
	switch e.Kind {
	case Auth:
		return http.StatusUnauthorized
	case Policy:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case Request:
		return http.StatusBadRequest
	case Busy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// WithCause returns e with a private cause.
func (e *Error) WithCause(err error) *Error { e.Cause = err; return e }

func newError(k Kind, code int, format string, args []any) *Error {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	return &Error{Kind: k, Code: code, Public: text}
}

// NewRequest is an error of kind Request with the given number.
func NewRequest(code int, format string, args ...any) *Error {
	return newError(Request, code, format, args)
}

// NewParameter says that a request parameter is missing or wrong (905).
func NewParameter(format string, args ...any) *Error {
	return newError(Request, CodeParameter, format, args)
}

// NewUser says that a user cannot be found or used (904).
func NewUser(format string, args ...any) *Error { return newError(Request, CodeUser, format, args) }

// NewTokenAdmin says that a token cannot be administered this way (301).
func NewTokenAdmin(format string, args ...any) *Error {
	return newError(Request, CodeTokenAdmin, format, args)
}

// NewConfig says that a configuration is missing or wrong (302).
func NewConfig(format string, args ...any) *Error { return newError(Request, CodeConfig, format, args) }

// NewNotFound says that a named thing does not exist (601).
func NewNotFound(format string, args ...any) *Error {
	return newError(NotFound, CodeNotFound, format, args)
}

// NewPolicy says that a policy refuses the request (303).
func NewPolicy(format string, args ...any) *Error { return newError(Policy, CodePolicy, format, args) }

// NewAuth says that the caller did not prove who it is.
func NewAuth(code int, format string, args ...any) *Error { return newError(Auth, code, format, args) }

// Wrap turns any error into one that clients may see: errors of this package
// stay what they are, all others become Internal with the error as its cause.
func Wrap(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: CodeInternal, Cause: err}
}

// Is reports whether err is, or wraps, an error of the kind.
func Is(err error, k Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == k
}
