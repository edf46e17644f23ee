// Package remoteserver owns the definitions of other eduMFA servers and asks
// them: each question has a deadline, a server that does not answer is left alone
// for a while, and a chain of servers that ask one another ends.
package remoteserver

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
	"edumfa/internal/outhttp"
	"edumfa/internal/secret"
)

// Server is one definition as it is stored.
type Server struct {
	ID         int64
	Identifier string
	// URL is what the paths of the interface are appended to: https://mfa.example.
	URL         string
	TLS         bool // certificates are checked
	Description string
}

// HopsHeader counts, in requests between servers, how many servers have passed a
// question on. It ends chains that come back to where they began.
const HopsHeader = "X-Edumfa-Hops"

// mostHops is how many servers may pass one question on. Two are in use where a
// public server asks that of an organisation; one more is room.
const mostHops = 3

const (
	// Timeout is for one question. Servers may wait for their user's smartphone
	// before they answer.
	Timeout = 60 * time.Second
	// failures in a row, then pause without questions.
	failures = 3
	pause    = 10 * time.Second
)

// ErrLoop says that a question has been passed on too often.
var ErrLoop = errors.New("servers ask one another in a circle")

// ErrAnswer says that a server answered, but not as an eduMFA server does.
var ErrAnswer = errors.New("the answer is not that of an eduMFA server")

type hopsKey struct{}

// Arrived notes in the context how often the request it belongs to was passed on.
// header is the value of [HopsHeader]; what is no number counts as a chain at its
// end.
func Arrived(ctx context.Context, header string) context.Context {
	if header == "" {
		return ctx
	}
	n, err := strconv.Atoi(header)
	if err != nil || n < 0 || n > mostHops {
		n = mostHops
	}
	return context.WithValue(ctx, hopsKey{}, n)
}

// Client asks servers. It is safe for concurrent use.
type Client struct {
	Now func() time.Time

	mu       sync.Mutex
	breakers map[string]*breaker.Breaker
	http     outhttp.Client
}

// breaker is that of the server the URL is on.
func (c *Client) breaker(u *url.URL) *breaker.Breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	b := c.breakers[key]
	if b == nil {
		if c.breakers == nil {
			c.breakers = map[string]*breaker.Breaker{}
		}
		b = breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: c.Now})
		c.breakers[key] = b
	}
	return b
}

// Call is a request to a server.
type Call struct {
	Method string
	Path   string // "/validate/check"; appended to the server's URL
	Header map[string]string
	// Query is sent behind the path, Form as the body; nil ones are left out.
	Query, Form url.Values
	// Body is sent instead of Form, with the Content-Type of Header.
	Body []byte
}

// Do makes a request and returns the answer whatever its status is. Errors are
// those of the network, [breaker.ErrOpen] and [ErrLoop]; they name no URL.
func (c *Client) Do(ctx context.Context, s Server, call Call) (outhttp.Response, error) {
	hops, _ := ctx.Value(hopsKey{}).(int)
	if hops >= mostHops {
		return outhttp.Response{}, ErrLoop
	}
	target := strings.TrimRight(s.URL, "/") + call.Path
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return outhttp.Response{}, errors.New("the URL of the server is not valid")
	}
	r := outhttp.Request{Method: call.Method, URL: target, Header: map[string]string{}, Body: call.Body, SkipVerify: !s.TLS, Timeout: Timeout, SameHost: true}
	if call.Form != nil {
		r.Body = []byte(call.Form.Encode())
		r.Header["Content-Type"] = "application/x-www-form-urlencoded"
	}
	for k, v := range call.Header {
		r.Header[k] = v
	}
	r.Header[HopsHeader] = strconv.Itoa(hops + 1)
	var res outhttp.Response
	err = c.breaker(u).Do(ctx, 0, func(ctx context.Context) error {
		res, err = c.http.Do(ctx, r)
		return err
	})
	return res, err
}

// Login is what a server is asked about. Empty parts are not sent.
type Login struct {
	User, Realm, Resolver string
	Serial                string
	TransactionID         string
	Pass                  secret.String
	// Whole sends realm and resolver of a user even if they are empty.
	Whole bool
}

// form encodes values once more than the form itself does: servers of the field
// decode percent signs twice.
func (l Login) form() url.Values {
	f := url.Values{"pass": {quote(l.Pass.Reveal())}}
	for name, v := range map[string]string{"user": l.User, "realm": l.Realm, "resolver": l.Resolver, "serial": l.Serial, "transaction_id": l.TransactionID} {
		if v != "" || l.Whole && l.User != "" && (name == "realm" || name == "resolver") {
			f.Set(name, quote(v))
		}
	}
	return f
}

func quote(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Outcome is what a server says of a login.
type Outcome struct {
	OK     bool
	Serial string // of the token there, if it says so
}

// Check asks a server for a login. A refusal is no error; [ErrAnswer] is an answer
// that cannot be read.
func (c *Client) Check(ctx context.Context, s Server, l Login) (Outcome, error) {
	return c.CheckAt(ctx, s, "/validate/check", l)
}

// CheckAt is Check at another path.
func (c *Client) CheckAt(ctx context.Context, s Server, path string, l Login) (Outcome, error) {
	res, err := c.Do(ctx, s, Call{Method: "POST", Path: path, Form: l.form()})
	if err != nil {
		return Outcome{}, err
	}
	if res.Status != 200 {
		return Outcome{}, nil
	}
	return parseAnswer(res.Body)
}

// parseAnswer reads the answer of /validate/check.
func parseAnswer(body []byte) (Outcome, error) {
	var a struct {
		Result struct {
			Status bool `json:"status"`
			Value  bool `json:"value"`
		} `json:"result"`
		Detail struct {
			Serial any `json:"serial"`
		} `json:"detail"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return Outcome{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	o := Outcome{OK: a.Result.Status && a.Result.Value}
	if s, ok := a.Detail.Serial.(string); ok && o.OK && len(s) <= 40 {
		o.Serial = s
	}
	return o, nil
}
