// Package email is the token that mails its one-time password: an RFC 4226 token
// whose key only the server knows. The PIN alone asks for a mail.
package email

import (
	"context"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/otp"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
	"edumfa/internal/tokentype/oath"
)

// Tokeninfo of the type.
const (
	infoAddress = "email"
	infoDynamic = "dynamic_email"    // the address is the owner's, whatever it is then
	infoServer  = "email.identifier" // mail server of this token
)

// Messages that programs match on.
const (
	msgPrompt  = "Enter the OTP from the Email:"
	msgNotSent = "The PIN was correct, but the EMail could not be sent!"
	msgVerify  = "Please enter a valid OTP value of the new token."
	msgTested  = "Successfully sent email. Please check your inbox."
)

// counterMark begins what a challenge keeps when several may be open at once:
// the counter of the value that was mailed for it.
const counterMark = "counter "

const validUntil = "2006-01-02 15:04:05.000000"

// Type is the token type email.
type Type struct{}

var (
	_ tokentype.Type              = Type{}
	_ tokentype.Prompter          = Type{}
	_ tokentype.Responder         = Type{}
	_ tokentype.Follower          = Type{}
	_ tokentype.Tester            = Type{}
	_ tokentype.Resyncer          = Type{}
	_ tokentype.Finder            = Type{}
	_ tokentype.EnrolmentVerifier = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "email", Prefix: "PIEM", Title: "EMail Token", Description: "EMail: a one time password by mail.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NativeChallenge: true, Verifiable: true,
		EnrollableBy: []string{"admin", "user"},
	}
}

// Enroll sets the address and a key of the server's own, unless one is given.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if verify, _ := p.Text("verify"); verify == "" {
		if err := takeAddress(t, p); err != nil {
			return tokentype.Enrolled{}, err
		}
		_, key := p.Text("otpkey")
		_, generate := p.Text("genkey")
		if !key && !generate {
			p = generated{p}
		}
	}
	out, err := oath.Enroll(e, t, p, e.Settings.Text("hotp.hashlib", "sha1"))
	if err != nil {
		return out, err
	}
	return out, oath.Describe(ctx, e, t, p, &out, "")
}

func takeAddress(t *token.Token, p tokentype.EnrollParams) error {
	if dynamic, _ := p.Text(infoDynamic); dynamic != "" && dynamic != "0" {
		t.Info[infoDynamic] = token.Info{Value: "True"}
		return nil
	}
	address, ok := p.Text(infoAddress)
	if !ok {
		return mfaerr.NewParameter("Missing parameter: '%s'", infoAddress)
	}
	t.Info[infoAddress] = token.Info{Value: address}
	delete(t.Info, infoDynamic)
	return nil
}

// generated asks for a generated key.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// Verify takes PIN and mailed value at once. Where several challenges may be
// open, such a login ends them all: their values must not be used once more.
func (x Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	m, err := oath.VerifyEvent(e, t, value)
	if err != nil || !m.OK {
		return m, err
	}
	if concurrent(e) {
		m.Changes = append(m.Changes, change.EndChallenges{Serial: t.Serial})
	}
	return x.reserve(e, m)
}

// Respond checks the answer to a challenge.
func (x Type) Respond(ctx context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
	mark, several := strings.CutPrefix(c.Data, counterMark)
	if !several {
		m, err := oath.VerifyEvent(e, t, answer)
		if err != nil || !m.OK {
			return m, err
		}
		return x.reserve(e, m)
	}
	counter, err := strconv.ParseInt(mark, 10, 64)
	if err != nil {
		return tokentype.Match{}, nil
	}
	want, err := value(e, t, counter)
	if err != nil || !otp.Equal(want, answer.Reveal()) {
		return tokentype.Match{}, err
	}
	return x.reserve(e, tokentype.Match{OK: true, Next: max(t.Count, counter+1)})
}

// reserve takes the value that is mailed after a success out of the window.
func (Type) reserve(e *tokentype.Env, m tokentype.Match) (tokentype.Match, error) {
	on, err := e.Rules.On("authentication", "emailautosend")
	if err != nil || !on {
		return m, err
	}
	// the first value of all is followed by the next but one, as it always was
	if m.Next == 1 {
		m.Next = 2
	}
	return m, nil
}

// Follow mails the next value after a success, where the policy wants it.
func (x Type) Follow(ctx context.Context, e *tokentype.Env, t *token.Token, m tokentype.Match) (func(context.Context) error, error) {
	on, err := e.Rules.On("authentication", "emailautosend")
	if err != nil || !on {
		return nil, err
	}
	letter, err := x.compose(ctx, e, t, m.Next)
	if err != nil {
		return nil, err
	}
	job, queued, err := later(ctx, e, t, letter)
	if err != nil {
		return nil, err
	}
	if queued {
		e.Changes.Add(job)
		return nil, nil
	}
	return func(ctx context.Context) error { return send(ctx, e, t, letter) }, nil
}

// Prompt mails the next value. Its counter is stored before it is sent: a value
// is mailed once only.
func (x Type) Prompt(ctx context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	text, ok, err := e.Rules.Text("authentication", "email_challenge_text")
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok || text == "" {
		text = msgPrompt
	}
	valid := time.Duration(e.Settings.Int("email.validtime", 120)) * time.Second
	next := t.Count + 1
	letter, err := x.compose(ctx, e, t, next)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	p := tokentype.Prompt{
		Message: text, Valid: valid, Challenge: requestChallenge(e),
		Attributes: map[string]any{"state": nil, "valid_until": e.Now.In(e.Local).Add(valid).Format(validUntil)},
		Then:       []change.Change{change.MoveCounter{ID: t.ID, Seen: t.Count, Next: next}},
		Send: func(ctx context.Context) (string, error) {
			return msgNotSent, send(ctx, e, t, letter)
		},
	}
	job, queued, err := later(ctx, e, t, letter)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if queued {
		p.Then, p.Send = append(p.Then, job), nil
	}
	if concurrent(e) {
		p.Data = counterMark + strconv.FormatInt(next, 10)
	}
	return p, nil
}

// AskVerification mails the first value of a new token, so that its address is
// proved.
func (x Type) AskVerification(ctx context.Context, e *tokentype.Env, t *token.Token) (map[string]any, error) {
	next := t.Count + 1
	letter, err := x.compose(ctx, e, t, next)
	if err != nil {
		return nil, err
	}
	e.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: next})
	job, queued, err := later(ctx, e, t, letter)
	if err != nil {
		return nil, err
	}
	if queued {
		e.Changes.Add(job)
		return map[string]any{"message": msgVerify}, nil
	}
	if err := e.Flush(ctx); err != nil {
		return nil, err
	}
	if err := send(ctx, e, t, letter); err != nil {
		e.After(func(context.Context) error { return err })
		return map[string]any{"message": msgNotSent}, nil
	}
	return map[string]any{"message": msgVerify}, nil
}

// CheckVerification takes the mailed value.
func (Type) CheckVerification(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	return oath.VerifyEvent(e, t, value)
}

func concurrent(e *tokentype.Env) bool { return e.Settings.Bool("email.concurrent_challenges", false) }

// requestChallenge is a text of the request that may be part of the mail.
func requestChallenge(e *tokentype.Env) string {
	s, _ := e.Params.Text("challenge")
	return s
}

// value is the one-time password of a counter.
func value(e *tokentype.Env, t *token.Token, counter int64) (string, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return "", err
	}
	return otp.HOTP(key, h, counter, t.OTPLen), nil
}

// Resync finds two values in a row.
func (x Type) Resync(ctx context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	return oath.ResyncEvent(e, t, otp1, otp2)
}

// Find looks for the value among the next window counters.
func (x Type) Find(ctx context.Context, e *tokentype.Env, t *token.Token, v secret.String, window int) (tokentype.Match, error) {
	return oath.FindEvent(e, t, v, window)
}
