// Package syslog sends messages of RFC 5424 to a server: over TLS (RFC 5425), TCP
// (RFC 6587, octet counting) or UDP (RFC 5426). It opens a connection when one is
// needed and knows when it has ended.
package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of a connection.
const (
	dialTime = 10 * time.Second
	sendTime = 10 * time.Second
)

// Target is a server and how it is spoken to.
type Target struct {
	Network string // "udp", "tcp" or "tls"
	Address string // host:port
	// JSON messages carry JSON instead of CEF.
	JSON     bool
	Facility int
	// CA, Cert and Key are files: authorities instead of the system's, and a
	// certificate of our own.
	CA, Cert, Key string
}

// ParseTarget reads tls://host:6514?format=json&facility=local0&ca=FILE&cert=FILE&key=FILE.
// Without a port it is 6514 with TLS and 514 otherwise; the facility is authpriv.
func ParseTarget(uri string) (Target, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return Target{}, errors.New("it is no URI")
	}
	t := Target{Network: u.Scheme, Address: u.Host, Facility: 10}
	port := map[string]string{"udp": "514", "tcp": "514", "tls": "6514"}[t.Network]
	if port == "" {
		return t, fmt.Errorf("it must begin with udp://, tcp:// or tls://")
	}
	if u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" {
		return t, fmt.Errorf("it must be like %s://host:%s", t.Network, port)
	}
	if u.Port() == "" {
		t.Address = net.JoinHostPort(u.Hostname(), port)
	}
	for key, values := range u.Query() {
		v := values[0]
		switch key {
		case "format":
			if v != "json" && v != "cef" {
				return t, fmt.Errorf("the format %q is not known: cef and json are", v)
			}
			t.JSON = v == "json"
		case "facility":
			if t.Facility, err = facility(v); err != nil {
				return t, err
			}
		case "ca":
			t.CA = v
		case "cert":
			t.Cert = v
		case "key":
			t.Key = v
		default:
			return t, fmt.Errorf("%q is not known: format, facility, ca, cert and key are", key)
		}
	}
	return t, nil
}

// facility reads a facility of RFC 5424 §6.2.1, by number or name.
func facility(s string) (int, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 24 {
		return n, nil
	}
	names := []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
	if i := slices.Index(names, strings.ToLower(s)); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("the facility %q is not known", s)
}

// Sender sends to a target. It is used by one goroutine at a time.
type Sender struct {
	target Target
	tls    *tls.Config
	conn   net.Conn
	ended  *atomic.Bool // by the other side
}

// NewSender reads the files of a target; it does not connect.
func NewSender(t Target) (*Sender, error) {
	s := &Sender{target: t}
	if t.Network != "tls" {
		return s, nil
	}
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		s.tls.RootCAs = x509.NewCertPool()
		if !s.tls.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("there is no certificate in %s", t.CA)
		}
	}
	if t.Cert != "" {
		key := t.Key
		if key == "" {
			key = t.Cert
		}
		c, err := tls.LoadX509KeyPair(t.Cert, key)
		if err != nil {
			return nil, err
		}
		s.tls.Certificates = []tls.Certificate{c}
	}
	return s, nil
}

// Alive reports whether there is a connection that nobody has ended.
func (s *Sender) Alive() bool { return s.conn != nil && !s.ended.Load() }

// Datagrams reports whether messages go out without a connection, so that nothing
// is ever known about them.
func (s *Sender) Datagrams() bool { return s.target.Network == "udp" }

// errEnded says that the server has ended the connection.
var errEnded = errors.New("the server has ended the connection")

// Send sends messages in order. After an error it is not known which of them, and
// of those before them, arrived; the next call makes a new connection.
func (s *Sender) Send(ctx context.Context, messages []string) error {
	switch {
	case s.conn == nil:
		if err := s.connect(ctx); err != nil {
			return err
		}
	case !s.Alive():
		s.Close()
		return errEnded
	}
	err := s.send(messages)
	if err != nil {
		s.Close()
	}
	return err
}

func (s *Sender) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	network := s.target.Network
	var c net.Conn
	var err error
	if network == "tls" {
		c, err = (&tls.Dialer{Config: s.tls}).DialContext(ctx, "tcp", s.target.Address)
	} else {
		c, err = (&net.Dialer{}).DialContext(ctx, network, s.target.Address)
	}
	if err != nil {
		return err
	}
	s.conn, s.ended = c, new(atomic.Bool)
	if network != "udp" {
		// Servers say nothing: whatever ends the reading ends the connection.
		ended := s.ended
		go func() {
			_, _ = io.Copy(io.Discard, c)
			ended.Store(true)
		}()
	}
	return nil
}

func (s *Sender) send(messages []string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(sendTime)); err != nil {
		return err
	}
	if s.Datagrams() {
		for _, m := range messages {
			if _, err := io.WriteString(s.conn, m); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(strconv.Itoa(len(m)) + " " + m)
	}
	_, err := io.WriteString(s.conn, b.String())
	return err
}

// Close ends the connection.
func (s *Sender) Close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}
