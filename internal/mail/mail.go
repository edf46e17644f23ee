// Package mail sends mails over SMTP (RFC 5321): one connection per mail, with a
// deadline for all of it, and with the server's certificate checked.
package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/mfaerr"
	"edumfa/internal/secret"
)

// DefaultTimeout is how long a mail may take where its server sets nothing.
const DefaultTimeout = 10 * time.Second

// defaultPort is where servers are that name none.
const defaultPort = 25

// Server is a mail server that takes our mails.
type Server struct {
	// Host is a name or address. It may be a URL: smtps:// begins with TLS, and a
	// port in it is preferred to Port.
	Host string
	Port int // zero means 25
	User string
	// Password is sent if there is a User, also over connections without TLS: the
	// administrator decides.
	Password secret.String
	Sender   string // address of mails that name no other; may be empty
	TLS      bool   // STARTTLS (RFC 3207) is required; without effect for smtps
	// SkipVerify takes any certificate. It is for servers that cannot have a
	// proper one.
	SkipVerify bool
	Timeout    time.Duration // for everything; zero or less means [DefaultTimeout]
}

// Message is one mail.
type Message struct {
	// ID is the left part of the Message-ID; empty means a random one. A mail that
	// is sent again under the same ID is recognised as the same one.
	ID      string
	To      []string // addresses; each may hold several with commas
	From    string   // empty means the server's Sender
	ReplyTo string   // empty means the sender
	Subject string
	Body    string
	HTML    bool // Body is HTML, else plain text
	Inline  []Inline
	Files   []File
}

// File is attached to a mail.
type File struct {
	Name, Type string // Type is a media type
	Data       []byte
}

// Inline is a picture inside of an HTML body: "cid:" and the ContentID show it.
type Inline struct {
	ContentID, Name, Type string // Type is a media type
	Data                  []byte
}

// Refused says which recipients the server did not take; the others have the
// mail.
type Refused struct {
	Recipients []string
	// Later are those of them that may be taken at another time (RFC 5321 §4.2.1:
	// an answer 4yz).
	Later []string
	Err   error // what the server said to the last of them
}

func (r *Refused) Error() string {
	return fmt.Sprintf("mail server refused %s: %v", strings.Join(r.Recipients, ", "), r.Err)
}

func (r *Refused) Unwrap() error { return r.Err }

// Sender sends mails. It is safe for concurrent use.
type Sender struct {
	Now  func() time.Time
	Rand io.Reader
	// RootCAs check certificates; nil means those of the system.
	RootCAs *x509.CertPool
}

// Send delivers a mail to the server. It ends with the server's timeout or with
// ctx. Errors: 905 for settings and addresses that make no sense, [*Refused],
// and others for servers that cannot be reached or do not want the mail.
func (s Sender) Send(ctx context.Context, server Server, m Message) error {
	at, err := endpointOf(server)
	if err != nil {
		return err
	}
	letter, err := s.compose(server, m)
	if err != nil {
		return err
	}
	timeout := server.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = s.deliver(ctx, at, server, letter)
	if err != nil && ctx.Err() != nil && !errors.As(err, new(*Refused)) {
		err = fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("mail over %s: %w", at.address(), err)
	}
	return nil
}

type endpoint struct {
	host string
	port int
	tls  bool // from the first byte
}

func (e endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// endpointOf reads "host", "host:port" and URLs with smtp and smtps.
func endpointOf(s Server) (endpoint, error) {
	e := endpoint{port: s.Port}
	if e.port == 0 {
		e.port = defaultPort
	}
	rest := strings.TrimSpace(s.Host)
	if scheme, after, ok := strings.Cut(rest, "://"); ok {
		switch strings.ToLower(scheme) {
		case "smtp":
		case "smtps":
			e.tls = true
		default:
			return e, mfaerr.NewParameter("A mail server has no scheme %q", scheme)
		}
		rest = after
	}
	rest, _, _ = strings.Cut(rest, "/")
	e.host = rest
	if host, port, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil {
			return e, mfaerr.NewParameter("The port of the mail server %q is no number", s.Host)
		}
		e.host, e.port = host, n
	}
	e.host = strings.TrimSuffix(strings.TrimPrefix(e.host, "["), "]")
	if e.host == "" || strings.ContainsAny(e.host, " \r\n\t") || e.port < 1 || e.port > 65535 {
		return e, mfaerr.NewParameter("%q with port %d is no mail server", s.Host, e.port)
	}
	return e, nil
}

// addresses reads mail addresses, each of which may hold several with commas.
func addresses(texts []string) ([]*mail.Address, error) {
	var out []*mail.Address
	for _, t := range texts {
		if strings.TrimSpace(t) == "" {
			continue
		}
		list, err := mail.ParseAddressList(t)
		if err != nil {
			return nil, mfaerr.NewParameter("%q is no mail address", t).WithCause(err)
		}
		out = append(out, list...)
	}
	return out, nil
}
