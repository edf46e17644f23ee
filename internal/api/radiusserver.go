package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/mfaerr"
	"edumfa/internal/radius"
	"edumfa/internal/secret"
)

type radiusStore interface {
	RADIUSServers(ctx context.Context) ([]radius.Definition, error)
	RADIUSServer(ctx context.Context, identifier string) (radius.Definition, error)
	SaveRADIUSServer(ctx context.Context, d radius.Definition) (id int64, err error)
	DeleteRADIUSServer(ctx context.Context, identifier string) (id int64, err error)
}

// codeLongSecret says that a shared secret does not fit into its column.
const codeLongSecret = 2234

// radiusList shows the definitions of RADIUS servers, without their secrets.
func (a *API) radiusList(ctx context.Context, r *Request) (*Answer, error) {
	list, err := a.Store.RADIUSServers(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, d := range list {
		out[d.Identifier] = map[string]any{"server": d.Host, "port": d.Port, "dictionary": d.Dictionary, "description": d.Description,
			"timeout": d.Timeout, "retries": d.Retries, "enforce_ma": d.EnforceMA}
	}
	r.Audit.Success = 1
	return ok(out), nil
}

// radiusSet makes a definition or changes what the request names of one.
func (a *API) radiusSet(ctx context.Context, r *Request) (*Answer, error) {
	d, plain, err := a.radiusFromParams(ctx, r, definitionName(r))
	if err != nil {
		return nil, err
	}
	if plain != censored || d.Secret == "" {
		if d.Secret, err = a.Keys.SealPassword(plain); err != nil {
			return nil, err
		}
	}
	if len(d.Secret) > 255 {
		return nil, mfaerr.NewRequest(codeLongSecret, "The RADIUS secret is too long")
	}
	id, err := a.Store.SaveRADIUSServer(ctx, d)
	if err != nil {
		return nil, err
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

// radiusFromParams is the stored definition, or a new one, with the request's
// values but for the shared secret, which is returned as it was sent.
func (a *API) radiusFromParams(ctx context.Context, r *Request, identifier string) (d radius.Definition, plain string, err error) {
	p := r.Params
	d, err = a.Store.RADIUSServer(ctx, identifier)
	if errors.Is(err, a.NotFound) {
		d, err = radius.Definition{Identifier: identifier, Port: radius.DefaultPort, Dictionary: radius.DefaultDictionary,
			Timeout: int(radius.DefaultTimeout.Seconds()), Retries: radius.DefaultTries}, nil
	}
	if err != nil {
		return d, "", err
	}
	if d.Host, err = p.Required("server"); err != nil {
		return d, "", err
	}
	if plain, err = p.Required("secret"); err != nil {
		return d, "", err
	}
	for _, n := range []struct {
		name        string
		value       *int
		least, most int
	}{{"port", &d.Port, 1, 65535}, {"timeout", &d.Timeout, 0, 300}, {"retries", &d.Retries, 0, 20}} {
		if *n.value, err = p.Int(n.name, *n.value); err != nil {
			return d, "", err
		}
		if *n.value < n.least || *n.value > n.most {
			return d, "", mfaerr.NewParameter("Parameter '%s' must be between %d and %d.", n.name, n.least, n.most)
		}
	}
	d.EnforceMA = p.BoolOr("enforce_ma", d.EnforceMA)
	d.Description = p.TextOr("description", d.Description)
	d.Dictionary = p.TextOr("dictionary", d.Dictionary)
	return d, plain, errors.Join(fits("identifier", d.Identifier, 255), fits("server", d.Host, 255), fits("dictionary", d.Dictionary, 255), fits("description", d.Description, 2000))
}

func (a *API) radiusDelete(ctx context.Context, r *Request) (*Answer, error) {
	id, err := a.Store.DeleteRADIUSServer(ctx, r.Params.TextOr("identifier", ""))
	if err != nil {
		return nil, a.missing(err, "The requested RADIUSServer could not be found.")
	}
	r.Audit.Success, r.Audit.Info = 1, text(strconv.FormatInt(id, 10))
	return ok(true), nil
}

// radiusTest asks a server with the values of the request for a login. The stored
// secret is only used for the server it is stored for.
func (a *API) radiusTest(ctx context.Context, r *Request) (*Answer, error) {
	identifier, err := r.Params.Required("identifier")
	if err != nil {
		return nil, err
	}
	d, plain, err := a.radiusFromParams(ctx, r, identifier)
	if err != nil {
		return nil, err
	}
	if plain == censored {
		if plain, err = a.storedRADIUSSecret(ctx, d); err != nil {
			return nil, err
		}
	}
	q := radius.Question{NASIdentifier: a.env(ctx, r, nil, r.User).NASIdentifier()}
	if q.User, err = r.Params.Required("username"); err != nil {
		return nil, err
	}
	password, err := r.Params.Required("password")
	if err != nil {
		return nil, err
	}
	q.Password = secret.New(password)
	answer, err := a.RADIUS(ctx, radius.Server{Host: d.Host, Port: d.Port, Secret: secret.New(plain), Timeout: time.Duration(d.Timeout) * time.Second, Tries: d.Retries, NeedSigned: d.EnforceMA}, q)
	switch {
	case errors.Is(err, radius.ErrPassword), errors.Is(err, radius.ErrUser), errors.Is(err, radius.ErrValue):
		return nil, mfaerr.NewParameter("%v.", err)
	case errors.Is(err, radius.ErrNoAnswer), errors.Is(err, breaker.ErrOpen):
		a.Log.WarnContext(ctx, "the RADIUS server that is tried out does not answer", "server", d.Host, "error", err)
	case err != nil:
		return nil, mfaerr.NewConfig("The server could not be asked: %v", err).WithCause(err)
	}
	right := err == nil && answer.Code == radius.Accept
	r.Audit.Info = text(identifier)
	if right {
		r.Audit.Success = 1
	}
	return ok(right), nil
}

// storedRADIUSSecret is the secret of the stored definition, if host and port are
// still the same: else it could be found out with one's own server.
func (a *API) storedRADIUSSecret(ctx context.Context, d radius.Definition) (string, error) {
	old, err := a.Store.RADIUSServer(ctx, d.Identifier)
	if err != nil && !errors.Is(err, a.NotFound) {
		return "", err
	}
	if err != nil || old.Host != d.Host || old.Port != d.Port {
		return "", mfaerr.NewParameter("The stored secret is not used for another server: please enter it.")
	}
	return a.openStored(old.Secret)
}
