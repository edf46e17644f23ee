// Package smpp hands short messages to a message centre by the Short Message
// Peer-to-Peer Protocol, version 3.4, as far as a transmitter needs it: bind,
// submit, unbind, and answers to what the other side asks meanwhile.
package smpp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Commands (SMPP 3.4 §5.1.2.1). An answer has the bit isAnswer set.
const (
	cmdBindTransmitter = 0x00000002
	cmdSubmit          = 0x00000004
	cmdUnbind          = 0x00000006
	cmdEnquireLink     = 0x00000015
	cmdNack            = 0x80000000
	isAnswer           = 0x80000000
)

const (
	headerLength = 16 // length, command, status, sequence: four octets each
	// maxPDU bounds what is read, in octets. Answers to a transmitter are short.
	maxPDU = 16 << 10
	// statusUnknownCommand is ESME_RINVCMDID.
	statusUnknownCommand = 3
)

// pdu is one protocol data unit.
type pdu struct {
	command, status, sequence uint32
	body                      []byte
}

func (p pdu) encode() []byte {
	b := make([]byte, 0, headerLength+len(p.body))
	for _, n := range []uint32{uint32(headerLength + len(p.body)), p.command, p.status, p.sequence} { //nolint:gosec // bodies are short
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return append(b, p.body...)
}

func readPDU(r io.Reader) (pdu, error) {
	var head [headerLength]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return pdu{}, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < headerLength || length > maxPDU {
		return pdu{}, fmt.Errorf("the message centre sends a unit of %d octets", length)
	}
	p := pdu{command: binary.BigEndian.Uint32(head[4:]), status: binary.BigEndian.Uint32(head[8:]), sequence: binary.BigEndian.Uint32(head[12:])}
	p.body = make([]byte, length-headerLength)
	if _, err := io.ReadFull(r, p.body); err != nil {
		return pdu{}, err
	}
	return p, nil
}

// Longest texts, with the zero octet at their end (§4.1.1, §4.4.1).
const (
	maxSystemID = 16
	maxPassword = 9
	maxAddress  = 21
)

// text appends a text that ends with a zero octet.
func text(b []byte, name, s string, longest int) ([]byte, error) {
	if len(s) >= longest {
		return nil, fmt.Errorf("the %s is longer than %d characters", name, longest-1)
	}
	for i := range len(s) {
		if s[i] == 0 || s[i] > 0x7f {
			return nil, fmt.Errorf("the %s has characters that are no ASCII", name)
		}
	}
	return append(append(b, s...), 0), nil
}

const version = 0x34

func bindBody(systemID, password string) ([]byte, error) {
	b, err := text(nil, "system id", systemID, maxSystemID)
	if err != nil {
		return nil, err
	}
	if b, err = text(b, "password", password, maxPassword); err != nil {
		return nil, err
	}
	// no system type, version, type and plan of no address range
	return append(b, 0, version, 0, 0, 0), nil
}

// Address is a number with its type and numbering plan (§5.2.5, §5.2.6).
type Address struct {
	TON, NPI byte
	Number   string
}

func (a Address) append(b []byte, name string) ([]byte, error) {
	return text(append(b, a.TON, a.NPI), name, a.Number, maxAddress)
}

// maxMessage is the longest message of one unit, in octets.
const maxMessage = 254

var errTooLong = errors.New("a part of the message is too long")

func submitBody(from, to Address, p Part) ([]byte, error) {
	b, err := from.append([]byte{0}, "number of the sender") // the usual service
	if err != nil {
		return nil, err
	}
	if b, err = to.append(b, "phone number"); err != nil {
		return nil, err
	}
	if len(p.Data) > maxMessage {
		return nil, errTooLong
	}
	// protocol, priority, at once, usual validity, no receipt, replaces nothing
	b = append(b, p.Class, 0, 0, 0, 0, 0, 0, p.Coding, 0, byte(len(p.Data)))
	return append(b, p.Data...), nil
}
