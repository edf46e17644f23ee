// Package smppsms sends text messages through message centres that speak SMPP.
package smppsms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"edumfa/internal/secret"
	"edumfa/internal/smpp"
	"edumfa/internal/smsprovider"
)

// limit is how long a message may take.
const limit = 30 * time.Second

// Kind returns the kind. rand numbers messages that need several parts.
func Kind(rand io.Reader) smsprovider.Kind {
	return smsprovider.Kind{
		Module: smsprovider.Prefix + "SmppSMSProvider.SmppSMSProvider",
		Parameters: []smsprovider.Parameter{
			{Name: "SMSC_HOST", Required: true, Help: "Name or address of the message centre."},
			{Name: "SMSC_PORT", Required: true, Help: "Its port."},
			{Name: "SYSTEM_ID", Help: "Name to log in with."},
			{Name: "PASSWORD", Help: "Password to log in with, of eight characters at most."},
			{Name: "S_ADDR_TON", Help: "Type of the sender's number, 0 to 255 or 0x00 to 0xff."},
			{Name: "S_ADDR_NPI", Help: "Numbering plan of the sender's number."},
			{Name: "S_ADDR", Help: "The sender."},
			{Name: "D_ADDR_TON", Help: "Type of the recipient's number."},
			{Name: "D_ADDR_NPI", Help: "Numbering plan of the recipient's number."},
			{Name: "REGEXP", Help: smsprovider.RegexpHelp},
		},
		Send: func(ctx context.Context, g smsprovider.Gateway, m smsprovider.Message) error {
			return send(ctx, rand, g, m)
		},
	}
}

func send(ctx context.Context, rand io.Reader, g smsprovider.Gateway, m smsprovider.Message) error {
	o := g.Options
	if o["SMSC_HOST"] == "" || o["SMSC_PORT"] == "" {
		return errors.New("the SMS gateway has no host or no port")
	}
	from, to := smpp.Address{Number: o["S_ADDR"]}, smpp.Address{Number: g.Phone(m.Phone)}
	for name, octet := range map[string]*byte{"S_ADDR_TON": &from.TON, "S_ADDR_NPI": &from.NPI, "D_ADDR_TON": &to.TON, "D_ADDR_NPI": &to.NPI} {
		n, err := number(o[name])
		if err != nil {
			return fmt.Errorf("the option %s of the SMS gateway is no number of one octet", name)
		}
		*octet = n
	}
	var reference [1]byte
	if _, err := io.ReadFull(rand, reference[:]); err != nil {
		return err
	}
	parts, err := smpp.Split(m.Text, reference[0])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s, err := smpp.Bind(ctx, smpp.Server{Address: net.JoinHostPort(o["SMSC_HOST"], o["SMSC_PORT"]), SystemID: o["SYSTEM_ID"], Password: secret.New(o["PASSWORD"])})
	if err != nil {
		return err
	}
	defer s.Close()
	for _, p := range parts {
		if err := s.Submit(from, to, p); err != nil {
			return err
		}
	}
	return nil
}

// number reads an octet, decimal or hexadecimal; none is zero.
func number(text string) (byte, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		n, err = strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 8)
	}
	return byte(n), err
}
