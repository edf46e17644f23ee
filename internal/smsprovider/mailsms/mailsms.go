// Package mailsms sends text messages through gateways that take mails.
package mailsms

import (
	"context"
	"errors"

	"edumfa/internal/smsprovider"
)

// Mail sends a mail through a mail server that has a name.
type Mail func(ctx context.Context, server, to, subject, body string) error

// Kind returns the kind.
func Kind(mail Mail) smsprovider.Kind {
	return smsprovider.Kind{
		Module: smsprovider.Prefix + "SmtpSMSProvider.SmtpSMSProvider",
		Parameters: []smsprovider.Parameter{
			{Name: "MAILTO", Required: true, Help: "Address of the gateway; may contain {phone} and {otp}."},
			{Name: "SMTPIDENTIFIER", Required: true, Help: "The mail server to send through.", MailServers: true},
			{Name: "SUBJECT", Help: "Subject, if not the phone number; may contain {phone} and {otp}."},
			{Name: "BODY", Help: "Text, if not the message alone; may contain {phone} and {otp}.", Type: "text"},
			{Name: "REGEXP", Help: smsprovider.RegexpHelp},
		},
		Send: func(ctx context.Context, g smsprovider.Gateway, m smsprovider.Message) error {
			return send(ctx, mail, g, m)
		},
	}
}

func send(ctx context.Context, mail Mail, g smsprovider.Gateway, m smsprovider.Message) error {
	server := g.Options["SMTPIDENTIFIER"]
	if server == "" || g.Options["MAILTO"] == "" {
		return errors.New("the SMS gateway has no mail server or no address")
	}
	m.Phone = g.Phone(m.Phone)
	var own smsprovider.Kind
	var out [3]string
	for i, x := range []struct{ option, def string }{{"MAILTO", ""}, {"SUBJECT", "{phone}"}, {"BODY", "{otp}"}} {
		template, set := g.Options[x.option]
		if !set {
			template = x.def
		}
		var err error
		if out[i], err = own.Fill(template, m); err != nil {
			return err
		}
	}
	return mail(ctx, server, out[0], out[1], out[2])
}
