// Package scim finds users in a SCIM service (core schema 1.0, RFC 7643) that
// grants access by OAuth client credentials (RFC 6749 §4.4). The service has no
// passwords. As in the field, the user name is also the id of a user, and every
// name is a user's.
package scim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/field"
	"edumfa/internal/outhttp"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

const (
	// timeout is for one request.
	timeout = 10 * time.Second
	// failures in a row, then pause without requests.
	failures = 3
	pause    = 10 * time.Second
	// mostUsers bounds a list, mostPages how often one asks for more of it.
	mostUsers = 10000
	mostPages = 100
	// early is how long before its end an access token is not used any more.
	early = 10 * time.Second
)

// Kind is the kind "scimresolver".
func Kind() resolver.Kind {
	return resolver.Kind{
		Name: "scimresolver",
		Fields: []field.Field{
			{Name: "Authserver", Type: "string", Required: true, Help: "Address of the server that gives access: https://auth.example"},
			{Name: "Resourceserver", Type: "string", Required: true, Help: "Address of the service, without /Users: https://scim.example/v1"},
			{Name: "Client", Type: "string", Required: true, Help: "Name of this client"},
			{Name: "Secret", Type: "password", Required: true, Help: "Secret of this client"},
			{Name: "Mapping", Type: "string", Help: "Not used: the attributes are those of the core schema"},
		},
		New: func(_ context.Context, _ string, v field.Values, d resolver.Deps) (resolver.Resolver, error) {
			return open(v, d)
		},
		Test: func(ctx context.Context, v field.Values, d resolver.Deps) (bool, string) {
			u, err := open(v, d)
			if err != nil {
				return false, err.Error()
			}
			p, err := u.page(ctx, 1)
			if err != nil {
				return false, "failed to retrieve users: " + err.Error()
			}
			return true, fmt.Sprintf("Found %d users", p.Total)
		},
	}
}

// users is one instance.
type users struct {
	auth, service string
	client        string
	secret        secret.String
	breaker       *breaker.Breaker
	now           func() time.Time
	http          outhttp.Client

	mu     sync.Mutex
	access string
	until  time.Time // zero: until it is refused
}

var (
	_ resolver.Resolver  = (*users)(nil)
	_ resolver.BatchByID = (*users)(nil)
)

func open(v field.Values, d resolver.Deps) (*users, error) {
	u := &users{client: v["Client"], secret: v.Secret("Secret"), now: d.Now,
		breaker: breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: d.Now})}
	for name, dst := range map[string]*string{"Authserver": &u.auth, "Resourceserver": &u.service} {
		*dst = strings.TrimRight(v.String(name, ""), "/")
		at, err := url.Parse(*dst)
		if err != nil || at.Host == "" {
			return nil, fmt.Errorf("option %s is no address", name)
		}
	}
	return u, nil
}

// ByLogin takes every name: the service is asked for attributes only, so that a
// login does not depend on it.
func (u *users) ByLogin(_ context.Context, login string) (resolver.User, error) {
	return resolver.User{ID: login, Login: login}, nil
}

// ManyByID is for names in lists: ids are names.
func (u *users) ManyByID(_ context.Context, ids []string) (map[string]resolver.User, error) {
	out := make(map[string]resolver.User, len(ids))
	for _, id := range ids {
		out[id] = resolver.User{ID: id, Login: id}
	}
	return out, nil
}

// ByID asks the service.
func (u *users) ByID(ctx context.Context, id string) (resolver.User, error) {
	if id == "" || id == "." || id == ".." {
		return resolver.User{}, resolver.ErrNoUser // of another path
	}
	var p person
	if err := u.get(ctx, "/Users/"+url.PathEscape(id), &p); err != nil {
		return resolver.User{}, err
	}
	return resolver.User{ID: id, Login: id, Attributes: p.attributes()}, nil
}

// Search reads all pages of the list and leaves out who does not fit.
func (u *users) Search(ctx context.Context, q resolver.Query) ([]resolver.User, error) {
	var out []resolver.User
	for start, pages := 1, 0; pages < mostPages; pages++ {
		p, err := u.page(ctx, start)
		if err != nil {
			return nil, err
		}
		for _, x := range p.Resources {
			if a := x.attributes(); fits(a, q) && x.UserName != "" {
				out = append(out, resolver.User{ID: x.UserName, Login: x.UserName, Attributes: a})
			}
		}
		start += len(p.Resources)
		if len(p.Resources) == 0 || start > p.Total || start > mostUsers {
			break
		}
	}
	return out, nil
}

// CheckPassword is never right: the service has no passwords.
func (u *users) CheckPassword(context.Context, string, secret.String) (bool, error) {
	return false, nil
}

// Close has nothing to free.
func (u *users) Close() error {
	u.http.Close()
	return nil
}

// page is a part of the list (RFC 7644 §3.4.2.4).
type page struct {
	Total     int      `json:"totalResults"`
	Resources []person `json:"Resources"`
}

func (u *users) page(ctx context.Context, start int) (page, error) {
	path := "/Users"
	if start > 1 {
		path += "?startIndex=" + strconv.Itoa(start)
	}
	var p page
	return p, u.get(ctx, path, &p)
}

var errRefused = errors.New("the service refuses access")

// get asks the service, with a new access token when it refuses the old one.
func (u *users) get(ctx context.Context, path string, into any) error {
	err := u.breaker.Do(ctx, 2*timeout, func(ctx context.Context) error {
		access, fresh, err := u.token(ctx)
		if err != nil {
			return err
		}
		err = u.once(ctx, path, access, into)
		if errors.Is(err, errRefused) && !fresh {
			u.forget(access)
			if access, _, err = u.token(ctx); err == nil {
				err = u.once(ctx, path, access, into)
			}
		}
		if errors.Is(err, resolver.ErrNoUser) {
			into, err = nil, nil
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	case into == nil:
		return resolver.ErrNoUser
	}
	return nil
}

func (u *users) once(ctx context.Context, path, access string, into any) error {
	res, err := u.http.Do(ctx, outhttp.Request{Method: "GET", URL: u.service + path, SameHost: true, Timeout: timeout,
		Header: map[string]string{"Authorization": "Bearer " + access, "Accept": "application/json", "Content-Type": "application/json"}})
	switch {
	case err != nil:
		return err
	case res.Status == 404 && strings.HasPrefix(path, "/Users/"):
		return resolver.ErrNoUser
	case res.Status == 401 || res.Status == 403:
		return errRefused
	case res.Status != 200:
		return fmt.Errorf("the service answers with status %d", res.Status)
	}
	if err := json.Unmarshal(res.Body, into); err != nil {
		return errors.New("the service does not answer with SCIM")
	}
	return nil
}

// token is an access token; fresh, if it was got just now.
func (u *users) token(ctx context.Context) (access string, fresh bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.access != "" && (u.until.IsZero() || u.now().Before(u.until)) {
		return u.access, false, nil
	}
	res, err := u.http.Do(ctx, outhttp.Request{Method: "GET", URL: u.auth + "/oauth/token?grant_type=client_credentials",
		User: u.client, Password: u.secret, HasLogin: true, SameHost: true, Timeout: timeout})
	if err != nil {
		return "", false, err
	}
	if res.Status != 200 {
		return "", false, fmt.Errorf("could not get an access token: status %d", res.Status)
	}
	var t struct {
		Access  string  `json:"access_token"`
		Seconds float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(res.Body, &t); err != nil || t.Access == "" {
		return "", false, errors.New("could not get an access token: there is none in the answer")
	}
	u.access, u.until = t.Access, time.Time{}
	if t.Seconds > 0 && t.Seconds < 1e9 {
		u.until = u.now().Add(time.Duration(t.Seconds)*time.Second - early)
	}
	return u.access, true, nil
}

func (u *users) forget(access string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.access == access {
		u.access = ""
	}
}
