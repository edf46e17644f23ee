package app_test

import (
	"bufio"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// mailServer takes every mail and keeps it.
type mailServer struct {
	port  string
	mu    sync.Mutex
	mails []*mail.Message
	texts []string
	// refused are answers to recipients, by their addresses.
	refused map[string]string

	listener net.Listener
	talks    sync.WaitGroup
	closing  chan struct{}
	mute     bool // it says nothing
}

func newMailServer(t *testing.T) *mailServer {
	s := &mailServer{port: "0"}
	s.start(t)
	t.Cleanup(s.stop)
	return s
}

// start listens, on the same port as before if there was one.
func (s *mailServer) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().String()[strings.LastIndex(l.Addr().String(), ":")+1:]
	closing := make(chan struct{})
	s.listener, s.closing = l, closing
	s.talks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.talks.Go(func() {
				done := make(chan struct{})
				defer close(done)
				go func() {
					select {
					case <-closing: // between two commands; see talk
						_ = c.SetReadDeadline(time.Now())
					case <-done:
					}
				}()
				s.talk(c)
			})
		}
	})
}

// stop ends all connections. A mail whose text was sent is taken and confirmed.
func (s *mailServer) stop() {
	select {
	case <-s.closing:
		return
	default:
	}
	close(s.closing)
	_ = s.listener.Close()
	s.talks.Wait()
}

// talk is RFC 5321 as far as a client goes that has no questions.
func (s *mailServer) talk(c net.Conn) {
	defer c.Close()
	r := textproto.NewReader(bufio.NewReader(c))
	say := func(line string) {
		if !s.mute {
			_, _ = io.WriteString(c, line+"\r\n")
		}
	}
	say("220 test")
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		switch command, _, _ := strings.Cut(strings.ToUpper(line), " "); command {
		case "DATA":
			say("354 go on")
			b, err := r.ReadDotBytes()
			if err != nil {
				return
			}
			s.keep(string(b))
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		case "RCPT":
			say(s.recipient(line))
		default:
			say("250 ok")
		}
	}
}

// recipient is the answer to RCPT TO:<address>.
func (s *mailServer) recipient(line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for address, answer := range s.refused {
		if strings.Contains(line, "<"+address+">") {
			return answer
		}
	}
	return "250 ok"
}

// refuse sets the answers to recipients.
func (s *mailServer) refuse(answers map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = answers
}

func (s *mailServer) keep(data string) {
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		return
	}
	content := m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		content = quotedprintable.NewReader(m.Body)
	}
	body, err := io.ReadAll(content)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	s.texts = append(s.texts, strings.TrimSpace(string(body)))
}

// bodies are the texts of the mails so far.
func (s *mailServer) bodies() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}
