package app

import (
	"context"
	"fmt"
	"time"

	"edumfa/internal/mail"
	"edumfa/internal/mfaerr"
	"edumfa/internal/queue"
	"edumfa/internal/secret"
	"edumfa/internal/smtpserver"
	"edumfa/internal/snapshot"
	"edumfa/internal/tokentype"
)

// mailer sends through the mail servers that administrators defined.
type mailer struct {
	lists  *snapshot.Outlets
	keys   keys
	sender mail.Sender
	// queue takes the mails of servers that want it; nil sends all at once.
	queue   *queue.Queue
	outlets outlets
}

// Mail sends as [mailer.Send] does.
func (m mailer) Mail(ctx context.Context, serverID string, message tokentype.Mail) error {
	return m.Send(ctx, serverID, letter(message))
}

// Send sends a mail through the server of that name, or hands it to the queue
// where the server wants that.
func (m mailer) Send(ctx context.Context, serverID string, message mail.Message) error {
	s, err := m.definition(ctx, serverID)
	if err != nil {
		return err
	}
	if s.Enqueue && m.queue != nil {
		j, err := m.job(serverID, message)
		if err != nil {
			return err
		}
		return m.queue.Add(ctx, j)
	}
	server, err := m.server(s)
	if err != nil {
		return err
	}
	return m.now(ctx, server, message)
}

// now sends while somebody waits for it.
func (m mailer) now(ctx context.Context, server mail.Server, message mail.Message) error {
	return m.outlets.try(ctx, fmt.Sprintf("mail server %s:%d", server.Host, server.Port), func(ctx context.Context) error {
		return m.sender.Send(ctx, server, message)
	})
}

func (m mailer) definition(ctx context.Context, serverID string) (smtpserver.Server, error) {
	s, found, err := m.lists.SMTPServer(ctx, serverID)
	if err == nil && !found {
		err = mfaerr.NewConfig("The specified SMTP server configuration does not exist.")
	}
	return s, err
}

func letter(m tokentype.Mail) mail.Message {
	return mail.Message{To: []string{m.To}, Subject: m.Subject, Body: m.Body, HTML: m.HTML}
}

func (m mailer) MailVia(ctx context.Context, s tokentype.MailServer, message tokentype.Mail) error {
	server := mail.Server{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, Sender: s.Sender, TLS: s.TLS, Timeout: s.Timeout}
	return m.sender.Send(ctx, server, letter(message))
}

func (m mailer) server(s smtpserver.Server) (mail.Server, error) {
	out := mail.Server{Host: s.Host, Port: s.Port, User: s.Username, Sender: s.Sender, TLS: s.TLS, Timeout: time.Duration(s.Timeout) * time.Second}
	if s.Password == "" {
		return out, nil
	}
	password, err := m.keys.OpenPassword(s.Password)
	if err != nil {
		return out, err
	}
	out.Password = secret.New(password)
	return out, nil
}
