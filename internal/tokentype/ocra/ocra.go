// Package ocra is the challenge response token of RFC 6287: the user, or the
// transaction that he signs, gives the question.
package ocra

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"edumfa/internal/challenge"
	"edumfa/internal/mfaerr"
	rfc "edumfa/internal/ocra"
	"edumfa/internal/otp"
	"edumfa/internal/policy/action"
	"edumfa/internal/qr"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const (
	infoSuite    = "ocrasuite"
	defaultSuite = "OCRA-1:HOTP-SHA1-8:QH40"
	msgPrompt    = "Please answer the challenge"
	msgNoFit     = "The challenge does not fit the token."
	// maxRandom bounds what a request adds to a challenge, in characters.
	maxRandom = 64
	// maxQuestion is how much a client may have hashed, in characters.
	maxQuestion = 1000
	// clockSteps is how far the clock of a token with time steps may be off.
	clockSteps = 1
)

// Type is the token type ocra.
type Type struct{}

var (
	_ tokentype.Type      = Type{}
	_ tokentype.Prompter  = Type{}
	_ tokentype.Responder = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "ocra", Prefix: "OCRA", Title: "OCRA Token", Description: "OCRA: challenge response after RFC 6287.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NativeChallenge: true,
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll keeps key and suite. The suite's letter case is kept, as it goes into
// the answers.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	suite, ok := p.Text(infoSuite)
	if !ok {
		suite = defaultSuite
	}
	if _, err := rfc.Parse(suite); err != nil {
		return tokentype.Enrolled{}, mfaerr.NewParameter("The OCRA suite %q is not valid: %s.", suite, err)
	}
	out, err := e.TakeKey(t, p, tokentype.KeyRules{})
	if err == nil {
		t.Info[infoSuite] = token.Info{Value: suite}
	}
	return out, err
}

// Verify finds nothing right: there is no answer without a question.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

func suiteOf(t *token.Token) (rfc.Suite, error) {
	text := t.InfoText(infoSuite)
	if text == "" {
		text = defaultSuite
	}
	s, err := rfc.Parse(text)
	if err != nil {
		err = mfaerr.NewTokenAdmin("The OCRA suite of token %s is not valid.", t.Serial).WithCause(err)
	}
	return s, err
}

// Prompt asks the question of the request, or a random one.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	s, err := suiteOf(t)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	p := tokentype.Prompt{Message: msgPrompt, Attributes: map[string]any{}}
	given, _ := e.Params.Text("challenge")
	if given == "" {
		if p.Challenge, err = s.Question(e.Rand); err != nil {
			return p, err
		}
	} else if err := takeQuestion(e, &p, given); err != nil {
		return p, err
	}
	if s.Fits(p.Challenge) != nil {
		return tokentype.Prompt{Failed: true, Message: msgNoFit}, nil
	}
	p.Attributes["challenge"] = p.Challenge
	return p, nil
}

// takeQuestion makes the question of what the request gives: with random
// characters behind it, and hashed, if it asks for that.
func takeQuestion(e *tokentype.Env, p *tokentype.Prompt, given string) error {
	if more, _ := e.Params.Text("addrandomchallenge"); more != "" {
		n, err := strconv.Atoi(strings.TrimSpace(more))
		if err != nil || n < 0 || n > maxRandom {
			return mfaerr.NewParameter("addrandomchallenge is no number from 0 to %d", maxRandom)
		}
		random, err := randtext.Alphanumeric(e.Rand, n)
		if err != nil {
			return err
		}
		given += random
	}
	if utf8.RuneCountInString(given) > maxQuestion {
		return mfaerr.NewParameter("The challenge is longer than %d characters.", maxQuestion)
	}
	image, err := qr.DataURI(given)
	if err != nil {
		return err
	}
	p.Attributes["original_challenge"], p.Attributes["qrcode"] = given, image
	kind, _ := e.Params.Text("hashchallenge")
	switch strings.ToLower(kind) {
	case "":
	case "sha256":
		sum := sha256.Sum256([]byte(given))
		given = hex.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512([]byte(given))
		given = hex.EncodeToString(sum[:])
	default:
		sum := sha1.Sum([]byte(given))
		given = hex.EncodeToString(sum[:])
	}
	p.Challenge = given
	return nil
}

// Respond computes the answers that the challenge may have.
func (Type) Respond(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	s, err := suiteOf(t)
	if err != nil {
		return tokentype.Match{}, err
	}
	text, err := e.Keys.Open(t.Key)
	if err != nil {
		return tokentype.Match{}, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) == 0 {
		return tokentype.Match{}, mfaerr.NewTokenAdmin("The token %s has no OTP key.", t.Serial)
	}
	in := rfc.Inputs{Question: c.Challenge}
	if s.PIN != "" {
		// the token PIN is kept as a hash; the answer needs it in clear
		if in.PIN, err = e.Keys.Open(t.UserPIN); err != nil || in.PIN == "" {
			return tokentype.Match{Reason: "the token has no user PIN"}, err
		}
	}
	counters, steps := 1, 0
	if s.Counter {
		counters = min(max(t.CountWindow, 1), otp.MaxWindow)
	}
	if s.Step != 0 {
		steps = clockSteps
		in.Steps = e.Now.Unix() / int64(s.Step.Seconds())
	}
	now := in.Steps
	for i := range int64(counters) {
		in.Counter = t.Count + i
		for in.Steps = now - int64(steps); in.Steps <= now+int64(steps); in.Steps++ {
			want, err := s.Answer(key, in)
			if err != nil {
				return tokentype.Match{Reason: err.Error()}, nil
			}
			if !otp.Equal(want, answer.Reveal()) {
				continue
			}
			m := tokentype.Match{OK: true, Next: t.Count}
			if s.Counter {
				m.Next = in.Counter + 1
			}
			return m, nil
		}
	}
	return tokentype.Match{}, nil
}
