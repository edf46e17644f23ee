// Package push is the token type edupush, and its older relative push: an app on
// a smartphone shows a question and signs the answer. The app is told of questions
// by a push service or asks for them.
package push

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/challenge"
	"edumfa/internal/change"
	"edumfa/internal/field"
	"edumfa/internal/pushapp"
	"edumfa/internal/randtext"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

// Tokeninfo of the types; the name of the gateway is kept as <type>_firebase_configuration.
const (
	infoCredential = "enrollment_credential" // for the second step, once
	infoAddress    = "firebase_token"        // of the app at the push service
	infoPhoneKey   = "public_key_smartphone"
	infoPublicKey  = "public_key_server"
	infoPrivateKey = "private_key_server"
	infoPolling    = "polling_allowed"
)

// Policy actions begin with the name of the type.
const (
	actGateway = "_firebase_configuration"
	actURL     = "_registration_url"
	actTTL     = "_ttl"
	actTLS     = "_ssl_verify"
	actAppPIN  = "_force_app_pin"
	actText    = "_text_on_mobile"
	actTitle   = "_title_on_mobile"
	actWait    = "_wait"
	actPolling = "_allow_polling"
)

// pollOnly is the gateway of tokens that no push service tells of questions.
const pollOnly = "poll only"

// Texts that programs match on, and defaults.
const (
	msgConfirm = "Please confirm the authentication on your mobile device!"
	msgFailed  = " The push service could not be reached: please let the app look for questions."
	msgScan    = "Please scan the QR code!"
	question   = "Do you want to confirm the login?"
	title      = "eduMFA"
	defaultTTL = "10" // minutes
)

// longestWait bounds how long a login waits.
const longestWait = 2 * time.Minute

// numberTag stands in texts for the number that page and phone show.
const numberTag = "{number}"

// Type is one of the two types.
type Type struct {
	name, prefix, title, description string
	scheme                           string // of the URL that is scanned
}

// Current is the type edupush.
func Current() Type {
	return Type{name: "edupush", prefix: "EDUP", title: "PUSH Token", description: "PUSH: a question on a smartphone.", scheme: "edumfa-push://edumfa"}
}

// Legacy is the type push, for apps of older programs.
func Legacy() Type {
	return Type{name: "push", prefix: "PIPU", title: "Legacy PUSH Token", description: "Legacy PUSH: a question on a smartphone.", scheme: "otpauth://pipush"}
}

var (
	_ tokentype.Type          = Type{}
	_ tokentype.Chooser       = Type{}
	_ tokentype.Chooses       = Type{}
	_ tokentype.Splitter      = Type{}
	_ tokentype.Prompter      = Type{}
	_ tokentype.Responder     = Type{}
	_ tokentype.Confirmer     = Type{}
	_ tokentype.Device        = Type{}
	_ tokentype.LoginEnroller = Type{}
	_ tokentype.InfoViewer    = Type{}
)

// Info returns the type's facts.
func (x Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: x.name, Prefix: x.prefix, Title: x.title, Description: x.description,
		ClientMode: tokentype.Poll, Authenticates: true, Challenges: true, NativeChallenge: true, OutOfBand: true,
		EnrollableBy: []string{"admin", "user"},
	}
}

// ViewInfo hides the server's key, although it is encrypted.
func (Type) ViewInfo(info map[string]any) {
	if _, has := info[infoPrivateKey]; has {
		info[infoPrivateKey] = field.Censored
	}
}

// EnrolAtLogin shows the QR code; the phone finishes the enrolment.
func (Type) EnrolAtLogin() tokentype.LoginEnrolment {
	return tokentype.LoginEnrolment{Params: map[string]any{"genkey": "1"}, Message: msgScan, Image: "pushurl"}
}

// Applies leaves out tokens that are switched off or not enrolled yet.
func (Type) Applies(_ *tokentype.Env, t *token.Token) bool { return t.Active }

// Split takes all as the PIN: there is no value to be typed.
func (Type) Split(_ *tokentype.Env, _ *token.Token, pass string) (pin, otp string, ok bool) {
	return pass, "", true
}

// Waits is how long a login waits, by policy.
func (x Type) Waits(e *tokentype.Env, _ *token.Token) (time.Duration, error) {
	if !e.MayWait {
		return 0, nil
	}
	v, ok, err := e.Rules.Word("authentication", x.name+actWait)
	if err != nil || !ok {
		return 0, err
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || seconds <= 0 {
		return 0, nil
	}
	return min(time.Duration(seconds)*time.Second, longestWait), nil
}

// Verify asks the phone and waits, where the policy says so.
func (x Type) Verify(ctx context.Context, e *tokentype.Env, t *token.Token, _ secret.String) (tokentype.Match, error) {
	m := tokentype.Match{Next: t.Count}
	wait, err := x.Waits(e, t)
	if err != nil || wait == 0 || !e.Usable(t) {
		return m, err
	}
	p, err := x.Prompt(ctx, e, t)
	if err != nil {
		return m, err
	}
	id, err := randtext.TransactionID(e.Rand)
	if err != nil {
		return m, err
	}
	now := e.Now.UTC()
	e.Changes.Add(change.NewChallenge{Challenge: challenge.Challenge{TransactionID: id, Serial: t.Serial, Challenge: p.Challenge, Data: p.Data,
		Timestamp: now, Expiration: now.Add(max(wait, e.Settings.ChallengeValidity(x.name)))}})
	if err := e.Flush(ctx); err != nil {
		return m, err
	}
	if p.Send != nil {
		_, _ = p.Send(ctx) // the app may still look for the question
	}
	m.OK, err = answered(ctx, e, t.Serial, id, wait)
	// whatever came, nobody can use the transaction any more
	m.Changes = []change.Change{change.EndTransaction{TransactionID: id}}
	return m, err
}

// pollEvery is how often a waiting login looks for the answer.
const pollEvery = 500 * time.Millisecond

// answered waits until the transaction is confirmed or declined.
func answered(ctx context.Context, e *tokentype.Env, serial, id string, wait time.Duration) (bool, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-waiting.Done():
		case <-tick.C:
		}
		rows, err := e.Challenges(ctx, serial, id)
		if err != nil {
			return false, err
		}
		for _, c := range rows {
			if c.Data == challenge.Declined {
				return false, nil
			}
			if c.Valid {
				return true, nil
			}
		}
		if len(rows) == 0 || waiting.Err() != nil {
			return false, ctx.Err()
		}
	}
}

// Prompt asks the phone.
func (x Type) Prompt(ctx context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	nonce := make([]byte, 20)
	if _, err := io.ReadFull(e.Rand, nonce); err != nil {
		return tokentype.Prompt{}, err
	}
	message, ok, err := e.Rules.Text("authentication", "challenge_text")
	if err != nil {
		return tokentype.Prompt{}, err
	}
	if !ok || message == "" {
		message = msgConfirm
	}
	p := tokentype.Prompt{Attributes: map[string]any{"hideResponseInput": true}, Challenge: base32.StdEncoding.EncodeToString(nonce)}
	p.Message = strings.ReplaceAll(message, numberTag, pushapp.Number(p.Challenge))
	gateway := t.InfoText(x.name + actGateway)
	if gateway == pollOnly {
		return p, nil
	}
	if p.Stays, err = x.mayPoll(e, t); err != nil {
		return p, err
	}
	q, err := x.question(e, t, p.Challenge)
	if err != nil {
		return p, err
	}
	address := t.InfoText(infoAddress)
	p.Send = func(ctx context.Context) (string, error) {
		return p.Message + msgFailed, e.Pusher.Push(ctx, gateway, address, tokentype.Notification{Title: q.Title, Body: q.Question, Data: q.Fields()})
	}
	return p, nil
}

// question is what the phone shows for a nonce, signed.
func (x Type) question(e *tokentype.Env, t *token.Token, nonce string) (pushapp.Question, error) {
	q := pushapp.Question{Nonce: nonce, Serial: t.Serial, Question: question, Title: title, SSLVerify: "1"}
	for _, p := range []struct {
		scope, name string
		into        *string
	}{{"enrollment", actURL, &q.URL}, {"authentication", actText, &q.Question}, {"authentication", actTitle, &q.Title}, {"authentication", actTLS, &q.SSLVerify}} {
		v, ok, err := e.Rules.Text(p.scope, x.name+p.name)
		if err != nil {
			return q, err
		}
		if ok && v != "" {
			*p.into = v
		}
	}
	if q.SSLVerify != "0" {
		q.SSLVerify = "1"
	}
	q.Question = strings.ReplaceAll(q.Question, numberTag, pushapp.Number(nonce))
	text, err := e.Keys.OpenPassword(t.InfoText(infoPrivateKey))
	if err != nil {
		return q, err
	}
	key, err := pushapp.ParseServerKey(text)
	if err != nil {
		return q, err
	}
	return q.Sign(key)
}

// mayPoll reports whether the app may ask for questions.
func (x Type) mayPoll(e *tokentype.Env, t *token.Token) (bool, error) {
	v, ok, err := e.Rules.Word("authentication", x.name+actPolling)
	if err != nil || !ok {
		return err == nil, err
	}
	switch v {
	case "deny":
		return false, nil
	case "token":
		own := strings.ToLower(t.InfoText(infoPolling))
		return own == "" || own == "1" || own == "true", nil
	}
	return true, nil
}

// Respond takes any text: what counts is what the phone has said.
func (Type) Respond(_ context.Context, _ *tokentype.Env, t *token.Token, c challenge.Challenge, _ secret.String) (tokentype.Match, error) {
	return tokentype.Match{OK: c.Valid && c.Data != challenge.Declined, Next: t.Count}, nil
}

func newCredential(rand io.Reader) (string, error) {
	b := make([]byte, 20)
	_, err := io.ReadFull(rand, b)
	return hex.EncodeToString(b), err
}
