// Package change holds the writes of one request as data. A login collects them
// while it decides and the store carries them out in one transaction together
// with the audit row. Each names what it saw: when that is no longer so, nothing
// is stored and the request decides anew (store.ErrConflict). So a counter, a
// challenge or a code is used by whoever comes first, and by nobody else.
package change

import (
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/queue"
)

// Change is one of the types below.
type Change interface{ change() }

// Set is an ordered list of changes.
type Set struct{ list []Change }

// Add appends changes.
func (s *Set) Add(c ...Change) { s.list = append(s.list, c...) }

// All returns the changes in order.
func (s *Set) All() []Change { return s.list }

// Empty reports whether there is nothing to write.
func (s *Set) Empty() bool { return len(s.list) == 0 }

// Reset forgets all changes.
func (s *Set) Reset() { s.list = nil }

// UseToken records a success: the counter goes from Seen to Next (equal when
// the type does not count) and the fail counter to 0. It fails when the counter
// has moved, or the token has been exhausted, disabled, locked or revoked.
type UseToken struct {
	ID         int64
	Seen, Next int64
	// KeepFail leaves the fail counter as it is.
	KeepFail bool
}

// MoveCounter moves the counter from Seen to Next and nothing else: for values
// handed out rather than used (a mailed OTP) and for resynchronisation.
type MoveCounter struct {
	ID         int64
	Seen, Next int64
}

// FailToken adds one to the fail counter, up to its limit; at the limit the
// moment is kept as tokeninfo failcounter_exceeded.
type FailToken struct {
	ID int64
	At string // text of the moment
}

// ResetFail sets the fail counter to 0 and removes failcounter_exceeded.
type ResetFail struct{ ID int64 }

// SetInfo writes a tokeninfo value.
type SetInfo struct {
	ID         int64
	Key, Value string
	Type       string // "" keeps none
}

// DeleteInfo removes a tokeninfo value.
type DeleteInfo struct {
	ID  int64
	Key string
}

// TakeInfo removes a tokeninfo value that is good for one use. It fails when the
// value is gone or another one: whoever took it first has it.
type TakeInfo struct {
	ID         int64
	Key, Value string
}

// CountInfo adds one to a number kept as tokeninfo.
type CountInfo struct {
	ID  int64
	Key string
}

// ReplacePIN changes the stored PIN if it still is Old.
type ReplacePIN struct {
	ID       int64
	Old, New string
}

// DeleteToken removes a token and what hangs on it, if it is still there.
type DeleteToken struct {
	ID     int64
	Serial string
}

// NewChallenge stores a challenge.
type NewChallenge struct{ Challenge challenge.Challenge }

// SetChallenge changes data, session and state of a challenge that is there.
type SetChallenge struct{ Challenge challenge.Challenge }

// ConfirmChallenge marks a challenge as answered rightly out of band. It must be
// there and not declined.
type ConfirmChallenge struct{ ID int64 }

// DeclineChallenge marks a challenge as declined; it can never be confirmed then.
type DeclineChallenge struct{ ID int64 }

// UseChallenge removes one challenge; it must still be there.
type UseChallenge struct{ ID int64 }

// EndTransaction removes all challenges of a transaction.
type EndTransaction struct{ TransactionID string }

// EndChallenge removes a token's challenges of a transaction.
type EndChallenge struct{ TransactionID, Serial string }

// EndChallenges removes all challenges of a token.
type EndChallenges struct{ Serial string }

// AnswerReceived counts an answer to a challenge.
type AnswerReceived struct{ ID int64 }

// UseNonce keeps the nonce of a challenge that is not stored; it must not have
// been used before. It is forgotten when it has expired.
type UseNonce struct {
	Nonce   string // up to 128 characters
	Expires time.Time
}

// SeenClient keeps when a client application was seen last.
type SeenClient struct {
	IP, Type, Node string
	At             time.Time
}

// RememberLogin keeps that a password was right, so that it is believed again.
type RememberLogin struct {
	Username, Realm, Resolver string
	Hash                      string // of the password, argon2
	At                        time.Time
}

// UseRemembered counts a use of a remembered login; it must have been used just
// as often as was seen.
type UseRemembered struct {
	ID, Seen int64
	At       time.Time
}

// ForgetLogins removes a user's remembered logins that are over: begun before
// Since, not used since UsedSince, or used Uses times (0: any number).
type ForgetLogins struct {
	Username, Realm, Resolver string
	Since, UsedSince          time.Time
	Uses                      int64
}

// UseRecoveryCode ends a code by which a user sets his password, and with it all
// his others. It must still be there.
type UseRecoveryCode struct {
	ID           int64
	Login, Realm string
}

// SetAdminPassword replaces an administrator's stored password if it still is Old.
type SetAdminPassword struct{ Username, Old, New string }

// Enqueue stores a delivery, so that it happens if, and only if, what it belongs
// to is stored.
type Enqueue struct{ Job queue.Job }

func (UseToken) change()         {}
func (MoveCounter) change()      {}
func (FailToken) change()        {}
func (ResetFail) change()        {}
func (SetInfo) change()          {}
func (DeleteInfo) change()       {}
func (TakeInfo) change()         {}
func (CountInfo) change()        {}
func (ReplacePIN) change()       {}
func (DeleteToken) change()      {}
func (NewChallenge) change()     {}
func (SetChallenge) change()     {}
func (ConfirmChallenge) change() {}
func (DeclineChallenge) change() {}
func (UseChallenge) change()     {}
func (EndTransaction) change()   {}
func (EndChallenge) change()     {}
func (EndChallenges) change()    {}
func (AnswerReceived) change()   {}
func (UseNonce) change()         {}
func (SeenClient) change()       {}
func (RememberLogin) change()    {}
func (UseRemembered) change()    {}
func (ForgetLogins) change()     {}
func (UseRecoveryCode) change()  {}
func (SetAdminPassword) change() {}
func (Enqueue) change()          {}
