// Package sms is the token that sends its one-time password as a text message:
// an RFC 4226 token whose key only the server knows. The PIN alone asks for a
// message.
package sms

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
	infoPhone   = "phone"
	infoDynamic = "dynamic_phone"  // the number is the owner's, whatever it is then
	infoGateway = "sms.identifier" // SMS gateway of this token
)

// Messages that programs match on.
const (
	msgPrompt  = "Enter the OTP from the SMS:"
	msgNotSent = "The PIN was correct, but the SMS could not be sent!"
	msgVerify  = "Please enter a valid OTP value of the new token."
	msgNumber  = "Please enter your new phone number!"
)

const (
	defaultValid = 300 // seconds
	validUntil   = "2006-01-02 15:04:05.000000"
	// counterMark begins what a challenge keeps when several may be open at once:
	// the counter of the value that was sent for it.
	counterMark = "counter "
)

// policyText names the words of messages with a value.
const policyText = "smstext"

// Type is the token type sms.
type Type struct{}

var (
	_ tokentype.Type              = Type{}
	_ tokentype.Prompter          = Type{}
	_ tokentype.Responder         = Type{}
	_ tokentype.Follower          = Type{}
	_ tokentype.Resyncer          = Type{}
	_ tokentype.Finder            = Type{}
	_ tokentype.EnrolmentVerifier = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: "sms", Prefix: "PISM", Title: "SMS Token", Description: "SMS: a one time password by text message.",
		ClientMode: tokentype.Interactive, Authenticates: true, Challenges: true, NativeChallenge: true, Verifiable: true,
		EnrollableBy: []string{"admin", "user"},
	}
}

// Enroll sets the number and a key of the server's own, unless one is given.
func (Type) Enroll(ctx context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	if verify, _ := p.Text("verify"); verify == "" {
		if err := takeNumber(t, p); err != nil {
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

func takeNumber(t *token.Token, p tokentype.EnrollParams) error {
	if dynamic, _ := p.Text(infoDynamic); on(dynamic) {
		t.Info[infoDynamic] = token.Info{Value: "True"}
		return nil
	}
	number, ok := p.Text(infoPhone)
	if !ok {
		return mfaerr.NewParameter("Missing parameter: '%s'", infoPhone)
	}
	t.Info[infoPhone] = token.Info{Value: number}
	delete(t.Info, infoDynamic)
	return nil
}

func on(text string) bool { return text != "" && text != "0" && !strings.EqualFold(text, "false") }

// generated asks for a generated key.
type generated struct{ tokentype.EnrollParams }

func (g generated) Bool(name string) bool { return name == "genkey" || g.EnrollParams.Bool(name) }

// Verify takes PIN and value at once. Where several challenges may be open, such
// a login ends them all: their values must not be used once more.
func (x Type) Verify(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
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
func (x Type) Respond(_ context.Context, e *tokentype.Env, t *token.Token, c challenge.Challenge, answer secret.String) (tokentype.Match, error) {
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

// reserve takes the value that is sent after a success out of the window.
func (Type) reserve(e *tokentype.Env, m tokentype.Match) (tokentype.Match, error) {
	on, err := e.Rules.On("authentication", "smsautosend")
	if err != nil || !on {
		return m, err
	}
	// the first value of all is followed by the next but one, as it always was
	if m.Next == 1 {
		m.Next = 2
	}
	return m, nil
}

// Follow sends the next value after a success, where the policy wants it.
// Otherwise gateways that want to know of logins are told.
func (Type) Follow(ctx context.Context, e *tokentype.Env, t *token.Token, m tokentype.Match) (func(context.Context) error, error) {
	on, err := e.Rules.On("authentication", "smsautosend")
	if err != nil {
		return nil, err
	}
	if !on {
		return func(ctx context.Context) error { return postCheck(ctx, e, t, m.Next) }, nil
	}
	text, err := compose(ctx, e, t, m.Next, policyText)
	if err != nil {
		return nil, err
	}
	job, queued, err := later(ctx, e, t, text)
	if err != nil {
		return nil, err
	}
	if queued {
		e.Changes.Add(job)
		return nil, nil
	}
	return func(ctx context.Context) error { return send(ctx, e, t, text) }, nil
}

// postCheck tells the gateway of a login. Its text may hold the next value: the
// service behind such gateways shows it on the user's device.
func postCheck(ctx context.Context, e *tokentype.Env, t *token.Token, next int64) error {
	via, err := gateway(e, t)
	if err != nil {
		return nil // a token without a gateway has nobody to tell
	}
	return e.Texter.PostCheck(ctx, via, recipient(e, t, nil), func(ctx context.Context) (string, error) {
		m, err := compose(ctx, e, t, next, "smspostchecktext")
		return m.text, err
	})
}

// Prompt sends the next value. Its counter is stored before it is sent: a value
// is sent once only.
func (Type) Prompt(ctx context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	text, ok, err := e.Rules.Text("authentication", "sms_challenge_text")
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok || text == "" {
		text = msgPrompt
	}
	valid := time.Duration(e.Settings.Int("sms.providerTimeout", defaultValid)) * time.Second
	next := t.Count + 1
	message, err := compose(ctx, e, t, next, policyText)
	if err != nil {
		return tokentype.Prompt{}, err
	}
	p := tokentype.Prompt{
		Message: text, Valid: valid, Challenge: requestChallenge(e),
		Attributes: map[string]any{"state": nil, "valid_until": e.Now.In(e.Local).Add(valid).Format(validUntil)},
		Then:       []change.Change{change.MoveCounter{ID: t.ID, Seen: t.Count, Next: next}},
		Send:       func(ctx context.Context) (string, error) { return msgNotSent, send(ctx, e, t, message) },
	}
	job, queued, err := later(ctx, e, t, message)
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

// AskVerification sends the first value of a new token, so that its number is
// proved.
func (Type) AskVerification(ctx context.Context, e *tokentype.Env, t *token.Token) (map[string]any, error) {
	next := t.Count + 1
	message, err := compose(ctx, e, t, next, policyText)
	if err != nil {
		return nil, err
	}
	e.Changes.Add(change.MoveCounter{ID: t.ID, Seen: t.Count, Next: next})
	job, queued, err := later(ctx, e, t, message)
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
	if err := send(ctx, e, t, message); err != nil {
		e.After(func(context.Context) error { return err })
		return map[string]any{"message": msgNotSent}, nil
	}
	return map[string]any{"message": msgVerify}, nil
}

// CheckVerification takes the value that was sent.
func (Type) CheckVerification(_ context.Context, e *tokentype.Env, t *token.Token, value secret.String) (tokentype.Match, error) {
	return oath.VerifyEvent(e, t, value)
}

func concurrent(e *tokentype.Env) bool { return e.Settings.Bool("sms.concurrent_challenges", false) }

// value is the one-time password of a counter.
func value(e *tokentype.Env, t *token.Token, counter int64) (string, error) {
	key, h, err := oath.Key(e, t)
	if err != nil {
		return "", err
	}
	return otp.HOTP(key, h, counter, t.OTPLen), nil
}

// Resync finds two values in a row.
func (Type) Resync(_ context.Context, e *tokentype.Env, t *token.Token, otp1, otp2 secret.String) (tokentype.Match, error) {
	return oath.ResyncEvent(e, t, otp1, otp2)
}

// Find looks for the value among the next window counters.
func (Type) Find(_ context.Context, e *tokentype.Env, t *token.Token, v secret.String, window int) (tokentype.Match, error) {
	return oath.FindEvent(e, t, v, window)
}
