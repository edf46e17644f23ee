package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"sync"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/outhttp"
	"edumfa/internal/queue"
)

// Headers of deliveries.
const (
	// HeaderID is the same for all attempts of a delivery.
	HeaderID = "X-Edumfa-Delivery"
	// HeaderTime is when the attempt was made, in seconds since 1970.
	HeaderTime = "X-Edumfa-Timestamp"
	// HeaderSignature is "v1=" and the HMAC-SHA256 (RFC 2104), in lower case
	// hexadecimal, of the timestamp, a dot and the body.
	HeaderSignature = "X-Edumfa-Signature"
)

const (
	// timeout is for one attempt.
	timeout = 10 * time.Second
	// failures in a row of one server, then a pause without attempts: a server that
	// does not answer must not slow every login.
	failures = 3
	pause    = 10 * time.Second
)

// Delivery is what is posted.
type Delivery struct {
	URL         string `json:"url"`
	ContentType string `json:"type"`
	Body        string `json:"body"`
	// Key signs the delivery, still encrypted; "" for none.
	Key string `json:"key,omitempty"`
}

func (d Delivery) host() string {
	u, err := url.Parse(d.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Sender posts deliveries. It is safe for concurrent use.
type Sender struct {
	// Open decrypts keys.
	Open func(sealed string) (string, error)
	Time func() time.Time
	Rand io.Reader

	mu       sync.Mutex
	breakers map[string]*breaker.Breaker
	client   outhttp.Client
}

// errStatus is an answer that does not take the delivery.
type errStatus int

func (e errStatus) Error() string {
	return "the server of the web hook answered " + strconv.Itoa(int(e))
}

// again reports whether the same delivery may be taken later.
func (e errStatus) again() bool { return e >= 500 || e == 408 || e == 425 || e == 429 }

// Send posts a delivery of the job queue. What a server refuses for good is not
// tried again.
func (s *Sender) Send(ctx context.Context, j queue.Delivery) error {
	var d Delivery
	if err := json.Unmarshal(j.Payload, &d); err != nil {
		return queue.Permanent(errors.New("the payload of a web hook cannot be read"))
	}
	err := s.post(ctx, j.ID, d)
	if status, is := errors.AsType[errStatus](err); is && !status.again() {
		return queue.Permanent(err)
	}
	return err
}

// Now posts a delivery at once, unless its server did not answer lately.
func (s *Sender) Now(ctx context.Context, d Delivery) error {
	var id [16]byte
	if _, err := io.ReadFull(s.Rand, id[:]); err != nil {
		return err
	}
	var refused error
	err := s.breaker(d.host()).Do(ctx, 0, func(ctx context.Context) error {
		err := s.post(ctx, hex.EncodeToString(id[:]), d)
		if _, is := errors.AsType[errStatus](err); is {
			refused = err // it does answer
			return nil
		}
		return err
	})
	return errors.Join(err, refused)
}

func (s *Sender) breaker(host string) *breaker.Breaker {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.breakers[host]
	if b == nil {
		if s.breakers == nil {
			s.breakers = map[string]*breaker.Breaker{}
		}
		b = breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: s.Time})
		s.breakers[host] = b
	}
	return b
}

// post makes one attempt. It follows redirects on the same server only.
func (s *Sender) post(ctx context.Context, id string, d Delivery) error {
	header := map[string]string{"Content-Type": d.ContentType, HeaderID: id}
	if d.Key != "" {
		key, err := s.Open(d.Key)
		if err != nil || key == "" {
			return errors.Join(errors.New("the key of the web hook cannot be opened"), err)
		}
		at := strconv.FormatInt(s.Time().Unix(), 10)
		header[HeaderTime], header[HeaderSignature] = at, Sign(key, at, []byte(d.Body))
	}
	res, err := s.client.Do(ctx, outhttp.Request{Method: "POST", URL: d.URL, Header: header, Body: []byte(d.Body), Timeout: timeout, SameHost: true})
	if err != nil {
		return fmt.Errorf("the web hook: %w", err)
	}
	if res.Status >= 400 {
		return errStatus(res.Status)
	}
	return nil
}

// Sign is the value of [HeaderSignature].
func Sign(key, at string, body []byte) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(at + "."))
	m.Write(body)
	return "v1=" + hex.EncodeToString(m.Sum(nil))
}
