package mail

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"edumfa/internal/mfaerr"
)

// nobody stands in the From field when no sender is set: the field is required
// (RFC 5322 §3.6.2), while the envelope is left without a return path.
const nobody = "edumfa@localhost"

// idLetters are what a given Message-ID may consist of.
const idLetters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

// letter is a mail ready for the wire.
type letter struct {
	from string // envelope; empty is the null return path
	to   []string
	data []byte
}

func (s Sender) compose(server Server, m Message) (letter, error) {
	to, err := addresses(m.To)
	if err != nil {
		return letter{}, err
	}
	if len(to) == 0 {
		return letter{}, mfaerr.NewParameter("A mail without recipient")
	}
	from, envelope, err := sender(m.From, server.Sender)
	if err != nil {
		return letter{}, err
	}
	reply, err := addresses([]string{m.ReplyTo})
	if err != nil {
		return letter{}, err
	}
	if len(reply) == 0 {
		reply = []*mail.Address{from}
	}

	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to...)
	msg.SetAddrHeaderFromMailAddress(gomail.HeaderReplyTo, reply...)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(s.Now().UTC())
	// Machines must not answer (RFC 3834 §5).
	msg.SetGenHeader(gomail.HeaderPrecedence, "bulk")
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if err := s.setID(msg, m.ID); err != nil {
		return letter{}, err
	}
	kind := gomail.TypeTextPlain
	if m.HTML {
		kind = gomail.TypeTextHTML
	}
	msg.SetBodyString(kind, m.Body)
	for _, i := range m.Inline {
		if strings.ContainsAny(i.Name+i.ContentID+i.Type, "\r\n\"<>") {
			return letter{}, mfaerr.NewParameter("%q cannot be the name of a picture in a mail", i.Name)
		}
		msg.EmbedReadSeeker(i.Name, bytes.NewReader(i.Data),
			gomail.WithFileContentID("<"+i.ContentID+">"), gomail.WithFileContentType(gomail.ContentType(i.Type)))
	}
	for _, f := range m.Files {
		if strings.ContainsAny(f.Name+f.Type, "\r\n\"<>") {
			return letter{}, mfaerr.NewParameter("%q cannot be the name of a file in a mail", f.Name)
		}
		msg.AttachReadSeeker(f.Name, bytes.NewReader(f.Data), gomail.WithFileContentType(gomail.ContentType(f.Type)))
	}
	var data bytes.Buffer
	if _, err := msg.WriteTo(&data); err != nil {
		return letter{}, fmt.Errorf("writing a mail: %w", err)
	}
	l := letter{from: envelope, data: plainAddresses(data.Bytes())}
	for _, a := range to {
		l.to = append(l.to, a.Address)
	}
	return l, nil
}

// maxLine is how long a line of addresses gets, in characters, before it is
// folded; lines of 998 are the limit (RFC 5322 §2.1.1).
const maxLine = 900

// plainAddresses writes addresses without a name as people write them, without
// angle brackets, and lists of them with nothing but commas between. Both forms
// are right (RFC 5322 §3.4); filters that compare texts expect this one.
func plainAddresses(mail []byte) []byte {
	head, body, ok := bytes.Cut(mail, []byte("\r\n\r\n"))
	if !ok {
		return mail
	}
	lines := bytes.Split(head, []byte("\r\n"))
	out := make([][]byte, 0, len(lines))
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && len(lines[end]) > 0 && (lines[end][0] == ' ' || lines[end][0] == '\t') {
			end++
		}
		field := lines[i:end]
		name, value, _ := bytes.Cut(bytes.Join(field, nil), []byte(": "))
		switch string(name) {
		case gomail.HeaderFrom.String(), gomail.HeaderTo.String(), gomail.HeaderReplyTo.String():
			if list, plain := plainList(value); plain {
				field = foldList(string(name)+": ", list)
			}
		}
		out = append(out, field...)
		i = end
	}
	return slices.Concat(bytes.Join(out, []byte("\r\n")), []byte("\r\n\r\n"), body)
}

// plainList takes a list of addresses in angle brackets apart; false when one of
// them has a name or needs its brackets.
func plainList(value []byte) ([]string, bool) {
	var list []string
	for part := range strings.SplitSeq(string(value), ",") {
		part = strings.TrimSpace(part)
		if len(part) < 3 || part[0] != '<' || part[len(part)-1] != '>' || strings.ContainsAny(part[1:len(part)-1], "<>\"() ") {
			return nil, false
		}
		list = append(list, part[1:len(part)-1])
	}
	return list, true
}

func foldList(line string, list []string) [][]byte {
	var out [][]byte
	for i, address := range list {
		if i > 0 {
			line += ","
			if len(line)+len(address) > maxLine {
				out, line = append(out, []byte(line)), " "
			}
		}
		line += address
	}
	return append(out, []byte(line))
}

func sender(texts ...string) (from *mail.Address, envelope string, err error) {
	for _, t := range texts {
		list, err := addresses([]string{t})
		if err != nil {
			return nil, "", err
		}
		if len(list) > 0 {
			return list[0], list[0].Address, nil
		}
	}
	return &mail.Address{Address: nobody}, "", nil
}

func (s Sender) setID(msg *gomail.Msg, given string) error {
	if given != "" {
		if strings.Trim(given, idLetters) != "" {
			return mfaerr.NewParameter("%q cannot be the Message-ID of a mail", given)
		}
		msg.SetMessageIDWithValue(given + "@edumfa.invalid")
		return nil
	}
	var id [16]byte
	if _, err := io.ReadFull(s.Rand, id[:]); err != nil {
		return fmt.Errorf("random bytes for a mail: %w", err)
	}
	msg.SetMessageIDWithValue(hex.EncodeToString(id[:]) + "@edumfa.invalid")
	return nil
}
