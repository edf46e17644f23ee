// Package httpusers reads what is known of a user from a web service: one request
// per user, the answer of which is JSON. The service has no list of users and no
// passwords; every login name is a user's.
package httpusers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
)

// Kind is the kind "httpresolver".
func Kind() resolver.Kind {
	return resolver.Kind{
		Name: "httpresolver",
		Fields: []field.Field{
			{Name: "endpoint", Type: "string", Required: true, Help: "Address of the service"},
			{Name: "method", Type: "string", Default: "GET", Help: "POST sends JSON, GET sends parameters in the address"},
			{Name: "headers", Type: "password", Default: "{}", Help: `JSON object of headers, like {"Authorization": "Bearer …"}`},
			{Name: "requestMapping", Type: "string", Required: true, Help: `JSON object of parameters; {userid} in a text is the user: {"id": "{userid}"}`},
			{Name: "responseMapping", Type: "string", Required: true, Help: `JSON object from attribute to a place in the answer or a text: {"email": "{contact[0].mail}"}`},
			{Name: "hasSpecialErrorHandler", Type: "bool", Help: "Answers that contain errorResponse say that there is no such user"},
			{Name: "errorResponse", Type: "string", Default: "{}", Help: "JSON object; all of its members must be in the answer"},
		},
		New: func(_ context.Context, _ string, v field.Values, d resolver.Deps) (resolver.Resolver, error) {
			set, err := read(v)
			if err != nil {
				return nil, err
			}
			return open(set, d), nil
		},
		Probe: probe,
	}
}

// settings of one instance, checked.
type settings struct {
	endpoint string
	post     bool
	headers  map[string]string
	request  template
	response map[string]string
	refusal  map[string]any // nil: no answer is one
}

func read(v field.Values) (settings, error) {
	s := settings{endpoint: v.String("endpoint", ""), post: strings.EqualFold(strings.TrimSpace(v["method"]), "post")}
	if s.endpoint == "" {
		return s, errors.New("option endpoint is missing")
	}
	var err error
	if s.request, err = parseTemplate(v["requestMapping"]); err != nil {
		return s, err
	}
	if s.response, err = texts("responseMapping", v["responseMapping"]); err != nil {
		return s, err
	}
	if s.headers, err = texts("headers", v.String("headers", "{}")); err != nil {
		return s, err
	}
	if v.Bool("hasSpecialErrorHandler", false) {
		if err := json.Unmarshal([]byte(v.String("errorResponse", "{}")), &s.refusal); err != nil {
			return s, errors.New("option errorResponse is no JSON object")
		}
	}
	return s, nil
}

// texts reads a JSON object of texts.
func texts(option, value string) (map[string]string, error) {
	var m map[string]string
	if err := json.Unmarshal([]byte(value), &m); err != nil || m == nil {
		return nil, fmt.Errorf("option %s is no JSON object of texts", option)
	}
	return m, nil
}

// users is one instance.
type users struct {
	set     settings
	breaker *breaker.Breaker
	http    outhttp.Client
}

var (
	_ resolver.Resolver  = (*users)(nil)
	_ resolver.BatchByID = (*users)(nil)
)

func open(s settings, d resolver.Deps) *users {
	return &users{set: s, breaker: breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: d.Now})}
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
	found, err := u.ask(ctx, id)
	if err != nil {
		return resolver.User{}, err
	}
	return resolver.User{ID: id, Login: id, Attributes: found}, nil
}

// Search finds nobody: the service has no list.
func (u *users) Search(context.Context, resolver.Query) ([]resolver.User, error) { return nil, nil }

// CheckPassword is never right: the service has no passwords.
func (u *users) CheckPassword(context.Context, string, secret.String) (bool, error) {
	return false, nil
}

// Close has nothing to free.
func (u *users) Close() error {
	u.http.Close()
	return nil
}

// errStatus is an answer with a status that says nothing about the user.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("the service answers with status %d", int(e)) }

// ask is what the service says of a user, by attribute.
func (u *users) ask(ctx context.Context, id string) (resolver.Attributes, error) {
	r, err := u.set.requestFor(id)
	if err != nil {
		return nil, err
	}
	var res outhttp.Response
	err = u.breaker.Do(ctx, timeout, func(ctx context.Context) error {
		if res, err = u.http.Do(ctx, r); err != nil {
			return err
		}
		if res.Status >= 500 {
			return errStatus(res.Status)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", resolver.ErrUnavailable, err)
	case res.Status == 404:
		return nil, resolver.ErrNoUser
	case res.Status >= 400:
		return nil, errStatus(res.Status)
	}
	return u.set.read(res.Body)
}

// probe asks for one user with settings that are not stored.
func probe(ctx context.Context, v field.Values, d resolver.Deps) (any, error) {
	s, err := read(v)
	if err != nil {
		return nil, err
	}
	id, given := v["testUser"]
	if !given {
		return nil, errors.New("option testUser is missing")
	}
	found, err := open(s, d).ask(ctx, id)
	return map[string]any(found), err
}
