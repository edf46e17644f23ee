package app

import (
	"context"
	"slices"

	"edumfa/internal/mfaerr"
	"edumfa/internal/smsprovider"
	"edumfa/internal/smsprovider/firebase"
	"edumfa/internal/store"
	"edumfa/internal/tokentype"
)

// pusher sends through the push gateways that administrators defined.
type pusher struct {
	store  *store.DB
	client *firebase.Client
}

func (p pusher) find(ctx context.Context, gateway string) (smsprovider.Gateway, bool, error) {
	list, err := p.store.SMSGateways(ctx)
	if err != nil {
		return smsprovider.Gateway{}, false, err
	}
	i := slices.IndexFunc(list, func(g smsprovider.Gateway) bool { return g.Name == gateway && g.Module == firebase.Module })
	if i < 0 {
		return smsprovider.Gateway{}, false, nil
	}
	return list[i], true, nil
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
