package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"time"

	ldaplib "github.com/go-ldap/ldap/v3"
)

// maxAnswer bounds what a server may send for one question, in bytes. A page of
// users is far smaller.
const maxAnswer = 32 << 20

// conn is one connection, used by one question at a time.
type conn struct {
	to   server
	lib  *ldaplib.Conn
	raw  *limitedConn
	idle time.Time // since when it waits for the next question
}

// limitedConn reads at most so many bytes, so that a server gone mad does not
// fill the memory.
type limitedConn struct {
	net.Conn
	left atomic.Int64
}

func (c *limitedConn) Read(b []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, errors.New("the answer of the directory is too long")
	}
	n, err := c.Conn.Read(b)
	c.left.Add(-int64(n))
	return n, err
}

// dial connects, with TLS if the settings ask for it. ctx has a deadline.
func (s *settings) dial(ctx context.Context, to server) (*conn, error) {
	var config *tls.Config
	if to.tls || s.startTLS {
		var err error
		if config, err = s.tlsConfig(to.host); err != nil {
			return nil, &setupError{err}
		}
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", to.address())
	if err != nil {
		return nil, err
	}
	if to.tls {
		secured := tls.Client(raw, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		raw = secured
	}
	limited := &limitedConn{Conn: raw}
	limited.left.Store(maxAnswer)
	c := &conn{to: to, lib: ldaplib.NewConn(limited, to.tls), raw: limited}
	c.lib.Start()
	if !to.tls && s.startTLS {
		if err := c.do(ctx, func(l *ldaplib.Conn) error { return l.StartTLS(config) }); err != nil {
			c.discard()
			return nil, fmt.Errorf("STARTTLS: %w", err)
		}
	}
	return c, nil
}

// do runs one operation of the library, which knows no contexts: the deadline is
// put on the socket, and the end of ctx is an expired deadline. After an error
// that is not an answer of the server the connection must be discarded.
func (c *conn) do(ctx context.Context, f func(*ldaplib.Conn) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer func() { // malformed answers must not reach further than this
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	c.raw.left.Store(maxAnswer)
	deadline, _ := ctx.Deadline()
	if err := c.raw.SetDeadline(deadline); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
	err = f(c.lib)
	if !stop() {
		return ctx.Err() // the socket's deadline is spoilt, whatever was answered
	}
	if err == nil || answered(err) {
		// The library reads ahead all the time: an idle connection has no deadline.
		if e := c.raw.SetDeadline(time.Time{}); e != nil && err == nil {
			err = e
		}
	}
	return err
}

// alive reports whether the server has not closed the connection so far.
func (c *conn) alive() bool { return !c.lib.IsClosing() }

// discard closes a connection without waiting for anything.
func (c *conn) discard() {
	c.raw.Close()
	go c.lib.Close() // waits for the library's own goroutines
}

// quit says good-bye and closes the connection, in the background.
func (c *conn) quit() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.do(ctx, func(l *ldaplib.Conn) error { return l.Unbind() })
		c.raw.Close()
	}()
}

// bindService binds as the service account, or leaves the connection anonymous.
func (s *settings) bindService(ctx context.Context, c *conn) error {
	if s.bindDN == "" {
		return nil
	}
	if s.authType == authKerberos {
		return &setupError{errors.New("option AUTHTYPE: Kerberos is not supported")}
	}
	err := s.bind(ctx, c, s.bindDN, s.bindPW.Reveal())
	if err != nil && answered(err) && !overloaded(err) {
		return &setupError{fmt.Errorf("the directory refuses the service account: %w", err)}
	}
	return err
}

// bind proves a name with its password. The password is not empty.
func (s *settings) bind(ctx context.Context, c *conn, name, password string) error {
	if name == "" || password == "" {
		return errors.New("no bind without name and password")
	}
	return c.do(ctx, func(l *ldaplib.Conn) error {
		switch s.authType {
		case authDigestMD5:
			return l.MD5Bind(c.to.host, name, password)
		case authNTLM:
			domain, user, ok := strings.Cut(name, `\`)
			if !ok {
				domain, user = "", name
			}
			return l.NTLMBind(domain, user, password)
		}
		return l.Bind(name, password)
	})
}

// setupError is an error that no other server and no later try can mend.
type setupError struct{ error }

func (e *setupError) Unwrap() error { return e.error }

// connectError is a failure before the question was put.
type connectError struct{ error }

func (e *connectError) Unwrap() error { return e.error }

// answered reports whether the error is a result that the server sent, so that
// the connection is still good.
func answered(err error) bool {
	e, ok := errors.AsType[*ldaplib.Error](err)
	// The library's own codes begin at 200.
	return ok && e.ResultCode < ldaplib.ErrorNetwork
}

// overloaded reports whether the server answered that it cannot answer.
func overloaded(err error) bool {
	return ldaplib.IsErrorAnyOf(err, ldaplib.LDAPResultBusy, ldaplib.LDAPResultUnavailable)
}

// failed reports whether the question should go to another server.
func failed(err error) bool {
	if err == nil {
		return false
	}
	if _, ok := errors.AsType[*setupError](err); ok {
		return false
	}
	e, ok := errors.AsType[*ldaplib.Error](err)
	if !ok {
		return true
	}
	return e.ResultCode == ldaplib.ErrorNetwork || overloaded(err)
}
