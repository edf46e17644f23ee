package app

import (
	"context"
	"slices"

	"edumfa/internal/change"
	"edumfa/internal/mfaerr"
	"edumfa/internal/queue"
	"edumfa/internal/smsprovider"
	"edumfa/internal/store"
	"edumfa/internal/tokentype"
)

// texter sends through the SMS gateways that administrators defined.
type texter struct {
	store *store.DB
	kinds []smsprovider.Kind
	// queue takes the messages of gateways; nil sends all at once.
	queue *queue.Queue
}

// Text sends, or hands the message to the queue.
func (t texter) Text(ctx context.Context, gateway, phone, message string) error {
	job, later, err := t.TextLater(ctx, gateway, phone, message)
	if err != nil {
		return err
	}
	if j, is := job.(change.Enqueue); later && is {
		return t.queue.Add(ctx, j.Job)
	}
	return t.textNow(ctx, gateway, phone, message)
}

func (t texter) textNow(ctx context.Context, gateway, phone, message string) error {
	list, err := t.store.SMSGateways(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(g smsprovider.Gateway) bool { return g.Name == gateway })
	if i < 0 {
		return mfaerr.NewConfig("The SMS gateway %s does not exist.", gateway)
	}
	return t.send(ctx, list[i], phone, message)
}

func (t texter) TextVia(ctx context.Context, module string, options map[string]string, phone, message string) error {
	return t.send(ctx, smsprovider.Gateway{Module: module, Options: options}, phone, message)
}

func (t texter) send(ctx context.Context, g smsprovider.Gateway, phone, message string) error {
	for _, k := range t.kinds {
		if k.Module == g.Module {
			return k.Send(ctx, g, smsprovider.Message{Phone: phone, Text: message})
		}
	}
	return mfaerr.NewConfig("The SMS provider %s is not known.", g.Module)
}

// mailText sends a mail for SMS gateways that take mails.
func (m mailer) mailText(ctx context.Context, server, to, subject, body string) error {
	return m.Mail(ctx, server, tokentype.Mail{To: to, Subject: subject, Body: body})
}
