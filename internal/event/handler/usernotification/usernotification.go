// Package usernotification is the event handler that tells people what happened:
// by mail, by text message, or in a file for a program that prints letters.
package usernotification

import (
	"context"
	"io"
	"strings"
	"time"

	"edumfa/internal/event"
	"edumfa/internal/mail"
	"edumfa/internal/smsprovider"
)

// limit is how long a notification may keep a request waiting. A definition with
// a time of its own, or that must not fail, waits as long as it says.
const limit = 10 * time.Second

// Mailer sends a mail through the mail server of that name.
type Mailer interface {
	Send(ctx context.Context, server string, m mail.Message) error
}

// Texter sends a text message.
type Texter interface {
	Text(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) error
}

// Handler sends and saves notifications.
type Handler struct {
	Mailer Mailer
	Texter Texter
	// Spool is the folder that files are saved in.
	Spool string
	Rand  io.Reader
}

var _ event.Handler = Handler{}

// Info describes the handler; its actions are in the catalog.
func (Handler) Info() event.Info {
	return event.Info{Name: "UserNotification", Positions: []event.Position{event.Post, event.Pre}}
}

// Do sends or saves a notification. That nobody is found to be told is no error.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	switch strings.ToLower(c.Definition.Action) {
	case "sendmail":
		return h.sendMail(ctx, c)
	case "sendsms":
		return h.sendText(ctx, c)
	case "savefile":
		return h.saveFile(ctx, c)
	}
	return nil
}

// nobody notes that there is nobody to be told.
func nobody(ctx context.Context, c event.Call, why string) error {
	c.Log.WarnContext(ctx, "notification is not sent: "+why)
	return nil
}
