package smpp

import (
	"errors"
	"strings"
	"unicode/utf16"
)

// Data codings (SMPP 3.4 §5.2.19).
const (
	codingDefault = 0 // the alphabet of GSM 03.38, one octet for each septet
	codingUCS2    = 8
)

// classHeader marks messages that begin with a user data header (§5.2.12).
const classHeader = 0x40

// Room for a message alone and for each of several, in octets: a header of six
// takes its place (3GPP TS 23.040 §9.2.3.24.1).
const (
	aloneDefault, partDefault = 160, 153
	aloneUCS2, partUCS2       = 140, 134
)

// maxParts is the greatest number of parts, of the octet that counts them.
const maxParts = 255

// Part is a message, or a part of a longer one, as it is submitted.
type Part struct {
	Data          []byte
	Class, Coding byte
}

// ErrTooLong says that a message does not fit into the most parts there can be.
var ErrTooLong = errors.New("the message is too long")

// Split writes a text in the smallest alphabet that has all its characters, in as
// many parts as it needs. Phones put parts of one reference together.
func Split(text string, reference byte) ([]Part, error) {
	units, coding, alone, room := gsm(text), byte(codingDefault), aloneDefault, partDefault
	if units == nil {
		units, coding, alone, room = ucs2(text), codingUCS2, aloneUCS2, partUCS2
	}
	if whole := join(units, alone); len(whole) <= 1 {
		return []Part{{Data: append([]byte{}, strings.Join(whole, "")...), Coding: coding}}, nil
	}
	pieces := join(units, room)
	if len(pieces) > maxParts {
		return nil, ErrTooLong
	}
	parts := make([]Part, len(pieces))
	for i, piece := range pieces {
		header := []byte{5, 0, 3, reference, byte(len(pieces)), byte(i + 1)} //nolint:gosec // at most maxParts
		parts[i] = Part{Data: append(header, piece...), Class: classHeader, Coding: coding}
	}
	return parts, nil
}

// join puts characters together to pieces of at most room octets.
func join(units []string, room int) []string {
	var out []string
	var b strings.Builder
	for _, u := range units {
		if b.Len()+len(u) > room {
			out = append(out, b.String())
			b.Reset()
		}
		b.WriteString(u)
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

// The default alphabet in the order of its codes and the characters behind an
// escape (3GPP TS 23.038 §6.2.1). The escape itself is no character.
const (
	alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	escape   = 0x1b
	escaped  = "\f\n^\x14{\x28}\x29\\\x2f[\x3c~\x3d]\x3e|\x40€\x65" // character, code
)

// gsm are the characters of a text in the default alphabet; nil if it lacks one.
func gsm(text string) []string {
	codes := map[rune]string{}
	n := 0
	for _, r := range alphabet {
		if r != escape {
			codes[r] = string([]byte{byte(n)})
		}
		n++
	}
	pairs := []rune(escaped)
	for i := 0; i < len(pairs); i += 2 {
		codes[pairs[i]] = string([]byte{escape, byte(pairs[i+1])})
	}
	units := []string{}
	for _, r := range text {
		code, known := codes[r]
		if !known {
			return nil
		}
		units = append(units, code)
	}
	return units
}

// ucs2 are the characters of a text in UCS-2; what is beyond it is two of them,
// which stay together.
func ucs2(text string) []string {
	var units []string
	for _, r := range text {
		var b []byte
		for _, u := range utf16.AppendRune(nil, r) {
			b = append(b, byte(u>>8), byte(u))
		}
		units = append(units, string(b))
	}
	return units
}
