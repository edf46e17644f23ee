package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
	"edumfa/internal/smtpserver"
	"edumfa/internal/tokentype"
)

// censored stands for a secret that is there but not shown. Sent back it means
// that the secret stays.
const censored = "__CENSORED__"

type smtpStore interface {
	SMTPServers(ctx context.Context) ([]smtpserver.Server, error)
	SMTPServer(ctx context.Context, identifier string) (smtpserver.Server, error)
	SaveSMTPServer(ctx context.Context, s smtpserver.Server) (id int64, err error)
	DeleteSMTPServer(ctx context.Context, identifier string) (id int64, err error)
}

// smtpList shows the definitions of mail servers, without their passwords.
func (a *API) smtpList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.SMTPServers(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, s := range list {
		// an empty password is stored encrypted, too
		password, err := a.openStored(s.Password)
		if err != nil || password != "" {
			password = censored
		}
		out[s.Identifier] = map[string]any{
			"server": s.Host, "port": s.Port, "username": s.Username, "password": password, "sender": s.Sender, "tls": s.TLS,
			"description": s.Description, "timeout": s.Timeout, "enqueue_job": s.Enqueue,
		}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

func (a *API) openStored(sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	return a.Keys.OpenPassword(sealed)
}

// smtpSet makes a definition or changes what the request names of one.
func (a *API) smtpSet(ctx context.Context, r *Request) (*Answer, error) {
	s, err := a.smtpFromParams(ctx, r, r.Params.TextOr("identifier", ""))
	if err != nil {
		return nil, err
	}
	if password, sent := r.Params.Text("password"); sent && password != censored || s.Password == "" {
		if s.Password, err = a.Keys.SealPassword(password); err != nil {
			return nil, err
		}
	}
	id, err := a.Store.SaveSMTPServer(ctx, s)
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

// smtpFromParams is the stored definition, or a new one, with the request's
// values but for the password.
func (a *API) smtpFromParams(ctx context.Context, r *Request, identifier string) (smtpserver.Server, error) {
	p := r.Params
	s, err := a.Store.SMTPServer(ctx, identifier)
	if errors.Is(err, a.NotFound) {
		s, err = smtpserver.Server{Identifier: identifier, Port: 25, Timeout: 10}, nil
	}
	if err != nil {
		return s, err
	}
	if s.Host, err = p.Required("server"); err != nil {
		return s, err
	}
	if s.Port, err = p.Int("port", s.Port); err != nil {
		return s, err
	}
	if s.Timeout, err = p.Int("timeout", s.Timeout); err != nil {
		return s, err
	}
	s.Username = p.TextOr("username", s.Username)
	s.Sender = p.TextOr("sender", s.Sender)
	s.Description = p.TextOr("description", s.Description)
	s.TLS = p.BoolOr("tls", s.TLS)
	s.Enqueue = p.BoolOr("enqueue_job", s.Enqueue)
	if s.Port < 1 || s.Port > 65535 || s.Timeout < 0 || s.Timeout > 3600 {
		return s, mfaerr.NewParameter("The port or the timeout of the mail server is out of range.")
	}
	return s, nil
}

func (a *API) smtpDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := a.Store.DeleteSMTPServer(ctx, r.Params.TextOr("identifier", ""))
	if errors.Is(err, a.NotFound) {
		return nil, mfaerr.NewNotFound("The requested SMTPServer could not be found.").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	r.Audit.Success = 1
	r.Audit.Info = text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

// smtpTest sends a mail with the values of the request. The stored password is
// only used for the server it is stored for.
func (a *API) smtpTest(ctx context.Context, r *Request) (*Answer, error) {
	identifier, err := r.Params.Required("identifier")
	if err != nil {
		return nil, err
	}
	s, err := a.smtpFromParams(ctx, r, identifier)
	if err != nil {
		return nil, err
	}
	recipient, err := r.Params.Required("recipient")
	if err != nil {
		return nil, err
	}
	password := r.Params.TextOr("password", "")
	if password == censored {
		if password, err = a.storedPassword(ctx, s); err != nil {
			return nil, err
		}
	}
	err = a.Mailer.MailVia(ctx, tokentype.MailServer{Host: s.Host, Port: s.Port, User: s.Username, Password: secret.New(password), Sender: s.Sender,
		TLS: s.TLS, Timeout: time.Duration(s.Timeout) * time.Second},
		tokentype.Mail{To: recipient, Subject: "Test Email from eduMFA", Body: "This mail shows that the mail server " + identifier + " works.\n"})
	if err != nil {
		if mfaerr.Is(err, mfaerr.Request) {
			return nil, err
		}
		return nil, mfaerr.NewConfig("The mail could not be sent: %v", err).WithCause(err)
	}
	r.Audit.Success = 1
	r.Audit.Info = text(identifier)
	return ok(true), nil
}

// storedPassword is the password of the stored definition, if host, port and
// name are still the same: else it could be had by naming one's own server.
func (a *API) storedPassword(ctx context.Context, s smtpserver.Server) (string, error) {
	old, err := a.Store.SMTPServer(ctx, s.Identifier)
	if err != nil && !errors.Is(err, a.NotFound) {
		return "", err
	}
	if err != nil || old.Host != s.Host || old.Port != s.Port || old.Username != s.Username || old.TLS && !s.TLS {
		return "", mfaerr.NewParameter("The stored password is not used for another server: please enter it.")
	}
	return a.openStored(old.Password)
}
