package app

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/queue"
	"edumfa/internal/smsprovider"
	"edumfa/internal/snapshot"
	"edumfa/internal/tokentype"
)

// texter sends through the SMS gateways that administrators defined.
type texter struct {
	lists *snapshot.Outlets
	kinds []smsprovider.Kind
	// queue takes the messages of gateways; nil sends all at once.
	queue   *queue.Queue
	outlets outlets
}

// Text sends, or hands the message to the queue.
func (t texter) Text(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) error {
	p, err := t.parcel(ctx, via, to, text)
	if err != nil {
		return err
	}
	return t.pass(ctx, p)
}

func (t texter) PostCheck(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text func(context.Context) (string, error)) error {
	g, k, err := t.find(ctx, via)
	if err != nil || k.PostCheck == nil || !k.PostCheck(g) {
		return err
	}
	words, err := text(ctx)
	if err != nil {
		return err
	}
	m, err := k.Address(g, to, words)
	if err != nil {
		return err
	}
	m.PostCheck = true
	return t.pass(ctx, parcel{g, k, m})
}

// parcel is a message with its way.
type parcel struct {
	gateway smsprovider.Gateway
	kind    smsprovider.Kind
	message smsprovider.Message
}

func (t texter) parcel(ctx context.Context, via smsprovider.Via, to smsprovider.Recipient, text string) (parcel, error) {
	g, k, err := t.find(ctx, via)
	if err != nil {
		return parcel{}, err
	}
	m, err := k.Address(g, to, text)
	return parcel{g, k, m}, err
}

func (t texter) pass(ctx context.Context, p parcel) error {
	if !t.queued(p) {
		return t.outlets.try(ctx, "SMS gateway "+p.gateway.Name+" ("+p.gateway.Module+")", p.send)
	}
	j, err := t.job(p)
	if err != nil {
		return err
	}
	return t.queue.Add(ctx, j)
}

func (p parcel) send(ctx context.Context) error { return p.kind.Send(ctx, p.gateway, p.message) }

// queued reports whether the message waits in the queue: it is for gateways that
// have a name, by which they are found when it is sent.
func (t texter) queued(p parcel) bool { return t.queue != nil && p.gateway.Name != "" }

func (t texter) find(ctx context.Context, via smsprovider.Via) (smsprovider.Gateway, smsprovider.Kind, error) {
	g := smsprovider.Gateway{Module: via.Module, Options: via.Options}
	if via.Gateway != "" {
		named, found, err := t.lists.SMSGateway(ctx, via.Gateway)
		if err != nil {
			return g, smsprovider.Kind{}, err
		}
		if !found {
			return g, smsprovider.Kind{}, mfaerr.NewConfig("The SMS gateway %s does not exist.", via.Gateway)
		}
		g = named
	}
	for _, k := range t.kinds {
		if k.Module == g.Module {
			return g, k, nil
		}
	}
	return g, smsprovider.Kind{}, mfaerr.NewConfig("The SMS provider %s is not known.", g.Module)
}

// mailText sends a mail for SMS gateways that take mails.
func (m mailer) mailText(ctx context.Context, server, to, subject, body string) error {
	return m.Mail(ctx, server, tokentype.Mail{To: to, Subject: subject, Body: body})
}
