// Package firebase sends notifications to smartphones through Firebase Cloud
// Messaging (HTTP v1 API) with the key of a service account. Its gateways stand
// among those for text messages, but send to apps, not to phone numbers.
//
// The access token is got as RFC 7523 §2.1 describes: a JWT, signed with the key of
// the service account, is exchanged for it. That is one signature and one request,
// for which no SDK is needed.
package firebase

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/outhttp"
	"edumfa/internal/smsprovider"
)

// Module is the name that definitions of push gateways have.
const Module = smsprovider.Prefix + "FirebaseProvider.FirebaseProvider"

// Options of a gateway.
const (
	optFile  = "JSON config file"
	optProxy = "httpsproxy"
)

const (
	// Service is where messages are sent.
	Service = "https://fcm.googleapis.com"
	scope   = "https://www.googleapis.com/auth/firebase.messaging"
	// defaultTimeout is for one request: somebody waits for it.
	defaultTimeout = 5 * time.Second
	// failures in a row, then pause without requests.
	failures = 3
	pause    = 10 * time.Second
	// lifetime is for what is asked, early how long before its end an access token
	// is not used any more.
	lifetime = time.Hour
	early    = time.Minute
	// ttl is how long the service keeps a message for a phone that is away.
	ttl = 120 * time.Second
	// maxFile bounds the file of a service account, in bytes.
	maxFile = 1 << 16
)

// Kind describes push gateways. Text messages cannot be sent through them.
func Kind() smsprovider.Kind {
	return smsprovider.Kind{
		Module: Module,
		Parameters: []smsprovider.Parameter{
			{Name: optFile, Required: true, Help: "File with the key of the service account."},
			{Name: optProxy, Help: "Proxy for https."},
		},
		Check: func(g smsprovider.Gateway) error {
			_, err := readAccount(g.Options[optFile])
			return err
		},
		Send: func(context.Context, smsprovider.Gateway, smsprovider.Message) error {
			return errors.New("a push gateway sends to apps, not to phone numbers")
		},
	}
}

// account is the key of a service account.
type account struct {
	Type    string `json:"type"`
	Project string `json:"project_id"`
	Email   string `json:"client_email"`
	KeyID   string `json:"private_key_id"`
	Key     string `json:"private_key"`
	Tokens  string `json:"token_uri"`
}

// ErrFile says that a file is not that of a service account.
var ErrFile = errors.New("The JSON file is not a valid firebase credentials file.") //nolint:staticcheck // a sentence for clients

func readAccount(name string) (account, error) {
	var a account
	f, err := os.Open(name)
	if err != nil {
		return a, errors.New("Please check your configuration. Can not load JSON file.") //nolint:staticcheck // a sentence for clients
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(b, &a); err != nil || a.Type != "service_account" || a.Project == "" {
		return a, ErrFile
	}
	return a, nil
}

// Client sends. It is safe for concurrent use.
type Client struct {
	Now func() time.Time
	// Service is where messages are sent; "" is [Service].
	Service string
	// Timeout is for one request, its connection included; 0 is 5 s.
	Timeout time.Duration

	mu    sync.Mutex
	known map[string]*service
	http  outhttp.Client
}

// service is what is known of one service account, by its file.
type service struct {
	breaker *breaker.Breaker
	access  string
	until   time.Time
}

func (c *Client) service(file string) *service {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[file]
	if s == nil {
		if c.known == nil {
			c.known = map[string]*service{}
		}
		s = &service{breaker: breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: c.Now})}
		c.known[file] = s
	}
	return s
}

// Message is a notification for one app.
type Message struct {
	Address, Title, Body string
	Data                 map[string]string
}

// Send hands a message to the service. Errors contain neither keys nor addresses.
func (c *Client) Send(ctx context.Context, g smsprovider.Gateway, m Message) error {
	file := g.Options[optFile]
	a, err := readAccount(file)
	if err != nil {
		return err
	}
	body, err := json.Marshal(c.body(m))
	if err != nil {
		return err
	}
	base := c.Service
	if base == "" {
		base = Service
	}
	s := c.service(file)
	return s.breaker.Do(ctx, 2*c.timeout(), func(ctx context.Context) error {
		access, err := c.token(ctx, s, a, g.Options[optProxy])
		if err != nil {
			return err
		}
		res, err := c.http.Do(ctx, outhttp.Request{Method: "POST", URL: base + "/v1/projects/" + url.PathEscape(a.Project) + "/messages:send", Body: body,
			Header:  map[string]string{"Authorization": "Bearer " + access, "Content-Type": "application/json; UTF-8"},
			Proxies: proxies(g.Options[optProxy]), Timeout: c.timeout(), SameHost: true})
		if err != nil {
			return err
		}
		if res.Status == 401 {
			c.forget(s)
		}
		if res.Status != 200 {
			return fmt.Errorf("the push service answers with status %d", res.Status)
		}
		return nil
	})
}

func (c *Client) timeout() time.Duration {
	if c.Timeout <= 0 {
		return defaultTimeout
	}
	return c.Timeout
}

func proxies(address string) map[string]string {
	if address == "" {
		return nil
	}
	return map[string]string{"https": address}
}

func (c *Client) body(m Message) any {
	type object = map[string]any
	return object{"message": object{
		"data": m.Data, "token": m.Address,
		"notification": object{"title": m.Title, "body": m.Body},
		"android":      object{"priority": "HIGH", "ttl": "120s", "fcm_options": object{"analytics_label": "AndroidPushToken"}},
		"apns": object{
			"headers": object{"apns-priority": "10", "apns-push-type": "alert", "apns-collapse-id": "privacyidea.pushtoken",
				"apns-expiration": strconv.FormatInt(c.Now().Add(ttl).Unix(), 10)},
			"payload":     object{"aps": object{"alert": object{"title": m.Title, "body": m.Body}, "sound": "default", "category": "PUSH_AUTHENTICATION"}},
			"fcm_options": object{"analytics_label": "iOSPushToken"},
		},
	}}
}

// token is an access token, a new one if there is none that is good.
func (c *Client) token(ctx context.Context, s *service, a account, proxy string) (string, error) {
	c.mu.Lock()
	access, good := s.access, c.Now().Before(s.until)
	c.mu.Unlock()
	if access != "" && good {
		return access, nil
	}
	assertion, err := a.assertion(c.Now())
	if err != nil {
		return "", err
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	res, err := c.http.Do(ctx, outhttp.Request{Method: "POST", URL: a.Tokens, Body: []byte(form.Encode()),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Proxies: proxies(proxy), Timeout: c.timeout(), SameHost: true})
	if err != nil {
		return "", err
	}
	var t struct {
		Access  string  `json:"access_token"`
		Seconds float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(res.Body, &t); res.Status != 200 || err != nil || t.Access == "" {
		return "", fmt.Errorf("no access token for the push service: status %d", res.Status)
	}
	valid := time.Duration(min(max(t.Seconds, 0), lifetime.Seconds())) * time.Second
	c.mu.Lock()
	defer c.mu.Unlock()
	s.access, s.until = t.Access, c.Now().Add(valid-early)
	return t.Access, nil
}

func (c *Client) forget(s *service) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.access = ""
}

// assertion is the signed JWT that an access token is got with.
func (a account) assertion(now time.Time) (string, error) {
	block, _ := pem.Decode([]byte(a.Key))
	if block == nil {
		return "", ErrFile
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return "", ErrFile
	}
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": a.KeyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iss": a.Email, "scope": scope, "aud": a.Tokens, "iat": now.Unix(), "exp": now.Add(lifetime).Unix()})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	b, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(b), err
}
