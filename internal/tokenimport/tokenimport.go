// Package tokenimport is what files with tokens have in common: the tokens they
// describe. Each kind of file has a folder below.
package tokenimport

import (
	"strconv"

	"edumfa/internal/mfaerr"
	"edumfa/internal/token"
)

// MaxTokens is how many tokens one file may have; the longest deliveries are far
// below it.
const MaxTokens = 100_000

// Entry is a token as a file describes it.
type Entry struct {
	Serial, Type string
	Key          string // hex notation of the OTP key, or a password
	Digits       int    // 0: what is usual for the type
	Hash         string // "": what is usual for the type
	Description  string
	// Params are further parameters of the enrolment.
	Params map[string]string
	// Counter is the next counter, in decimal digits, and Shift how many seconds
	// the clock is off; both may be empty.
	Counter, Shift string
	// Owner is the user the token is for, nil for nobody.
	Owner *Owner
}

// Enrolment are the parameters that enrol the token.
func (e Entry) Enrolment() map[string]any {
	description := []rune(e.Description)
	if len(description) > 80 { // what the column holds
		description = description[:80]
	}
	values := map[string]any{"serial": e.Serial, "type": e.Type, "otpkey": e.Key, "description": string(description)}
	if e.Digits > 0 {
		values["otplen"] = strconv.Itoa(e.Digits)
	}
	if e.Hash != "" {
		values["hashlib"] = e.Hash
	}
	for k, v := range e.Params {
		values[k] = v
	}
	return values
}

// Place sets where the token stands: its counter and the drift of its clock.
// Errors: 905.
func (e Entry) Place(t *token.Token) error {
	if e.Counter != "" {
		c, err := strconv.ParseInt(e.Counter, 10, 64)
		if err != nil || c < 0 || c > 1<<31-1 {
			return mfaerr.NewParameter("The counter of the token %s is no number: %q", e.Serial, e.Counter)
		}
		t.Count = c
	}
	if e.Shift != "" {
		if _, err := strconv.ParseFloat(e.Shift, 64); err != nil {
			return mfaerr.NewParameter("The drift of the token %s is no number: %q", e.Serial, e.Shift)
		}
		t.Info["timeShift"] = token.Info{Value: e.Shift}
	}
	return nil
}

// Owner names a user.
type Owner struct{ Login, Resolver, Realm string }

// File is what was read.
type File struct {
	Entries []Entry
	// Refused are the serials of tokens that are in the file and cannot be
	// imported.
	Refused []string
	// Skipped are the numbers of lines without a serial or a type.
	Skipped []int

	index map[string]int
}

// Put adds an entry; the last one of a serial counts.
func (f *File) Put(e Entry) error {
	if at, again := f.index[e.Serial]; again {
		f.Entries[at] = e
		return nil
	}
	if len(f.Entries) >= MaxTokens {
		return Error("The file has more than %d tokens.", MaxTokens)
	}
	if f.index == nil {
		f.index = map[string]int{}
	}
	f.index[e.Serial] = len(f.Entries)
	f.Entries = append(f.Entries, e)
	return nil
}

// Error is the error of a file that cannot be imported: 304.
func Error(format string, args ...any) error {
	return mfaerr.NewRequest(mfaerr.CodeImport, format, args...)
}
