package smpp

import (
	"context"
	"fmt"
	"net"

	"edumfa/internal/secret"
)

// Refused is the status of an answer that is not ESME_ROK.
type Refused struct {
	Command string
	Status  uint32
}

func (r *Refused) Error() string {
	word := map[uint32]string{
		0x05: "already bound", 0x08: "error of the message centre", 0x0a: "sender not accepted", 0x0b: "phone number not accepted", 0x0d: "bind failed",
		0x0e: "wrong password", 0x0f: "unknown system id", 0x14: "its queue is full", 0x45: "submit failed", 0x58: "too many messages",
	}[r.Status]
	if word != "" {
		word = ": " + word
	}
	return fmt.Sprintf("the message centre refuses to %s with status 0x%08X%s", r.Command, r.Status, word)
}

// Server is a message centre.
type Server struct {
	Address  string // host:port
	SystemID string
	Password secret.String
}

// Session is a connection that is bound as transmitter. It is not safe for
// concurrent use.
type Session struct {
	conn     net.Conn
	sequence uint32
	stop     func() bool
}

// Bind connects and logs in. The session ends with ctx at the latest. Errors:
// [*Refused], and others for centres that cannot be reached.
func Bind(ctx context.Context, s Server) (*Session, error) {
	body, err := bindBody(s.SystemID, s.Password.Reveal())
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	// whatever the other side does, reading and writing end with ctx
	out := &Session{conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() })}
	if err := out.ask("bind", cmdBindTransmitter, body); err != nil {
		out.end()
		return nil, err
	}
	return out, nil
}

// Submit hands over one part; an error is [*Refused] if the centre does not want
// it.
func (s *Session) Submit(from, to Address, p Part) error {
	body, err := submitBody(from, to, p)
	if err != nil {
		return err
	}
	return s.ask("submit", cmdSubmit, body)
}

// Close says goodbye and ends the connection.
func (s *Session) Close() {
	_ = s.ask("unbind", cmdUnbind, nil) // what was submitted stays submitted
	s.end()
}

func (s *Session) end() {
	s.stop()
	_ = s.conn.Close()
}

// maxBetween bounds how much the centre may ask before it answers.
const maxBetween = 100

// ask sends a command and waits for its answer.
func (s *Session) ask(name string, command uint32, body []byte) error {
	s.sequence++
	if _, err := s.conn.Write(pdu{command: command, sequence: s.sequence, body: body}.encode()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for range maxBetween {
		p, err := readPDU(s.conn)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch {
		case p.command&isAnswer == 0:
			if err := s.reply(p); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		case p.command == command|isAnswer && p.sequence == s.sequence, p.command == cmdNack && (p.sequence == s.sequence || p.sequence == 0):
			if p.status != 0 || p.command == cmdNack {
				return &Refused{Command: name, Status: p.status}
			}
			return nil
		}
	}
	return fmt.Errorf("%s: the message centre does not answer what it was asked", name)
}

// reply answers what the centre asks.
func (s *Session) reply(p pdu) error {
	answer := pdu{command: p.command | isAnswer, sequence: p.sequence}
	switch p.command {
	case cmdEnquireLink, cmdUnbind:
	default:
		answer.command, answer.status = cmdNack, statusUnknownCommand
	}
	if _, err := s.conn.Write(answer.encode()); err != nil {
		return err
	}
	if p.command == cmdUnbind {
		return net.ErrClosed
	}
	return nil
}
