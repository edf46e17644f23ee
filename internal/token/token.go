// Package token owns the token record: what every enrolled token has whatever
// its type, its life (owner, realms, PIN, counters, states), and the rules by
// which a token may be used. What a type adds lives in package tokentype and
// below.
package token

import (
	"strings"
	"time"

	"edumfa/internal/timespec"
)

// Rollout states of a token. None is the empty text.
const (
	StateClientWait = "clientwait"
	StatePending    = "pending"
	StateVerify     = "verify"
	StateEnrolled   = "enrolled"
	StateBroken     = "broken"
	StateFailed     = "failed"
	StateDenied     = "denied"
)

// Keys of tokeninfo that every type shares.
const (
	InfoKind              = "tokenkind"
	InfoCreated           = "created_at"
	InfoLastAuth          = "last_auth"
	InfoCount             = "count_auth"
	InfoCountMax          = "count_auth_max"
	InfoCountSuccess      = "count_auth_success"
	InfoCountSuccessMax   = "count_auth_success_max"
	InfoFailExceeded      = "failcounter_exceeded"
	InfoValidFrom         = "validity_period_start"
	InfoValidTo           = "validity_period_end"
	InfoNextPINChange     = "next_pin_change"
	InfoNextPWChange      = "next_password_change"
	InfoHash              = "hashlib"
	InfoTypePassword      = "password"
	KindSoftware          = "software"
	KindHardware          = "hardware"
	KindVirtual           = "virtual"
	InfoOffline           = "offline_counter"
	InfoRefill            = "refilltoken"
	InfoTwoStepClientSize = "2step_clientsize"
	InfoTwoStepDifficulty = "2step_difficulty"
)

// Info is one tokeninfo value. Type is "", or "password" for a value that is
// encrypted at rest.
type Info struct {
	Value string
	Type  string
}

// Owner says whose token it is: a user id inside a resolver, seen from a realm.
type Owner struct {
	UserID   string
	Resolver string
	RealmID  int64
	Realm    string
}

// Sealed is an encrypted value of two columns: cipher text and IV, both hex.
type Sealed struct{ Cipher, IV string }

// Token is one token as it is stored.
type Token struct {
	ID          int64
	Serial      string
	Type        string
	Description string
	Key         Sealed // plaintext is a text: the hex notation of an OTP key, or a password
	UserPIN     Sealed
	SOPIN       Sealed
	PINHash     string
	PINSeed     string // hex, only with PINHash of the old form
	OTPLen      int    // digits
	MaxFail     int
	FailCount   int
	Count       int64
	CountWindow int
	SyncWindow  int
	Active      bool
	Revoked     bool
	Locked      bool
	State       string // rollout state
	Info        map[string]Info
	Owner       *Owner // nil: nobody's
	Realms      []string
	Groups      []string
}

// InfoText returns a tokeninfo value, "" when it is absent.
func (t *Token) InfoText(key string) string { return t.Info[key].Value }

// InfoTime reads a tokeninfo value as a time; the zero time when it is absent
// or no date. Dates without an offset are in loc.
func (t *Token) InfoTime(key string, loc *time.Location) time.Time {
	v := t.InfoText(key)
	if v == "" {
		return time.Time{}
	}
	at, err := timespec.ReadStored(v, time.Unix(0, 0).In(loc))
	if err != nil {
		return time.Time{}
	}
	return at
}

// TypeKey is the type in lower case; "hmac" is an old name of hotp.
func (t *Token) TypeKey() string {
	k := strings.ToLower(t.Type)
	if k == "hmac" {
		return "hotp"
	}
	return k
}

// Exhausted reports whether the fail counter forbids the token's use.
func (t *Token) Exhausted() bool { return t.FailCount >= t.MaxFail }
