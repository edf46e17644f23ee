// Package outhttp makes HTTP requests to other servers: each with a deadline, a
// bounded answer, and certificates checked unless somebody decided otherwise.
package outhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"edumfa/internal/secret"
)

const (
	// DefaultTimeout is for requests that set none.
	DefaultTimeout = 10 * time.Second
	// dialTimeout is for the connection alone: who is there at all answers soon.
	dialTimeout = 5 * time.Second
	// mostRedirects are followed.
	mostRedirects = 10
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 1 << 20
)

// Request is one request.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
	// User and Password are sent as basic authentication, with HasLogin only.
	User     string
	Password secret.String
	HasLogin bool
	// Proxies by the scheme of the request: http and https. Without one there is
	// no proxy, whatever the environment says.
	Proxies map[string]string
	// SkipVerify takes any certificate.
	SkipVerify bool
	// SameHost follows redirects on the same host only, and none from https to
	// http: what is sent is meant for nobody else.
	SameHost bool
	// Once is for requests that do something each time, whatever their method.
	Once bool
	// Timeout is for all of it; zero is DefaultTimeout.
	Timeout time.Duration
	// MaxAnswer bounds the answer, in bytes; zero is 1 MB.
	MaxAnswer int64
}

// Response is the answer.
type Response struct {
	Status int
	Body   []byte
}

// Do makes one request over a connection of its own.
func Do(ctx context.Context, r Request) (Response, error) {
	c := &Client{}
	defer c.Close()
	return c.Do(ctx, r)
}

// Do makes the request and follows redirects. Errors do not contain the URL, as
// URLs may contain secrets.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, errors.New("the URL of the request is not valid")
	}
	if req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.Host == "" {
		return Response{}, errors.New("the URL of the request is neither http nor https")
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	if r.HasLogin {
		req.SetBasicAuth(r.User, r.Password.Reveal())
	}
	client := http.Client{Transport: c.transport(r)}
	if r.SameHost {
		client.CheckRedirect = sameHost
	}
	res, err := client.Do(req)
	if err != nil {
		return Response{}, withoutURL(err)
	}
	defer res.Body.Close()
	limit := r.MaxAnswer
	if limit <= 0 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return Response{}, withoutURL(err)
	}
	if int64(len(body)) > limit {
		return Response{}, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return Response{Status: res.StatusCode, Body: body}, nil
}

// sameHost refuses to be led elsewhere.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	switch {
	case len(before) >= mostRedirects:
		return errors.New("too many redirects")
	case next.URL.Host != first.Host || first.Scheme == "https" && next.URL.Scheme != "https":
		return errors.New("redirected to another server")
	}
	return nil
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("HTTP request: %w", err)
}
