// Package radius asks RADIUS servers for logins with PAP (RFC 2865) and owns the
// definitions of such servers.
//
// Every request carries a Message-Authenticator (RFC 3579 §3.2). Answers without
// one can be forged by who sits between client and server (CVE-2024-3596), so
// they are dropped where the definition asks for it, and from every server that
// has signed an answer before: only servers too old to sign are believed without,
// until they learn it.
package radius

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/secret"
)

// Definition is a RADIUS server as it is stored. Secret is encrypted.
type Definition struct {
	ID         int64
	Identifier string
	Host       string
	Port       int
	Secret     string
	// Dictionary is a file other programs read; the attributes used here are fixed.
	Dictionary  string
	Description string
	Timeout     int // seconds for one try; 0 is DefaultTimeout
	Retries     int // tries in all; 0 is DefaultTries
	EnforceMA   bool
}

const (
	// DefaultPort is where RADIUS servers listen (RFC 2865 §3).
	DefaultPort = 1812
	// DefaultDictionary is what definitions name when nothing is said.
	DefaultDictionary = "/etc/edumfa/dictionary"
	// DefaultTimeout is for one try, DefaultTries how often one asks.
	DefaultTimeout = 5 * time.Second
	DefaultTries   = 3

	// wholeTimeout is for all tries together.
	wholeTimeout = 60 * time.Second
	// failures in a row, then pause without questions. One dead user elsewhere must
	// not close a server for all, so it takes some and is short.
	failures = 5
	pause    = 5 * time.Second
	// mostServers bounds what is remembered of servers that tokens name.
	mostServers = 1000
)

// Server is whom to ask.
type Server struct {
	Host   string
	Port   int // 0 is DefaultPort
	Secret secret.String
	// Timeout is for one try, Tries how often one asks; zero is the default.
	Timeout time.Duration
	Tries   int
	// NeedSigned drops answers without a Message-Authenticator.
	NeedSigned bool
}

// Question is what is asked. Texts are sent as UTF-8.
type Question struct {
	User          string
	Password      secret.String
	NASIdentifier string // "" is not sent
	// State comes from the challenge that Password answers; nil for none.
	State []byte
}

// Code says how a server answered.
type Code int

// How servers answer.
const (
	Reject Code = iota
	Accept
	Challenge
)

// Answer is what a server said.
type Answer struct {
	Code    Code
	Message string // Reply-Message, fit to be shown; "" without one
	State   []byte // to be sent with the answer to the challenge
}

// ErrNoAnswer says that no answer came that can be believed.
var ErrNoAnswer = errors.New("the RADIUS server did not answer")

// Client asks servers. It is safe for concurrent use.
type Client struct {
	Now  func() time.Time
	Rand io.Reader

	mu    sync.Mutex
	known map[string]*server
}

// server is what is known of one.
type server struct {
	breaker *breaker.Breaker
	signs   bool // it has signed an answer
}

func (c *Client) server(address string) *server {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.known[address]
	if s == nil {
		if c.known == nil || len(c.known) >= mostServers {
			c.known = map[string]*server{}
		}
		s = &server{breaker: breaker.New(breaker.Settings{Failures: failures, Pause: pause, Now: c.Now})}
		c.known[address] = s
	}
	return s
}

// Ask asks a server. A rejection is no error. Errors: [ErrNoAnswer], those of
// questions that cannot be asked ([ErrPassword], [ErrUser], [ErrValue]), of the
// network, and [breaker.ErrOpen].
func (c *Client) Ask(ctx context.Context, s Server, q Question) (Answer, error) {
	if s.Port == 0 {
		s.Port = DefaultPort
	}
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Tries <= 0 {
		s.Tries = DefaultTries
	}
	var random [17]byte
	if _, err := io.ReadFull(c.Rand, random[:]); err != nil {
		return Answer{}, err
	}
	id, authenticator := random[0], [16]byte(random[1:])
	packet, err := request(id, authenticator, []byte(s.Secret.Reveal()), q)
	if err != nil {
		return Answer{}, err
	}
	address := net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	known := c.server(address)
	var answer Answer
	err = known.breaker.Do(ctx, min(wholeTimeout, s.Timeout*time.Duration(s.Tries)), func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		x := exchange{conn: conn, packet: packet, timeout: s.Timeout, tries: s.Tries,
			read: func(b []byte) (Answer, error) {
				a, signed, err := parse(b, id, authenticator, []byte(s.Secret.Reveal()), s.NeedSigned || c.signs(known))
				if err == nil && signed {
					c.learn(known)
				}
				return a, err
			}}
		answer, err = x.run(ctx)
		return err
	})
	return answer, err
}

func (c *Client) signs(s *server) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.signs
}

func (c *Client) learn(s *server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.signs = true
}

// exchange sends one packet until an answer comes.
type exchange struct {
	conn    net.Conn // only what comes from the server arrives here
	packet  []byte
	timeout time.Duration
	tries   int
	read    func(b []byte) (Answer, error)
	dropped error // why the last answer was dropped
}

func (x *exchange) run(ctx context.Context) (Answer, error) {
	for range x.tries {
		a, err := x.try(ctx)
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			if ctx.Err() != nil {
				break
			}
			continue
		}
		if err != nil {
			return Answer{}, fmt.Errorf("%w: %w", ErrNoAnswer, err)
		}
		return a, nil
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return Answer{}, ctx.Err()
	case x.dropped != nil:
		return Answer{}, fmt.Errorf("%w: dropped: %w", ErrNoAnswer, x.dropped)
	}
	return Answer{}, ErrNoAnswer
}

// try sends the packet and waits. It is the same packet each time: a server that
// has seen it answers the same. The error of a try without answer is a timeout.
func (x *exchange) try(ctx context.Context) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	if err := x.conn.SetReadDeadline(time.Time{}); err != nil {
		return Answer{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = x.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := x.conn.Write(x.packet); err != nil {
		return Answer{}, err
	}
	return x.wait()
}

// wait reads until an answer comes that can be believed. Others are dropped, so
// that who forges one cannot even take the true one away.
func (x *exchange) wait() (Answer, error) {
	buf := make([]byte, maxPacket+1)
	for {
		n, err := x.conn.Read(buf)
		if err != nil {
			return Answer{}, err
		}
		a, err := x.read(buf[:n])
		if err == nil {
			return a, nil
		}
		x.dropped = err
	}
}
