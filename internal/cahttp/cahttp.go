// Package cahttp is the HTTP client of the connectors that reach their authority
// by HTTP: pooled, with deadlines, bounded answers, certificates that are always
// checked, and a circuit breaker for each connector.
package cahttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/field"
)

const (
	defaultTimeout = 10 // seconds
	maxTimeout     = 60 // seconds
	// maxAnswer bounds what is read of an answer, in bytes. The longest are CRLs.
	maxAnswer = 32 << 20

	failures = 3
	pause    = 10 * time.Second
)

// Fields are the settings that every such connector has.
func Fields() []field.Field {
	return []field.Field{
		{Name: "ssl_ca_cert", Type: "string", Help: "File with the certificates (PEM) that the server's certificate must chain to; empty for the system's."},
		{Name: "ssl_client_cert", Type: "string", Help: "File with the certificate (PEM) to show the server."},
		{Name: "ssl_client_key", Type: "string", Help: "File with the key (PEM, not encrypted) of that certificate."},
		{Name: "timeout", Type: "int", Default: "10", Help: "Seconds until the server must have answered."},
	}
}

// Client asks one server. It is safe for concurrent use.
type Client struct {
	// HTTP has the connector's certificates and deadline, for libraries that make
	// their requests themselves.
	HTTP *http.Client
	// Timeout is for one request.
	Timeout time.Duration
	breaker *breaker.Breaker
}

// New reads the settings of Fields. Whether the server is there is asked later.
func New(v field.Values, now func() time.Time) (*Client, error) {
	seconds, err := v.Int("timeout", defaultTimeout)
	if err != nil {
		return nil, err
	}
	if seconds < 1 || seconds > maxTimeout {
		return nil, fmt.Errorf("option timeout is not between 1 and %d seconds", maxTimeout)
	}
	t, err := tlsConfig(v)
	if err != nil {
		return nil, err
	}
	c := &Client{Timeout: time.Duration(seconds) * time.Second, breaker: breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: now})}
	c.HTTP = &http.Client{
		Timeout: c.Timeout,
		Transport: &guarded{breaker: c.breaker, next: &http.Transport{
			TLSClientConfig: t, MaxIdleConnsPerHost: 4, MaxConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the server sends to another address, where what is sent must not go")
		},
	}
	return c, nil
}

func tlsConfig(v field.Values) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if name := v.String("ssl_ca_cert", ""); name != "" {
		pem, err := os.ReadFile(name) //nolint:gosec // the administrator names the file
		if err != nil {
			return nil, fmt.Errorf("ssl_ca_cert: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ssl_ca_cert: there is no certificate in the file")
		}
	}
	cert, key := v.String("ssl_client_cert", ""), v.String("ssl_client_key", "")
	if (cert == "") != (key == "") {
		return nil, errors.New("ssl_client_cert and ssl_client_key belong together")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("ssl_client_cert: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// BaseURL reads an address that secrets are sent to: https, or http to this
// machine.
func BaseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("the address of the server is not valid")
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, errors.New("the address of the server does not begin with https")
	}
	return u, nil
}

// guarded refuses requests while the server has failed several times in a row.
type guarded struct {
	breaker *breaker.Breaker
	next    http.RoundTripper
}

func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	try, err := g.breaker.Allow()
	if err != nil {
		return nil, err
	}
	res, err := g.next.RoundTrip(req)
	switch {
	case err == nil:
		try.Succeed()
	case errors.Is(err, context.Canceled): // nobody waits any more; the server is not to blame
		try.Drop()
	default:
		try.Fail()
	}
	return res, err
}

// Request is one request.
type Request struct {
	Method, URL string
	Header      map[string]string
	Body        []byte
	// User and Password are sent as basic authentication unless User is "".
	User, Password string
}

// Response is the answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the request. Errors do not contain the URL.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, errors.New("the address of the server is not valid")
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	if r.User != "" {
		req.SetBasicAuth(r.User, r.Password)
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return Response{}, fmt.Errorf("the certificate authority cannot be reached: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return Response{}, fmt.Errorf("the certificate authority stopped in the middle of its answer: %w", err)
	}
	if len(body) > maxAnswer {
		return Response{}, fmt.Errorf("the answer of the certificate authority is longer than %d bytes", maxAnswer)
	}
	return Response{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}
