package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// deliver speaks SMTP with the server. ctx has a deadline.
func (s Sender) deliver(ctx context.Context, at endpoint, server Server, l letter) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", at.address())
	if err != nil {
		return err
	}
	defer conn.Close()
	// Whatever the server does or does not do, reading and writing end with ctx.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	config := &tls.Config{ServerName: at.host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12, InsecureSkipVerify: server.SkipVerify} //nolint:gosec // only if the administrator says so
	stream := conn
	if at.tls {
		secured := tls.Client(conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		stream = secured
	}
	client, err := smtp.NewClient(stream, at.host)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := client.Hello("localhost"); err != nil {
		return fmt.Errorf("EHLO: %w", err)
	}
	if server.TLS && !at.tls {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return errors.New("TLS is required, but the server does not offer STARTTLS")
		}
		if err := client.StartTLS(config); err != nil {
			return fmt.Errorf("STARTTLS: %w", err)
		}
	}
	if server.User != "" {
		if err := login(client, at.host, server); err != nil {
			return fmt.Errorf("login: %w", err)
		}
	}
	return transfer(client, l)
}

// login takes the first of the server's mechanisms that does not show the
// password, and else one that does.
func login(client *smtp.Client, host string, server Server) error {
	ok, offered := client.Extension("AUTH")
	if !ok {
		return errors.New("the server does not offer any")
	}
	mechanisms := strings.Fields(strings.ToUpper(offered))
	password := server.Password.Reveal()
	switch {
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return client.Auth(smtp.CRAMMD5Auth(server.User, password))
	case slices.Contains(mechanisms, "PLAIN"):
		return client.Auth(smtp.PlainAuth("", server.User, password, host, true))
	case slices.Contains(mechanisms, "LOGIN"):
		return client.Auth(smtp.LoginAuth(server.User, password, host, true))
	}
	return fmt.Errorf("the server only offers %s", offered)
}

// transfer hands the mail over for those recipients that the server takes.
func transfer(client *smtp.Client, l letter) error {
	if err := client.Mail(path(l.from)); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	var refused Refused
	for _, to := range l.to {
		if err := client.Rcpt(path(to)); err != nil {
			refused.Recipients, refused.Err = append(refused.Recipients, to), err
			if answer, ok := errors.AsType[*textproto.Error](err); !ok || answer.Code < 500 {
				refused.Later = append(refused.Later, to)
			}
		}
	}
	if len(refused.Recipients) == len(l.to) {
		return &refused
	}
	w, err := client.Data()
	if err != nil {
		return fmt.Errorf("text: %w", err)
	}
	if _, err := w.Write(l.data); err != nil {
		return fmt.Errorf("text: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("text: %w", err)
	}
	_ = client.Quit() // the server has taken the mail: how it says goodbye changes nothing
	if refused.Recipients != nil {
		return &refused
	}
	return nil
}

// path writes an address for the envelope (RFC 5321 §4.1.2). A local part with
// special characters is quoted: otherwise a part of it could pass for another
// recipient.
func path(address string) string {
	if address == "" {
		return "<>"
	}
	return (&mail.Address{Address: address}).String()
}
