package tokentype

import (
	"context"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/secret"
	"edumfa/internal/token"
)

// MoreChallenges is an ability of types whose logins take several answers.
type MoreChallenges interface {
	// More is asked after a right answer to c and before it counts as a login. ok
	// is false when the answer was the last one; otherwise the prompt is the next
	// challenge, in a transaction of its own.
	More(ctx context.Context, e *Env, t *token.Token, c challenge.Challenge, m Match) (next Prompt, ok bool, err error)
}

// Opener is an ability of types whose first challenge may come by something else
// than the token's PIN.
type Opener interface {
	Open(ctx context.Context, e *Env, t *token.Token, pass secret.String) (first Prompt, ok bool, err error)
}

// OwnerDefaults fills parameters of an enrolment from attributes of the future
// owner, where policies of the caller's scope name them.
type OwnerDefaults interface {
	// OwnerDefaults maps parameters to names of attributes.
	OwnerDefaults(scope string, r Rules) (map[string]string, error)
}

// Helper is the login of a token on behalf of another one.
type Helper struct {
	Serial string
	// Changes record that the token was used.
	Changes []change.Change
	// Spent takes the value away and nothing more, for when the help is not enough:
	// a value that was shown must not serve again.
	Spent []change.Change
}

// RawParams are parameters that may be JSON objects and lists.
type RawParams interface {
	Raw(name string) any
}

// Usable reports whether the token might be used now. Types that check what
// others type on a token's behalf ask before: a token that is used up must not
// tell whether something was right.
func (e *Env) Usable(t *token.Token) bool {
	return !t.Revoked && !t.Locked && t.Unfit(e.Now, e.Local, e.Failing(t)) == ""
}

// Failing is the fail counter that counts: a counter at its limit is over when
// the configured time has passed since.
func (e *Env) Failing(t *token.Token) int {
	minutes := e.Settings.Int("failcounter_clear_timeout", 0)
	if minutes <= 0 || t.FailCount == 0 || t.FailCount != t.MaxFail {
		return t.FailCount
	}
	since := t.InfoTime(token.InfoFailExceeded, e.Local)
	if since.IsZero() || !e.Now.After(since.Add(time.Duration(minutes)*time.Minute)) {
		return t.FailCount
	}
	return 0
}

// SplitPass divides a PIN and an OTP of n characters; ok is false when pass is
// shorter than that.
func SplitPass(pass string, n int, pinFirst bool) (pin, otp string, ok bool) {
	r := []rune(pass)
	if len(r) < n || n < 0 {
		return "", "", false
	}
	if pinFirst {
		return string(r[:len(r)-n]), string(r[len(r)-n:]), true
	}
	return string(r[n:]), string(r[:n]), true
}
