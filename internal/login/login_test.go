package login

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/rand"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/settings"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/hotp"
)

var noon = time.Date(2027, 7, 4, 12, 0, 0, 0, time.UTC)

// countingPINs compares PINs as they are and counts how often it is asked.
type countingPINs struct {
	checks int
	renew  string
}

func (c *countingPINs) Check(_ context.Context, stored, _ string, pin secret.String) (bool, error) {
	c.checks++
	return stored == pin.Reveal(), nil
}

func (c *countingPINs) Renew(context.Context, string, secret.String) (string, error) {
	return c.renew, nil
}

func keyOf(id int64) []byte { return []byte(strings.Repeat(string(rune('a'+id)), 20)) }

// value is the HOTP value of a token made by tok.
func value(id, counter int64) string { return otp.HOTP(keyOf(id), otp.SHA1, counter, 6) }

// tok is a HOTP token with the PIN 1234, changed by with.
func tok(id int64, with ...func(*token.Token)) *token.Token {
	t := &token.Token{ID: id, Serial: fmt.Sprintf("T%d", id), Type: "HOTP", Active: true, MaxFail: 10, OTPLen: 6, CountWindow: 10, SyncWindow: 1000,
		PINHash: "1234", Key: token.Sealed{Cipher: hex.EncodeToString(keyOf(id))}, Info: map[string]token.Info{}}
	for _, f := range with {
		f(t)
	}
	return t
}

func info(key, value string) func(*token.Token) {
	return func(t *token.Token) { t.Info[key] = token.Info{Value: value} }
}

func pin(p string) func(*token.Token)    { return func(t *token.Token) { t.PINHash = p } }
func failed(n int) func(*token.Token)    { return func(t *token.Token) { t.FailCount = n } }
func countAt(n int64) func(*token.Token) { return func(t *token.Token) { t.Count = n } }

// words are changes in short.
func words(list []change.Change) []string {
	out := []string{}
	for _, c := range list {
		switch c := c.(type) {
		case change.UseToken:
			out = append(out, fmt.Sprintf("use %d %d-%d", c.ID, c.Seen, c.Next))
		case change.MoveCounter:
			out = append(out, fmt.Sprintf("move %d %d-%d", c.ID, c.Seen, c.Next))
		case change.FailToken:
			out = append(out, fmt.Sprintf("fail %d", c.ID))
		case change.ResetFail:
			out = append(out, fmt.Sprintf("reset %d", c.ID))
		case change.CountInfo:
			out = append(out, fmt.Sprintf("%s %d", strings.TrimPrefix(c.Key, "count_"), c.ID))
		case change.SetInfo:
			out = append(out, fmt.Sprintf("%s %d", c.Key, c.ID))
		case change.DeleteInfo: // what a resynchronisation remembered
		case change.ReplacePIN:
			out = append(out, fmt.Sprintf("pin %d %s-%s", c.ID, c.Old, c.New))
		case change.NewChallenge:
			out = append(out, "ask "+c.Challenge.Serial)
		case change.UseChallenge:
			out = append(out, fmt.Sprintf("answered %d", c.ID))
		case change.AnswerReceived:
			out = append(out, fmt.Sprintf("received %d", c.ID))
		case change.EndTransaction:
			out = append(out, "end "+c.TransactionID)
		default:
			out = append(out, fmt.Sprintf("%#v", c))
		}
	}
	return out
}

// login is one case of Check.
type loginCase struct {
	tokens   []*token.Token
	settings map[string]string
	pass     string
	rules    Rules
	// transaction 7 is answered when open are its challenges
	answers bool
	open    []challenge.Challenge
	user    string // the password of the user store

	ok      bool
	message string
	serial  string
	changes []string
	checks  int
	code    int // of the error
}

func (c *loginCase) run(t *testing.T) {
	t.Helper()
	var entries []settings.Entry
	for k, v := range c.settings {
		entries = append(entries, settings.Entry{Key: k, Value: v})
	}
	pins := &countingPINs{}
	checker := &Checker{Types: tokentype.NewRegistry([]tokentype.Type{hotp.Type{}}), PINs: pins}
	var changes change.Set
	env := &tokentype.Env{Now: noon, Local: time.UTC, Rand: rand.Reader, Keys: openKeys{}, Settings: settings.New(entries), Rules: noRules{}, Changes: &changes,
		Flush: func(context.Context) error { return nil }, After: func(func(context.Context) error) {}}
	in := &Attempt{Tokens: c.tokens, Pass: secret.New(c.pass), Rules: c.rules, Open: c.open,
		UserPassword: func(_ context.Context, p secret.String) (bool, error) { return p.Reveal() == c.user, nil }}
	if c.answers {
		in.TransactionID = "7"
	}
	ok, reply, err := checker.Check(t.Context(), env, in)
	if c.code != 0 {
		if err == nil || mfaerr.Wrap(err).Code != c.code {
			t.Fatalf("error %v, want code %d", err, c.code)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if ok != c.ok || reply.Message != c.message || reply.Serial != c.serial {
		t.Errorf("got %v %q %q, want %v %q %q", ok, reply.Message, reply.Serial, c.ok, c.message, c.serial)
	}
	if got := words(changes.All()); !slices.Equal(got, c.changes) {
		t.Errorf("changes %q, want %q", got, c.changes)
	}
	if pins.checks != c.checks {
		t.Errorf("%d PINs hashed, want %d", pins.checks, c.checks)
	}
}

// used are the changes of a success of one token.
func used(id, seen, next int64) []string {
	return []string{fmt.Sprintf("use %d %d-%d", id, seen, next), fmt.Sprintf("auth_success %d", id), fmt.Sprintf("auth %d", id), fmt.Sprintf("last_auth %d", id)}
}

// missed are the changes of a failure of each token.
func missed(ids ...int64) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, fmt.Sprintf("fail %d", id), fmt.Sprintf("auth %d", id))
	}
	return out
}

func TestCheck_ValueWithPIN(t *testing.T) {
	revoked := func(t *token.Token) { t.Revoked, t.Locked = true, true }
	locked := func(t *token.Token) { t.Locked = true }
	unknown := func(t *token.Token) { t.Type = "carrier pigeon" }
	two := []*token.Token{tok(1), tok(2)}
	for name, c := range map[string]loginCase{
		"right": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 3),
			ok: true, message: "matching 1 tokens", serial: "T1", changes: used(1, 0, 4), checks: 1},
		"wrong PIN": {tokens: []*token.Token{tok(1)}, pass: "1235" + value(1, 3),
			message: msgWrongPIN, changes: missed(1), checks: 1},
		"wrong PIN is not counted by the setting": {tokens: []*token.Token{tok(1)}, pass: "1235" + value(1, 3), settings: map[string]string{"IncFailCountOnFalsePin": "False"},
			message: msgWrongPIN, changes: []string{}, checks: 1},
		"wrong value": {tokens: []*token.Token{tok(1)}, pass: "1234000000",
			message: msgWrongOTP, serial: "T1", changes: missed(1), checks: 1},
		"value beyond the window": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 11), settings: map[string]string{"AutoResync": "False"},
			message: msgWrongOTP, serial: "T1", changes: missed(1), checks: 1},
		"previous value": {tokens: []*token.Token{tok(1, countAt(4))}, pass: "1234" + value(1, 3),
			message: msgWrongOTP + msgPrevious, serial: "T1", changes: missed(1), checks: 1},
		"an older value is just wrong": {tokens: []*token.Token{tok(1, countAt(4))}, pass: "1234" + value(1, 2),
			message: msgWrongOTP, serial: "T1", changes: missed(1), checks: 1},
		"too short for a value": {tokens: []*token.Token{tok(1)}, pass: "12345",
			message: msgWrongPIN, changes: missed(1)},
		"empty": {tokens: []*token.Token{tok(1, pin(""))}, pass: "",
			message: msgWrongPIN, changes: missed(1)},
		"empty PIN": {tokens: []*token.Token{tok(1, pin(""))}, pass: value(1, 0),
			ok: true, message: "matching 1 tokens", serial: "T1", changes: used(1, 0, 1), checks: 1},
		"value first": {tokens: []*token.Token{tok(1)}, pass: value(1, 0) + "1234", settings: map[string]string{"PrependPin": "False"},
			ok: true, message: "matching 1 tokens", serial: "T1", changes: used(1, 0, 1), checks: 1},
		"value first where the PIN comes first": {tokens: []*token.Token{tok(1)}, pass: value(1, 0) + "1234",
			message: msgWrongPIN, changes: missed(1), checks: 1},
		"without counts": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 0), settings: map[string]string{"no_auth_counter": "1"},
			ok: true, message: "matching 1 tokens", serial: "T1", changes: []string{"use 1 0-1", "last_auth 1"}, checks: 1},
		"no token":                 {pass: "1234", message: msgNoSuitable, changes: []string{}},
		"no token of a known type": {tokens: []*token.Token{tok(1, unknown)}, pass: "1234" + value(1, 0), message: msgNoSuitable, changes: []string{}},
		"revoked":                  {tokens: []*token.Token{tok(1, revoked)}, pass: "1234" + value(1, 0), code: mfaerr.CodeTokenLocked},
		"locked":                   {tokens: []*token.Token{tok(1, locked)}, pass: "1234" + value(1, 0), code: mfaerr.CodeTokenLocked},
		"locked beside another": {tokens: []*token.Token{tok(1, locked), tok(2)}, pass: "1234" + value(2, 0),
			ok: true, message: "matching 1 tokens", serial: "T2", changes: used(2, 0, 1), checks: 1},

		// hashing
		"two tokens with one stored PIN": {tokens: two, pass: "1234" + value(2, 5),
			ok: true, message: "matching 1 tokens", serial: "T2", changes: used(2, 0, 6), checks: 1},
		"two wrong values, one stored PIN": {tokens: two, pass: "1234000000",
			message: msgWrongOTP, changes: missed(1, 2), checks: 1},
		"two wrong values, two stored PINs": {tokens: []*token.Token{tok(1), tok(2, pin("x"))}, pass: "1234000000",
			message: msgWrongOTP, serial: "T1", changes: missed(1), checks: 2},
		"a value that fits needs no other PIN": {tokens: []*token.Token{tok(1, pin("x")), tok(2)}, pass: "1234" + value(2, 0),
			ok: true, message: "matching 1 tokens", serial: "T2", changes: used(2, 0, 1), checks: 1},
		"the same value and PIN of two tokens": {tokens: []*token.Token{tok(1), tok(1, func(t *token.Token) { t.ID, t.Serial = 2, "T2" })}, pass: "1234" + value(1, 0),
			ok: true, message: "matching 2 tokens", changes: append(used(1, 0, 1), used(2, 0, 1)...), checks: 1},

		// where the PIN is kept
		"password of the user store": {tokens: two, pass: "alice-pw" + value(1, 0), user: "alice-pw", rules: Rules{PINMode: UserStore},
			ok: true, message: "matching 1 tokens", serial: "T1", changes: used(1, 0, 1)},
		"token PIN instead of the password": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 0), user: "alice-pw", rules: Rules{PINMode: UserStore},
			message: msgWrongPIN, changes: missed(1)},
		"empty password": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), user: "", rules: Rules{PINMode: UserStore},
			message: msgWrongPIN, changes: missed(1)},
		"no PIN": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), rules: Rules{PINMode: NoPIN},
			ok: true, message: "matching 1 tokens", serial: "T1", changes: used(1, 0, 1)},
		"a PIN where none is": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 0), rules: Rules{PINMode: NoPIN},
			message: msgWrongPIN, changes: missed(1)},
		"all fail counters": {tokens: []*token.Token{tok(1), tok(2, failed(3))}, pass: "1234" + value(1, 0), rules: Rules{ResetAll: true},
			ok: true, message: "matching 1 tokens", serial: "T1", changes: append(used(1, 0, 1), "reset 2"), checks: 1},
	} {
		t.Run(name, c.run)
	}
}

// A right value of a token that may not be used is spent all the same.
func TestCheck_Unfit(t *testing.T) {
	pass := "1234" + value(1, 0)
	spent := []string{"move 1 0-1"}
	clear := map[string]string{"failcounter_clear_timeout": "10"}
	exceeded := info(token.InfoFailExceeded, "2027-07-04 11:45+0000")
	for name, c := range map[string]loginCase{
		"disabled":                     {tokens: []*token.Token{tok(1, func(t *token.Token) { t.Active = false })}, message: token.ReasonDisabled, changes: spent},
		"exhausted":                    {tokens: []*token.Token{tok(1, failed(10))}, message: token.ReasonFail, changes: spent},
		"one failure left":             {tokens: []*token.Token{tok(1, failed(9))}, ok: true, changes: used(1, 0, 1)},
		"exhausted, time has passed":   {tokens: []*token.Token{tok(1, failed(10), exceeded)}, settings: clear, ok: true, changes: append([]string{"reset 1"}, used(1, 0, 1)...)},
		"exhausted, time is not over":  {tokens: []*token.Token{tok(1, failed(10), info(token.InfoFailExceeded, "2027-07-04 11:55+0000"))}, settings: clear, message: token.ReasonFail, changes: spent},
		"exhausted, nobody knows when": {tokens: []*token.Token{tok(1, failed(10))}, settings: clear, message: token.ReasonFail, changes: spent},
		"exhausted, no time set":       {tokens: []*token.Token{tok(1, failed(10), exceeded)}, message: token.ReasonFail, changes: spent},
		"before its time":              {tokens: []*token.Token{tok(1, info(token.InfoValidFrom, "2027-07-04T12:01+0000"))}, message: token.ReasonValidity, changes: spent},
		"from now on":                  {tokens: []*token.Token{tok(1, info(token.InfoValidFrom, "2027-07-04T12:00+0000"))}, ok: true, changes: used(1, 0, 1)},
		"after its time":               {tokens: []*token.Token{tok(1, info(token.InfoValidTo, "2027-07-04T11:59+0000"))}, message: token.ReasonValidity, changes: spent},
		"until now":                    {tokens: []*token.Token{tok(1, info(token.InfoValidTo, "2027-07-04T12:00+0000"))}, ok: true, changes: used(1, 0, 1)},
		"until nobody knows when":      {tokens: []*token.Token{tok(1, info(token.InfoValidTo, "later"))}, message: token.ReasonValidity, changes: spent},
		"uses are over":                {tokens: []*token.Token{tok(1, info(token.InfoCount, "3"), info(token.InfoCountMax, "3"))}, message: token.ReasonCount, changes: spent},
		"one use left":                 {tokens: []*token.Token{tok(1, info(token.InfoCount, "2"), info(token.InfoCountMax, "3"))}, ok: true, changes: used(1, 0, 1)},
		"successes are over":           {tokens: []*token.Token{tok(1, info(token.InfoCountSuccess, "1"), info(token.InfoCountSuccessMax, "1"))}, message: token.ReasonCount, changes: spent},
		"not enrolled":                 {tokens: []*token.Token{tok(1, func(t *token.Token) { t.State = token.StateVerify })}, message: token.ReasonRollout, changes: spent},
	} {
		c.pass, c.serial, c.checks = pass, "T1", 1
		c.message = strings.TrimSuffix("matching 1 tokens, "+c.message, ", ")
		t.Run(name, c.run)
	}
}

func TestCheck_Challenges(t *testing.T) {
	asks := Rules{ChallengeTypes: []string{"hotp"}}
	open := func(id int64, serial string) challenge.Challenge {
		return challenge.Challenge{ID: id, TransactionID: "7", Serial: serial, Timestamp: noon.Add(-time.Minute), Expiration: noon.Add(time.Minute)}
	}
	expired := open(7, "T1")
	expired.Expiration = noon
	disabled := func(t *token.Token) { t.Active = false }
	for name, c := range map[string]loginCase{
		"PIN asks": {tokens: []*token.Token{tok(1)}, pass: "1234", rules: asks,
			message: defaultPrompt, serial: "T1", changes: []string{"ask T1"}, checks: 1},
		"PIN asks all tokens that have it": {tokens: []*token.Token{tok(1), tok(2, pin("x")), tok(3)}, pass: "1234", rules: asks,
			message: defaultPrompt + ", " + defaultPrompt, serial: "T3", changes: []string{"ask T1", "ask T3"}, checks: 2},
		"PIN without the policy": {tokens: []*token.Token{tok(1)}, pass: "1234",
			message: msgWrongPIN, changes: missed(1)},
		"PIN of a disabled token": {tokens: []*token.Token{tok(1, disabled)}, pass: "1234", rules: asks,
			message: msgNoActive, changes: []string{}, checks: 1},
		"PIN of an exhausted token": {tokens: []*token.Token{tok(1, failed(10))}, pass: "1234", rules: asks,
			message: token.ReasonFail, changes: []string{}, checks: 1},
		"asking counts as a failure": {tokens: []*token.Token{tok(1)}, pass: "1234", rules: Rules{ChallengeTypes: asks.ChallengeTypes, FailOnChallenge: true},
			message: defaultPrompt, serial: "T1", changes: []string{"fail 1", "ask T1"}, checks: 1},
		"answered": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), answers: true, open: []challenge.Challenge{open(7, "T1")},
			ok: true, message: msgChallenge, serial: "T1", changes: append(append([]string{"answered 7"}, used(1, 0, 1)...), "end 7")},
		"one of two tokens answered": {tokens: []*token.Token{tok(1), tok(2)}, pass: value(2, 0), answers: true, open: []challenge.Challenge{open(7, "T1"), open(8, "T2")},
			ok: true, message: msgChallenge, serial: "T2", changes: append(append([]string{"received 7", "answered 8"}, used(2, 0, 1)...), "end 7")},
		"wrong": {tokens: []*token.Token{tok(1)}, pass: "000000", answers: true, open: []challenge.Challenge{open(7, "T1")},
			message: msgNoMatch, serial: "T1", changes: []string{"received 7", "fail 1"}},
		"wrong for two": {tokens: []*token.Token{tok(1), tok(2)}, pass: "000000", answers: true, open: []challenge.Challenge{open(7, "T1"), open(8, "T2")},
			message: "Response did not match for 2 tokens.", changes: []string{"received 7", "received 8", "fail 1", "fail 2"}},
		"the PIN is no part of an answer": {tokens: []*token.Token{tok(1)}, pass: "1234" + value(1, 0), answers: true, open: []challenge.Challenge{open(7, "T1")},
			message: msgNoMatch, serial: "T1", changes: []string{"received 7", "fail 1"}},
		"expired": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), answers: true, open: []challenge.Challenge{expired},
			message: msgNoMatch, serial: "T1", changes: []string{"fail 1"}},
		"another's transaction": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), answers: true, open: []challenge.Challenge{open(7, "T9")},
			message: msgWrongPIN, changes: missed(1)},
		"a transaction that is over": {tokens: []*token.Token{tok(1)}, pass: value(1, 0), answers: true,
			message: msgWrongPIN, changes: missed(1)},
		"answered by a token that is not fit": {tokens: []*token.Token{tok(1, disabled)}, pass: value(1, 0), answers: true, open: []challenge.Challenge{open(7, "T1")},
			message: msgUnfit + ". " + token.ReasonDisabled, serial: "T1", changes: []string{"answered 7", "move 1 0-1", "fail 1"}},
		"answered by a locked token": {tokens: []*token.Token{tok(1, func(t *token.Token) { t.Locked = true })}, pass: value(1, 0), answers: true, open: []challenge.Challenge{open(7, "T1")},
			code: mfaerr.CodeTokenLocked},
	} {
		t.Run(name, c.run)
	}
}

// A PIN is not hashed again when the attempt is decided anew, and one that is
// stored in an old form is replaced.
func TestCheck_PINMemory(t *testing.T) {
	pins := &countingPINs{renew: "better"}
	checker := &Checker{Types: tokentype.NewRegistry([]tokentype.Type{hotp.Type{}}), PINs: pins}
	in := &Attempt{Tokens: []*token.Token{tok(1)}, Pass: secret.New("1234" + value(1, 0))}
	for range 3 {
		var changes change.Set
		env := &tokentype.Env{Now: noon, Local: time.UTC, Keys: openKeys{}, Rules: noRules{}, Changes: &changes}
		ok, _, err := checker.Check(t.Context(), env, in)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		want := append(used(1, 0, 1), "pin 1 1234-better")
		if got := words(changes.All()); !slices.Equal(got, want) {
			t.Errorf("changes %q, want %q", got, want)
		}
	}
	if pins.checks != 1 {
		t.Errorf("%d PINs hashed, want 1", pins.checks)
	}
}
