// Package tiqr is the token type tiqr: the app of that name scans a question as a
// QR code and answers it by OCRA (RFC 6287) to the server.
package tiqr

import (
	"context"
	"encoding/hex"
	"io"
	"net/url"

	"edumfa/internal/challenge"
	"edumfa/internal/enrolurl"
	"edumfa/internal/mfaerr"
	"edumfa/internal/ocra"
	"edumfa/internal/policy/action"
	"edumfa/internal/qr"
	"edumfa/internal/secret"
	"edumfa/internal/token"
	"edumfa/internal/tokentype"
)

const name = "tiqr"

// Tokeninfo of the type.
const (
	infoSuite   = "ocrasuite"
	infoSession = "session" // until the app has sent its key
)

const (
	defaultSuite   = "OCRA-1:HOTP-SHA1-6:QN10"
	defaultService = "io.edumfa"
	defaultDisplay = "eduMFA"
	defaultInfo    = "https://www.edumfa.io"
	msgPrompt      = "Please scan the QR Code"
	msgNotEnrolled = "The app has not finished the enrolment of the token."
	sessionBytes   = 20
)

// Type is the token type tiqr.
type Type struct{}

var (
	_ tokentype.Type        = Type{}
	_ tokentype.Prompter    = Type{}
	_ tokentype.Responder   = Type{}
	_ tokentype.PlainDevice = Type{}
)

// Info returns the type's facts.
func (Type) Info() tokentype.Info {
	return tokentype.Info{
		Name: name, Prefix: "TiQR", Title: "TiQR Token", Description: "TiQR: a question by QR code.",
		ClientMode: tokentype.Poll, Authenticates: true, Challenges: true, OutOfBand: true, EnrollableBy: []string{"admin", "user"},
	}
}

// Actions are the type's own policy actions: none.
func (Type) Actions() []action.Definition { return nil }

// Enroll waits for the app, which scans the URL and sends its key.
func (Type) Enroll(_ context.Context, e *tokentype.Env, t *token.Token, p tokentype.EnrollParams) (tokentype.Enrolled, error) {
	none := tokentype.Enrolled{}
	if t.Owner == nil {
		return none, mfaerr.NewParameter("Missing parameter: 'user'")
	}
	suite := e.Settings.Text("tiqr.ocrasuite", defaultSuite)
	if _, err := ocra.Parse(suite); err != nil {
		return none, mfaerr.NewConfig("The OCRA suite of the setting tiqr.ocrasuite is not valid: %v.", err)
	}
	if _, err := e.TakeKey(t, p, tokentype.KeyRules{}); err != nil {
		return none, err
	}
	session := make([]byte, sessionBytes)
	if _, err := io.ReadFull(e.Rand, session); err != nil {
		return none, err
	}
	t.Info[infoSuite], t.Info[infoSession] = token.Info{Value: suite}, token.Info{Value: hex.EncodeToString(session)}
	link := "tiqrenroll://" + e.Settings.Text("tiqr.regServer", "") + "?" + enrolment("metadata", t)
	img, err := qr.DataURI(link)
	return tokentype.Enrolled{Detail: map[string]any{
		"tiqrenroll": map[string]any{"description": "URL for TiQR enrollment", "value": link, "img": img},
	}}, err
}

// enrolment are the parameters of a step of the enrolment.
func enrolment(step string, t *token.Token) string {
	return "action=" + step + "&session=" + t.InfoText(infoSession) + "&serial=" + url.QueryEscape(t.Serial)
}

// Verify finds nothing right: the app answers, not the user.
func (Type) Verify(context.Context, *tokentype.Env, *token.Token, secret.String) (tokentype.Match, error) {
	return tokentype.Match{}, nil
}

func suiteOf(t *token.Token) (ocra.Suite, error) {
	text := t.InfoText(infoSuite)
	if text == "" {
		text = defaultSuite
	}
	return ocra.Parse(text)
}

// Prompt shows a question as a QR code.
func (Type) Prompt(_ context.Context, e *tokentype.Env, t *token.Token) (tokentype.Prompt, error) {
	if t.InfoText(infoSession) != "" {
		return tokentype.Prompt{Failed: true, Message: msgNotEnrolled}, nil
	}
	s, err := suiteOf(t)
	if err != nil {
		return tokentype.Prompt{}, mfaerr.NewTokenAdmin("The OCRA suite of token %s is not valid.", t.Serial).WithCause(err)
	}
	p := tokentype.Prompt{Message: msgPrompt, HasImage: true}
	if p.Challenge, err = s.Question(e.Rand); err != nil {
		return p, err
	}
	link := "tiqrauth://" + url.QueryEscape(identifier(e, t)) + "@" + e.Settings.Text("tiqr.serviceIdentifier", defaultService) + "/" + e.Transaction + "/" +
		p.Challenge + "/" + enrolurl.Quote(e.Settings.Text("tiqr.serviceDisplayname", defaultDisplay))
	if p.Image, err = qr.DataURI(link); err != nil {
		return p, err
	}
	p.Attributes = map[string]any{"img": p.Image, "value": link, "poll": true, "hideResponseInput": true}
	return p, nil
}

// identifier is what the app calls the owner.
func identifier(e *tokentype.Env, t *token.Token) string {
	if e.OwnerLogin != "" {
		return e.OwnerLogin + "_" + e.OwnerRealm
	}
	return t.Serial
}

// Respond takes any text: what counts is what the app has said.
func (Type) Respond(_ context.Context, _ *tokentype.Env, t *token.Token, c challenge.Challenge, _ secret.String) (tokentype.Match, error) {
	return tokentype.Match{OK: c.Valid && c.Data != challenge.Declined, Next: t.Count}, nil
}
