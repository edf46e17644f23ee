// Package settings owns the system configuration that administrators change at
// run time: keys and texts in the table config, with the field's rules of how
// they are read.
package settings

import (
	"strconv"
	"strings"
	"time"
)

// TimestampKey is the row that moves with every change of configuration, in
// Unix seconds as text; other nodes reload when it does.
const TimestampKey = "__timestamp__"

// Types of an entry.
const (
	TypePassword = "password" // encrypted at rest
	TypePublic   = "public"   // readable by users
)

// Entry is one row.
type Entry struct {
	Key, Value, Type, Description string
}

// Settings are all entries, with values of type password in clear. The zero
// value has none; all methods then give defaults.
type Settings struct{ entries map[string]Entry }

// New makes Settings of entries whose secrets are in clear.
func New(entries []Entry) Settings {
	s := Settings{entries: make(map[string]Entry, len(entries))}
	for _, e := range entries {
		s.entries[e.Key] = e
	}
	return s
}

// Entry returns one entry.
func (s Settings) Entry(key string) (Entry, bool) {
	e, ok := s.entries[key]
	return e, ok
}

// All returns every entry but the timestamp.
func (s Settings) All() map[string]Entry {
	out := make(map[string]Entry, len(s.entries))
	for k, e := range s.entries {
		if k != TimestampKey {
			out[k] = e
		}
	}
	return out
}

// Text returns a value, or def when the key is absent.
func (s Settings) Text(key, def string) string {
	if e, ok := s.entries[key]; ok {
		return e.Value
	}
	return def
}

// Bool reads 1 and true, in any letter case, as true; every other value that is
// there as false.
func (s Settings) Bool(key string, def bool) bool {
	e, ok := s.entries[key]
	if !ok {
		return def
	}
	switch strings.ToLower(strings.TrimSpace(e.Value)) {
	case "1", "true":
		return true
	}
	return false
}

// Int reads a decimal number; def when absent or no number.
func (s Settings) Int(key string, def int) int {
	n, err := strconv.Atoi(strings.TrimSpace(s.Text(key, "")))
	if err != nil {
		return def
	}
	return n
}

// PrependPIN reports whether the PIN comes before the OTP.
func (s Settings) PrependPIN() bool { return s.Bool("PrependPin", true) }

// SplitAtSign reports whether user@realm names a realm.
func (s Settings) SplitAtSign() bool { return s.Bool("splitAtSign", true) }

// FailOnWrongPIN reports whether a wrong PIN raises fail counters.
func (s Settings) FailOnWrongPIN() bool { return s.Bool("IncFailCountOnFalsePin", true) }

// ChallengeValidity is how long a challenge of a token type is good: the type's
// own setting (HotpChallengeValidityTime), else the general one, else 120 s.
func (s Settings) ChallengeValidity(tokenType string) time.Duration {
	general := s.Int("DefaultChallengeValidityTime", 120)
	own := general
	if tokenType != "" {
		t := strings.ToLower(tokenType)
		own = s.Int(strings.ToUpper(t[:1])+t[1:]+"ChallengeValidityTime", general)
	}
	return time.Duration(own) * time.Second
}
