package app

import (
	"context"

	"edumfa/internal/mfaerr"
	"edumfa/internal/smsprovider"
	"edumfa/internal/smsprovider/firebase"
	"edumfa/internal/snapshot"
	"edumfa/internal/tokentype"
)

// pusher sends through the push gateways that administrators defined.
type pusher struct {
	lists  *snapshot.Outlets
	client *firebase.Client
}

func (p pusher) find(ctx context.Context, gateway string) (smsprovider.Gateway, bool, error) {
	g, found, err := p.lists.SMSGateway(ctx, gateway)
	if err != nil || !found || g.Module != firebase.Module {
		return smsprovider.Gateway{}, false, err
	}
	return g, true, nil
}

func (p pusher) Known(ctx context.Context, gateway string) (bool, error) {
	_, known, err := p.find(ctx, gateway)
	return known, err
}

func (p pusher) Push(ctx context.Context, gateway, address string, n tokentype.Notification) error {
	g, known, err := p.find(ctx, gateway)
	if err != nil {
		return err
	}
	if !known {
		return mfaerr.NewConfig("The push gateway %s does not exist.", gateway)
	}
	return p.client.Send(ctx, g, firebase.Message{Address: address, Title: n.Title, Body: n.Body, Data: n.Data})
}
