// Package yubicocloud asks a validation server for one-time passwords of Yubikeys:
// Yubico's own service, or another one that speaks the validation protocol 2.0.
package yubicocloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the protocol knows nothing else
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/outhttp"
	"edumfa/internal/secret"
)

// URL is that of Yubico's service.
const URL = "https://api.yubico.com/wsapi/2.0/verify"

const (
	timeout = 10 * time.Second
	// failures in a row, then pause without questions.
	failures = 3
	pause    = 10 * time.Second
	// mostServices bounds what is remembered.
	mostServices = 100
)

// Service is a validation server and who asks it.
type Service struct {
	URL string // "" is [URL]
	ID  string
	Key secret.String // base64; signs requests and answers
	// Post sends the parameters in the body, not in the address.
	Post bool
}

// Errors of questions without an answer that counts.
var (
	ErrClient = errors.New("the number or the key of the client of the validation server is missing or wrong")
	ErrAnswer = errors.New("the answer is not that of a validation server, or not signed with the client's key")
)

// Client asks. It is safe for concurrent use.
type Client struct {
	Now  func() time.Time
	Rand io.Reader

	mu       sync.Mutex
	breakers map[string]*breaker.Breaker
	http     outhttp.Client
}

func (c *Client) breaker(address string) *breaker.Breaker {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.breakers[address]
	if b == nil {
		if c.breakers == nil || len(c.breakers) >= mostServices {
			c.breakers = map[string]*breaker.Breaker{}
		}
		b = breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: c.Now})
		c.breakers[address] = b
	}
	return b
}

// Check reports whether the one-time password is good now; it is used up then.
func (c *Client) Check(ctx context.Context, s Service, otp secret.String) (bool, error) {
	if s.URL == "" {
		s.URL = URL
	}
	key, err := base64.StdEncoding.DecodeString(s.Key.Reveal())
	if err != nil || len(key) == 0 || s.ID == "" {
		return false, ErrClient
	}
	b := make([]byte, 20)
	if _, err := io.ReadFull(c.Rand, b); err != nil {
		return false, err
	}
	p := map[string]string{"id": s.ID, "nonce": hex.EncodeToString(b), "otp": otp.Reveal()}
	form := url.Values{"h": {sign(p, key)}}
	for k, v := range p {
		form.Set(k, v)
	}
	r := outhttp.Request{Method: "GET", URL: s.URL + "?" + form.Encode(), Timeout: timeout, SameHost: true}
	if s.Post {
		r = outhttp.Request{Method: "POST", URL: s.URL, Body: []byte(form.Encode()), Timeout: timeout, SameHost: true,
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	}
	var res outhttp.Response
	err = c.breaker(s.URL).Do(ctx, 0, func(ctx context.Context) error {
		res, err = c.http.Do(ctx, r)
		return err
	})
	switch {
	case err != nil:
		return false, err
	case res.Status != 200:
		return false, fmt.Errorf("the validation server answers with status %d", res.Status)
	}
	return verdict(string(res.Body), p, key)
}

// sign is the signature of parameters: HMAC-SHA-1 over them in the order of their
// names, in base64.
func sign(p map[string]string, key []byte) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, k+"="+p[k])
	}
	m := hmac.New(sha1.New, key)
	m.Write([]byte(strings.Join(parts, "&")))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// verdict reads an answer: lines of name=value. It must be signed and be about
// what was asked.
func verdict(body string, asked map[string]string, key []byte) (bool, error) {
	p := map[string]string{}
	for line := range strings.Lines(body) {
		k, v, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		if _, twice := p[k]; twice {
			return false, ErrAnswer
		}
		p[k] = v
	}
	h := p["h"]
	delete(p, "h")
	if !hmac.Equal([]byte(h), []byte(sign(p, key))) {
		return false, ErrAnswer
	}
	if p["status"] != "OK" {
		return false, nil
	}
	if p["nonce"] != asked["nonce"] || p["otp"] != asked["otp"] {
		return false, ErrAnswer
	}
	return true, nil
}
