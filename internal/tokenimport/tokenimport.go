// Package tokenimport is what files with tokens have in common: the tokens they
// describe. Each kind of file has a folder below.
package tokenimport

import "edumfa/internal/mfaerr"

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
