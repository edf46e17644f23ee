package api

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"edumfa/internal/mfaerr"
	"edumfa/internal/remoteserver"
	"edumfa/internal/secret"
)

type remoteStore interface {
	RemoteServers(ctx context.Context) ([]remoteserver.Server, error)
	RemoteServer(ctx context.Context, identifier string) (remoteserver.Server, error)
	SaveRemoteServer(ctx context.Context, s remoteserver.Server) (id int64, err error)
	DeleteRemoteServer(ctx context.Context, identifier string) (id int64, err error)
}

// remoteList shows the definitions of other eduMFA servers.
func (a *API) remoteList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.RemoteServers(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, s := range list {
		out[s.Identifier] = map[string]any{"id": s.ID, "url": s.URL, "tls": s.TLS, "description": s.Description}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// definitionName is the name of a definition as it is kept: blanks are
// underscores.
func definitionName(r *Request) string {
	return strings.ReplaceAll(r.Params.TextOr("identifier", ""), " ", "_")
}

// fits refuses texts that are longer than their columns.
func fits(name, value string, most int) error {
	if utf8.RuneCountInString(value) > most {
		return mfaerr.NewParameter("Parameter '%s' has %d characters at most.", name, most)
	}
	return nil
}

// remoteSet makes a definition or changes what the request names of one.
func (a *API) remoteSet(ctx context.Context, r *Request) (*Answer, error) {
	name := definitionName(r)
	s, err := a.Store.RemoteServer(ctx, name)
	if errors.Is(err, a.NotFound) {
		s, err = remoteserver.Server{Identifier: name, TLS: true}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := remoteFromParams(r, &s); err != nil {
		return nil, err
	}
	id, err := a.Store.SaveRemoteServer(ctx, s)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

func remoteFromParams(r *Request, s *remoteserver.Server) error {
	var err error
	if s.URL, err = r.Params.Required("url"); err != nil {
		return err
	}
	s.TLS = r.Params.BoolOr("tls", s.TLS)
	s.Description = r.Params.TextOr("description", s.Description)
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return mfaerr.NewParameter("Parameter 'url' must be an address that begins with https:// or http://.")
	}
	return errors.Join(fits("identifier", s.Identifier, 255), fits("url", s.URL, 255), fits("description", s.Description, 2000))
}

func (a *API) remoteDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := a.Store.DeleteRemoteServer(ctx, r.Params.TextOr("identifier", ""))
	if err != nil {
		return nil, a.missing(err, "The requested eduMFAServer could not be found.")
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

// remoteTest asks a server for a login, with the values of the request.
func (a *API) remoteTest(ctx context.Context, r *Request) (*Answer, error) {
	identifier, err := r.Params.Required("identifier")
	if err != nil {
		return nil, err
	}
	s := remoteserver.Server{Identifier: identifier, TLS: true}
	if err := remoteFromParams(r, &s); err != nil {
		return nil, err
	}
	user, err := r.Params.Required("username")
	if err != nil {
		return nil, err
	}
	password, err := r.Params.Required("password")
	if err != nil {
		return nil, err
	}
	o, err := a.Remote.Check(ctx, s, remoteserver.Login{User: user, Pass: secret.New(password)})
	if err != nil {
		return nil, mfaerr.NewConfig("The server could not be asked: %v", err).WithCause(err)
	}
	r.Audit.Info = text(identifier)
	if o.OK {
		r.Audit.Success = 1
	}
	return ok(o.OK), nil
}
