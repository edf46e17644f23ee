// Package login decides whether what a user typed is right: which of the user's
// tokens it belongs to, whether it is a value, an answer to a challenge or the
// request for one, and what the attempt changes. It reads nothing and writes
// nothing itself; the changes it collects are carried out by the store in the
// transaction that records the attempt.
package login

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Messages that programs match on.
const (
	msgMatching     = "matching %d tokens"
	msgChallenge    = "Found matching challenge"
	msgUnfit        = "Challenge matches, but token is not fit for challenge"
	msgNoMatch      = "Response did not match the challenge."
	msgNoMatchN     = "Response did not match for %d tokens."
	msgNoActive     = "No active challenge response token found"
	msgWrongOTP     = "wrong otp value"
	msgPrevious     = ". previous otp used again"
	msgWrongPIN     = "wrong otp pin"
	msgNoSuitable   = "No suitable token found for authentication."
	MsgNoTokens     = "The user has no tokens assigned"
	MsgOTPOnlyWrong = "OTP verification failed."
	defaultPrompt   = "please enter otp: "
)

// PINMode is where the PIN of a login is kept.
type PINMode int

const (
	TokenPIN  PINMode = iota // with the token
	UserStore                // it is the password of the user store
	NoPIN                    // there is none: it must be empty
)

// PINs checks and makes PIN hashes.
type PINs interface {
	// Check compares a PIN with what is stored.
	Check(ctx context.Context, stored, seed string, pin secret.String) (bool, error)
	// Renew returns a new hash when the stored one is weaker or costlier than the
	// settings want; "" otherwise.
	Renew(ctx context.Context, stored string, pin secret.String) (string, error)
}

// Rules are the policies that decide how an attempt is taken.
type Rules struct {
	PINMode PINMode
	// ChallengeTypes may be asked for by the PIN alone.
	ChallengeTypes []string
	// ResetAll resets the fail counters of all the user's tokens after success.
	ResetAll bool
	// FailOnChallenge raises the fail counter when a challenge is made.
	FailOnChallenge bool
}

// Attempt is one login.
type Attempt struct {
	Tokens []*token.Token // with tokeninfo
	Pass   secret.String
	// TransactionID names the challenge that Pass answers; "" for none.
	TransactionID string
	// Open are the rows of that transaction.
	Open  []challenge.Challenge
	Rules Rules
	// Checked remembers PINs that were checked already: of equal stored PINs only
	// one is hashed, and none again when the attempt is decided anew.
	Checked PINMemory
	// UserPassword checks the password of the user store, for PINMode UserStore.
	UserPassword func(ctx context.Context, password secret.String) (bool, error)
}

// PINMemory is what is known of the PINs of one request.
type PINMemory map[string]bool

// Checker decides attempts.
type Checker struct {
	Types *tokentype.Registry
	PINs  PINs
}

// attempt is the state of one decision.
type attempt struct {
	*Attempt
	c     *Checker
	env   *tokentype.Env
	out   *change.Set
	reply Reply
}

// candidate is one token with what is known of it in this attempt.
type candidate struct {
	t        *token.Token
	typ      tokentype.Type
	pin, otp string
	split    bool
	waits    bool // the login waits for the token
	match    tokentype.Match
	opening  *tokentype.Prompt // by an Opener
}

// Check decides the attempt. Changes are added to env.Changes.
func (c *Checker) Check(ctx context.Context, env *tokentype.Env, in *Attempt) (bool, Reply, error) {
	a := &attempt{Attempt: in, c: c, env: env, out: env.Changes}
	if in.Checked == nil {
		in.Checked = PINMemory{}
	}
	list, err := a.candidates()
	if err != nil {
		return false, a.reply, err
	}
	var ok bool
	switch {
	case len(list) == 0:
		a.reply.Message = msgNoSuitable
	case in.TransactionID != "":
		ok, err = a.respond(ctx, list)
	default:
		ok, err = a.value(ctx, list)
	}
	if err == nil && ok && in.Rules.ResetAll {
		a.resetOthers()
	}
	return ok, a.reply, err
}

// candidates are the tokens that count, in the order they are tried.
func (a *attempt) candidates() ([]*candidate, error) {
	var list []*candidate
	usable := 0
	for _, t := range a.Tokens {
		if t.Revoked {
			continue
		}
		usable++
		typ, known := a.c.Types.Get(t.TypeKey())
		if known && !typ.Info().Planned && a.applies(typ, t) {
			list = append(list, &candidate{t: t, typ: typ})
		}
	}
	if usable == 0 && len(a.Tokens) > 0 {
		return nil, errLocked()
	}
	slices.SortStableFunc(list, func(x, y *candidate) int { return cmp.Compare(weight(x.t), weight(y.t)) })
	return list, nil
}

func (a *attempt) applies(typ tokentype.Type, t *token.Token) bool {
	c, chooses := typ.(tokentype.Chooser)
	return !chooses || c.Applies(a.env, t)
}

func errLocked() error {
	return mfaerr.NewRequest(mfaerr.CodeTokenLocked, "This action is not possible, since the token is locked")
}

// weight puts types in the order of their first letter, push behind all.
func weight(t *token.Token) int {
	k := t.TypeKey()
	if strings.Contains(k, "push") || k == "" {
		return 1000
	}
	return int(k[0])
}

// value takes Pass as PIN and OTP, or as a PIN that asks for a challenge.
//
// The PIN is hashed only where its answer can matter: values that fit are looked
// for first, as that costs almost nothing; when one of them has the right PIN,
// the others need no PIN check, for they change nothing any more.
func (a *attempt) value(ctx context.Context, list []*candidate) (bool, error) {
	var own, forwarded []*candidate
	for _, k := range list {
		late, err := a.late(k)
		if err != nil {
			return false, err
		}
		if !late {
			own = append(own, k)
		} else {
			forwarded = append(forwarded, k)
		}
	}
	for _, some := range [][]*candidate{own, forwarded} {
		valid, err := a.fitting(ctx, some)
		if err != nil {
			return false, err
		}
		if len(valid) > 0 {
			return a.accept(ctx, valid)
		}
	}
	return false, a.refuse(ctx, list)
}

// fitting are those of the tokens whose value and PIN are right.
func (a *attempt) fitting(ctx context.Context, list []*candidate) ([]*candidate, error) {
	for _, k := range list {
		if err := a.look(ctx, k); err != nil {
			return nil, err
		}
	}
	var valid []*candidate
	for _, k := range list {
		if !k.match.OK {
			continue
		}
		asks, err := a.asksForChallenge(ctx, k)
		if err != nil {
			return nil, err
		}
		if asks {
			continue
		}
		right, err := a.pinOf(ctx, k)
		if err != nil {
			return nil, err
		}
		if right {
			valid = append(valid, k)
		}
	}
	return valid, nil
}

// look divides what was typed for a token and compares the value. Where another
// server compares it, the PIN that is kept here must be right before.
func (a *attempt) look(ctx context.Context, k *candidate) error {
	if k.t.Locked || !k.typ.Info().Authenticates {
		return nil
	}
	if k.pin, k.otp, k.split = a.split(k); !k.split {
		return nil
	}
	if f := k.forwarder(); f != nil || k.waits {
		if reason := a.unfit(k.t, a.env.Failing(k.t)); reason != "" {
			return nil
		}
		if k.waits || f.PINHere(k.t) {
			if right, err := a.pinRight(ctx, k.t, k.pin); err != nil || !right {
				return err
			}
		}
	}
	var err error
	k.match, err = k.typ.Verify(ctx, a.env, k.t, secret.New(k.otp))
	return err
}

// late reports whether the token is looked at when no other one fits.
func (a *attempt) late(k *candidate) (bool, error) {
	if w, can := k.typ.(tokentype.Confirmer); can {
		d, err := w.Waits(a.env, k.t)
		k.waits = d > 0
		return k.waits, err
	}
	return k.forwarder() != nil, nil
}

// forwarder is the type if other servers check its values, else nil.
func (k *candidate) forwarder() tokentype.Forwarder {
	f, _ := k.typ.(tokentype.Forwarder)
	return f
}

// refuse sorts the tokens of an attempt without a right value into requests for
// a challenge, right PINs and the rest.
func (a *attempt) refuse(ctx context.Context, list []*candidate) error {
	if !slices.ContainsFunc(list, func(k *candidate) bool { return !k.t.Locked }) {
		return errLocked()
	}
	var asks, pin []*candidate
	for _, k := range list {
		ask, err := a.asksForChallenge(ctx, k)
		if err != nil {
			return err
		}
		if o, can := k.typ.(tokentype.Opener); can && !ask && !k.t.Locked && !k.match.OK {
			first, opens, err := o.Open(ctx, a.env, k.t, a.Pass)
			if err != nil {
				return err
			}
			if opens {
				k.opening, ask = &first, true
			}
		}
		if ask {
			asks = append(asks, k)
			continue
		}
		if !k.split || k.t.Locked || k.match.OK || k.forwarder() != nil {
			continue
		}
		right, err := a.pinOf(ctx, k)
		if err != nil {
			return err
		}
		if right {
			pin = append(pin, k)
		}
	}
	switch {
	case len(asks) > 0:
		return a.ask(ctx, asks)
	case len(pin) > 0:
		a.pinOnly(pin)
	default:
		a.reply.Message = msgWrongPIN
		if a.env.Settings.FailOnWrongPIN() {
			for _, k := range list {
				a.fail(k.t)
				a.count(k.t, false)
			}
		}
	}
	return nil
}

func (a *attempt) split(k *candidate) (pin, otp string, ok bool) {
	return Split(a.env, k.typ, k.t, a.Pass.Reveal())
}

// Split divides what was typed for a token into PIN and value.
func Split(e *tokentype.Env, typ tokentype.Type, t *token.Token, pass string) (pin, otp string, ok bool) {
	if s, own := typ.(tokentype.Splitter); own {
		return s.Split(e, t, pass)
	}
	return tokentype.SplitPass(pass, t.OTPLen, e.Settings.PrependPIN())
}

// asksForChallenge reports whether Pass is the token's PIN and nothing else, and
// the token may be asked for that way.
func (a *attempt) asksForChallenge(ctx context.Context, k *candidate) (bool, error) {
	info := k.typ.Info()
	if f := k.forwarder(); !info.Challenges || k.waits || f != nil && !f.PINHere(k.t) {
		return false, nil
	}
	if !info.NativeChallenge && !slices.ContainsFunc(a.Rules.ChallengeTypes, func(t string) bool { return strings.EqualFold(t, info.Name) }) {
		return false, nil
	}
	return a.pinRight(ctx, k.t, a.Pass.Reveal())
}

// pinOf reports whether the PIN that was typed before the value is right.
func (a *attempt) pinOf(ctx context.Context, k *candidate) (bool, error) {
	if k.match.WithoutPIN {
		return true, nil
	}
	return a.pinRight(ctx, k.t, k.pin)
}

func (a *attempt) pinRight(ctx context.Context, t *token.Token, pin string) (bool, error) {
	var key string
	var check func() (bool, error)
	switch a.Rules.PINMode {
	case NoPIN:
		return pin == "", nil
	case UserStore:
		key = "user\x00" + pin
		check = func() (bool, error) {
			if pin == "" || a.UserPassword == nil {
				return false, nil
			}
			return a.UserPassword(ctx, secret.New(pin))
		}
	default:
		key = t.PINHash + "\x00" + t.PINSeed + "\x00" + pin
		check = func() (bool, error) { return a.c.PINs.Check(ctx, t.PINHash, t.PINSeed, secret.New(pin)) }
	}
	if right, known := a.Checked[key]; known {
		return right, nil
	}
	right, err := check()
	if err == nil {
		a.Checked[key] = right
	}
	return right, err
}
