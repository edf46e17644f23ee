package mail

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"edumfa/internal/secret"
)

var now = time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)

// fake is a mail server that keeps what it is given.
type fake struct {
	mechanism, login string // what it offers, user:password
	refuse           string // recipient that it does not take
	later            string // recipient that it does not take now
	failData         bool

	mu    sync.Mutex
	mails []taken
}

type taken struct {
	from  string
	to    []string
	data  string
	tls   bool
	login bool
}

func (f *fake) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{fake: f, conn: c}, nil }

func (f *fake) got() []taken {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mails
}

type session struct {
	fake *fake
	conn *smtp.Conn
	mail taken
}

func (s *session) AuthMechanisms() []string {
	if s.fake.mechanism == "" {
		return nil
	}
	return []string{s.fake.mechanism}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user+":"+password != s.fake.login {
			return errors.New("no")
		}
		s.mail.login = true
		return nil
	}), nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == s.fake.later && to != "" {
		return &smtp.SMTPError{Code: 450, Message: "busy"}
	}
	if to == s.fake.refuse {
		return &smtp.SMTPError{Code: 550, Message: "gone"}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.fake.failData {
		return &smtp.SMTPError{Code: 554, Message: "spam"}
	}
	_, s.mail.tls = s.conn.TLSConnectionState()
	s.mail.data = string(data)
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	s.fake.mails = append(s.fake.mails, s.mail)
	return nil
}

// start serves f and tells where. With a certificate it offers STARTTLS, or
// begins with TLS if implicit.
func start(t *testing.T, f *fake, cert *tls.Certificate, implicit bool) Server {
	t.Helper()
	srv := smtp.NewServer(f)
	srv.Domain = "test"
	srv.ErrorLog = log.New(io.Discard, "", 0)
	srv.AllowInsecureAuth = true
	srv.ReadTimeout, srv.WriteTimeout = 10*time.Second, 10*time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if cert != nil {
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
		if implicit {
			l = tls.NewListener(l, srv.TLSConfig)
		}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Sender: "mfa@example.com"}
}

func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func sending() Sender { return Sender{Now: func() time.Time { return now }, Rand: rand.Reader} }

func message() Message {
	return Message{To: []string{"ops@example.org"}, Subject: "Prüfung", Body: "Grüße\n.\nEnde"}
}

func TestSend(t *testing.T) {
	f := &fake{}
	server := start(t, f, nil, false)
	if err := sending().Send(t.Context(), server, message()); err != nil {
		t.Fatal(err)
	}
	got := f.got()[0]
	if got.from != "mfa@example.com" || len(got.to) != 1 || got.to[0] != "ops@example.org" || got.tls || got.login {
		t.Errorf("%+v", got)
	}
	m, err := netmail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"From": "mfa@example.com", "To": "ops@example.org", "Reply-To": "mfa@example.com", "Precedence": "bulk", "Auto-Submitted": "auto-generated",
		"Date": "Sat, 21 Nov 2026 19:00:00 +0000", "Content-Type": "text/plain; charset=UTF-8", "Subject": "=?UTF-8?q?Pr=C3=BCfung?=", "User-Agent": "", "X-Mailer": "",
	} {
		if m.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, m.Header.Get(name), want)
		}
	}
	body, _ := io.ReadAll(m.Body)
	if text := strings.ReplaceAll(string(body), "\r\n", "\n"); !strings.HasPrefix(text, "Gr=C3=BC=C3=9Fe\n.\nEnde") {
		t.Errorf("%q", text)
	}
}

func TestSend_Addresses(t *testing.T) {
	f := &fake{}
	server := start(t, f, nil, false)
	m := message()
	m.To, m.From, m.ReplyTo = []string{"A <a@example.org>, b@example.org", "", "c@example.org"}, "Desk <desk@example.org>", "help@example.org"
	if err := sending().Send(t.Context(), server, m); err != nil {
		t.Fatal(err)
	}
	server.Sender = ""
	if err := sending().Send(t.Context(), server, message()); err != nil {
		t.Fatal(err)
	}
	first, second := f.got()[0], f.got()[1]
	if first.from != "desk@example.org" || strings.Join(first.to, " ") != "a@example.org b@example.org c@example.org" || !strings.Contains(first.data, "Reply-To: help@example.org") {
		t.Errorf("%+v", first)
	}
	if second.from != "" || !strings.Contains(second.data, "From: edumfa@localhost") {
		t.Errorf("%+v", second)
	}
}

// Lists have nothing but commas between their addresses, and no line is too long.
func TestSend_ManyRecipients(t *testing.T) {
	f := &fake{}
	server := start(t, f, nil, false)
	m := message()
	m.To = nil
	for i := range 150 {
		m.To = append(m.To, fmt.Sprintf("administrator-%03d@example.org", i))
	}
	m.ReplyTo = "a@example.org,Desk <b@example.org>"
	if err := sending().Send(t.Context(), server, m); err != nil {
		t.Fatal(err)
	}
	got := f.got()[0]
	if len(got.to) != 150 || !strings.Contains(got.data, "\r\nTo: administrator-000@example.org,administrator-001@example.org,") {
		t.Errorf("%d recipients: %s", len(got.to), got.data)
	}
	for line := range strings.SplitSeq(got.data, "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d characters", len(line))
		}
	}
	read, err := netmail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]int{"To": 150, "Reply-To": 2} {
		if list, err := read.Header.AddressList(field); err != nil || len(list) != want {
			t.Errorf("%s: %d addresses, %v", field, len(list), err)
		}
	}
}

func TestSend_HTMLWithPicture(t *testing.T) {
	f := &fake{}
	server := start(t, f, nil, false)
	m := message()
	m.HTML, m.Inline = true, []Inline{{"token_image", "S1.png", "image/png", []byte("\x89PNG")}}
	if err := sending().Send(t.Context(), server, m); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"multipart/related", "text/html", "Content-Id: <token_image>", "image/png", "S1.png"} {
		if !strings.Contains(f.got()[0].data, want) {
			t.Errorf("no %s in %s", want, f.got()[0].data)
		}
	}
}

func TestSend_File(t *testing.T) {
	f := &fake{}
	server := start(t, f, nil, false)
	m := message()
	m.Files = []File{{"S1.pdf", "application/pdf", []byte("%PDF-1.3")}}
	if err := sending().Send(t.Context(), server, m); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"multipart/mixed", "text/plain", "Content-Disposition: attachment", "application/pdf", "S1.pdf", "JVBERi0xLjM="} {
		if !strings.Contains(f.got()[0].data, want) {
			t.Errorf("no %s in %s", want, f.got()[0].data)
		}
	}
}

func TestSend_TLS(t *testing.T) {
	cert, pool := certificate(t)
	for _, c := range []struct {
		name     string
		cert     *tls.Certificate
		implicit bool
		change   func(*Server)
		pool     *x509.CertPool
		ok, tls  bool
	}{
		{"not asked for", cert, false, func(*Server) {}, pool, true, false},
		{"STARTTLS", cert, false, func(s *Server) { s.TLS = true }, pool, true, true},
		{"STARTTLS is not offered", nil, false, func(s *Server) { s.TLS = true }, pool, false, false},
		{"from the first byte", cert, true, func(s *Server) { s.Host = "smtps://127.0.0.1" }, pool, true, true},
		{"unknown certificate", cert, false, func(s *Server) { s.TLS = true }, nil, false, false},
		{"unknown certificate from the first byte", cert, true, func(s *Server) { s.Host = "smtps://127.0.0.1" }, nil, false, false},
		{"certificate of another name", cert, false, func(s *Server) { s.TLS, s.Host = true, "localhost" }, pool, false, false},
		{"any certificate will do", cert, false, func(s *Server) { s.TLS, s.SkipVerify = true, true }, nil, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{}
			server := start(t, f, c.cert, c.implicit)
			c.change(&server)
			s := sending()
			s.RootCAs = c.pool
			if s.RootCAs == nil {
				s.RootCAs = x509.NewCertPool()
			}
			err := s.Send(t.Context(), server, message())
			if (err == nil) != c.ok {
				t.Fatalf("%v", err)
			}
			if c.ok && f.got()[0].tls != c.tls || !c.ok && len(f.got()) > 0 {
				t.Errorf("%+v", f.got())
			}
		})
	}
}

func TestSend_Login(t *testing.T) {
	for _, c := range []struct {
		name, mechanism, password string
		ok                        bool
	}{
		{"right", "PLAIN", "ge heim:7", true},
		{"wrong", "PLAIN", "falsch", false},
		{"not offered", "", "ge heim:7", false},
		{"only unknown ones", "XYZ", "ge heim:7", false},
	} {
		f := &fake{mechanism: c.mechanism, login: "relay:ge heim:7"}
		server := start(t, f, nil, false)
		server.User, server.Password = "relay", secret.New(c.password)
		err := sending().Send(t.Context(), server, message())
		if (err == nil) != c.ok || (len(f.got()) == 1) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), c.password) {
			t.Errorf("%s: the error shows the password", c.name)
		}
	}
	f := &fake{mechanism: "PLAIN", login: "relay:schlüssel"}
	server := start(t, f, nil, false)
	server.User, server.Password = "relay", secret.New("schlüssel")
	if err := sending().Send(t.Context(), server, message()); err != nil || !f.got()[0].login {
		t.Errorf("password beyond ASCII: %v", err)
	}
}

func TestSend_Refusals(t *testing.T) {
	f := &fake{refuse: "gone@example.org"}
	server := start(t, f, nil, false)
	m := message()
	m.To = []string{"gone@example.org"}
	var refused *Refused
	if err := sending().Send(t.Context(), server, m); !errors.As(err, &refused) || len(f.got()) != 0 {
		t.Errorf("the only one: %v", err)
	}
	m.To = []string{"gone@example.org", "ops@example.org"}
	err := sending().Send(t.Context(), server, m)
	if !errors.As(err, &refused) || strings.Join(refused.Recipients, ",") != "gone@example.org" || len(f.got()) != 1 {
		t.Errorf("one of two: %v", err)
	}
	f.later = "busy@example.org"
	m.To = []string{"gone@example.org", "busy@example.org", "ops@example.org"}
	err = sending().Send(t.Context(), server, m)
	if !errors.As(err, &refused) || len(refused.Recipients) != 2 || strings.Join(refused.Later, ",") != "busy@example.org" {
		t.Errorf("one for good, one for now: %v", err)
	}
	if err := sending().Send(t.Context(), start(t, &fake{failData: true}, nil, false), message()); err == nil {
		t.Error("a text that is refused")
	}
}

// odd accepts connections and answers with what it is told, then says nothing.
func odd(t *testing.T, greeting string) Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, greeting)
				_, _ = io.Copy(io.Discard, conn) // until the client goes
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Timeout: 100 * time.Millisecond}
}

func TestSend_ServersThatDoNotWork(t *testing.T) {
	for name, greeting := range map[string]string{
		"silence": "", "silence after the greeting": "220 hello\r\n", "refusal": "554 closed\r\n", "garbage": "\x00\xff\r\n\r\n", "half a line": "220",
	} {
		if err := sending().Send(t.Context(), odd(t, greeting), message()); err == nil {
			t.Errorf("%s: sent", name)
		}
	}
	hanging := odd(t, "")
	hanging.Host = "smtps://127.0.0.1"
	if err := sending().Send(t.Context(), hanging, message()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("TLS with silence: %v", err)
	}
	hanging.Host, hanging.Timeout = "127.0.0.1", time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := sending().Send(ctx, hanging, message()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's deadline: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if err := sending().Send(t.Context(), Server{Host: "127.0.0.1", Port: port}, message()); err == nil {
		t.Error("nobody listens")
	}
}

func TestSend_RefusesBadInput(t *testing.T) {
	server := Server{Host: "127.0.0.1", Port: 1}
	for name, change := range map[string]func(*Server, *Message){
		"no recipient":            func(_ *Server, m *Message) { m.To = []string{" "} },
		"no address":              func(_ *Server, m *Message) { m.To = []string{"ops"} },
		"recipient with a line":   func(_ *Server, m *Message) { m.To = []string{"a@b\r\nRCPT TO:<c@d>"} },
		"sender with a line":      func(_ *Server, m *Message) { m.From = "a@b\nX: y" },
		"answers to no address":   func(_ *Server, m *Message) { m.ReplyTo = "x" },
		"file with a line":        func(_ *Server, m *Message) { m.Files = []File{{Name: "x\r\ny"}} },
		"picture with a line":     func(_ *Server, m *Message) { m.Inline = []Inline{{Name: "x\r\ny"}} },
		"no host":                 func(s *Server, _ *Message) { s.Host = "" },
		"another scheme":          func(s *Server, _ *Message) { s.Host = "http://127.0.0.1" },
		"port that is no number":  func(s *Server, _ *Message) { s.Host = "127.0.0.1:x" },
		"port beyond all numbers": func(s *Server, _ *Message) { s.Port = 70000 },
	} {
		s, m := server, message()
		change(&s, &m)
		if err := sending().Send(t.Context(), s, m); err == nil || !strings.HasPrefix(err.Error(), "ERR905: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPath(t *testing.T) {
	for address, want := range map[string]string{
		"": "<>", "a@b": "<a@b>", "a> RCPT TO:<c@d": `<"a> RCPT TO:<c"@d>`, "a b@c": `<"a b"@c>`, "jürgen@x": "<jürgen@x>",
	} {
		if got := path(address); got != want {
			t.Errorf("%q: %s, want %s", address, got, want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for host, want := range map[string]string{
		"mail": "mail:2525 plain", "mail:26": "mail:26 plain", "smtp://mail": "mail:2525 plain", "smtps://mail:465": "mail:465 TLS", "SMTPS://mail/": "mail:2525 TLS",
		"[::1]:27": "[::1]:27 plain", "::1": "[::1]:2525 plain", "[::1]": "[::1]:2525 plain", " mail ": "mail:2525 plain",
	} {
		e, err := endpointOf(Server{Host: host, Port: 2525})
		got := e.address() + map[bool]string{true: " TLS", false: " plain"}[e.tls]
		if err != nil || got != want {
			t.Errorf("%q: %s %v, want %s", host, got, err, want)
		}
	}
	if e, err := endpointOf(Server{Host: "mail"}); err != nil || e.port != 25 {
		t.Errorf("%v %v", e, err)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("ops@example.org", "mfa@example.com", "", "Subject", "Body")
	f.Add("A <a@b>, c@d", "", "x@y", "Prüfung\r\nBcc: e@f", ".\r\n..\r\n")
	f.Fuzz(func(t *testing.T, to, from, reply, subject, body string) {
		s := Sender{Now: func() time.Time { return now }, Rand: bytes.NewReader(make([]byte, 16))}
		l, err := s.compose(Server{}, Message{To: []string{to}, From: from, ReplyTo: reply, Subject: subject, Body: body})
		if err != nil {
			return
		}
		for _, a := range append(l.to, l.from) {
			if strings.ContainsAny(a, "\r\n") {
				t.Errorf("line break in the address %q", a)
			}
		}
		m, err := netmail.ReadMessage(bytes.NewReader(l.data))
		if err != nil {
			t.Fatalf("%v in %q", err, l.data)
		}
		if m.Header.Get("Bcc") != "" {
			t.Errorf("a field from the subject: %q", l.data)
		}
	})
}
