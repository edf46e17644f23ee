package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/radius"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
	"edumfa/internal/store"
	"edumfa/internal/yubicocloud"
)

// servers asks the RADIUS and eduMFA servers that administrators defined. Who does
// not answer is a line in the log.
type servers struct {
	store  *store.DB
	keys   keys
	radius *radius.Client
	remote *remoteserver.Client
	yubico *yubicocloud.Client
	log    *slog.Logger
}

func (s servers) RADIUS(ctx context.Context, identifier string, q radius.Question) (radius.Answer, error) {
	d, err := s.store.RADIUSServer(ctx, identifier)
	if errors.Is(err, store.ErrNotFound) {
		return radius.Answer{}, mfaerr.NewConfig("The specified RADIUSServer configuration does not exist.").WithCause(err)
	}
	if err != nil {
		return radius.Answer{}, err
	}
	shared, err := s.keys.OpenPassword(d.Secret)
	if err != nil {
		return radius.Answer{}, err
	}
	return s.RADIUSAt(ctx, radius.Server{Host: d.Host, Port: d.Port, Secret: secret.New(shared), Timeout: time.Duration(d.Timeout) * time.Second, Tries: d.Retries, NeedSigned: d.EnforceMA}, q)
}

func (s servers) RADIUSAt(ctx context.Context, to radius.Server, q radius.Question) (radius.Answer, error) {
	a, err := s.radius.Ask(ctx, to, q)
	if err != nil {
		s.log.WarnContext(ctx, "a RADIUS server does not answer", "server", to.Host, "error", err)
	}
	return a, err
}

func (s servers) Remote(ctx context.Context, id int64) (remoteserver.Server, error) {
	r, err := s.store.RemoteServerByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return r, mfaerr.NewConfig("The specified eduMFA Server configuration does not exist.").WithCause(err)
	}
	return r, err
}

func (s servers) RemoteLogin(ctx context.Context, to remoteserver.Server, path string, l remoteserver.Login) (remoteserver.Outcome, error) {
	o, err := s.remote.CheckAt(ctx, to, path, l)
	if err != nil {
		s.log.WarnContext(ctx, "another eduMFA server does not answer", "server", to.Identifier, "error", err)
	}
	return o, err
}

func (s servers) Yubico(ctx context.Context, to yubicocloud.Service, otp secret.String) (bool, error) {
	right, err := s.yubico.Check(ctx, to, otp)
	if err != nil {
		s.log.WarnContext(ctx, "a validation server for Yubikeys does not answer", "error", err)
	}
	return right, err
}

// tryRADIUS asks a server that is tried out. What comes of it says nothing about
// the servers that logins ask.
func tryRADIUS(d Deps) func(context.Context, radius.Server, radius.Question) (radius.Answer, error) {
	return func(ctx context.Context, s radius.Server, q radius.Question) (radius.Answer, error) {
		return (&radius.Client{Now: d.Now, Rand: d.Rand}).Ask(ctx, s, q)
	}
}
