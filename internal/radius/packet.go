package radius

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the protocol knows nothing else
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"strings"
	"unicode"
)

// Codes of packets (RFC 2865 §3).
const (
	codeRequest   = 1
	codeAccept    = 2
	codeReject    = 3
	codeChallenge = 11
)

// Attributes (RFC 2865 §5, RFC 3579 §3).
const (
	attrUserName             = 1
	attrUserPassword         = 2
	attrReplyMessage         = 18
	attrState                = 24
	attrNASIdentifier        = 32
	attrProxyState           = 33
	attrEAPMessage           = 79
	attrMessageAuthenticator = 80
)

const (
	headerLen = 20
	// maxPacket is the longest packet, maxValue the longest value of an attribute,
	// maxPassword the longest password (RFC 2865 §3, §5, §5.2), in octets.
	maxPacket   = 4096
	maxValue    = 253
	maxPassword = 128
)

// Errors of questions that cannot be asked.
var (
	ErrPassword = errors.New("a RADIUS password has 128 octets at most")
	ErrUser     = errors.New("a RADIUS user name has 1 to 253 octets")
	ErrValue    = errors.New("a value does not fit into a RADIUS attribute")
)

// Reasons for which an answer is dropped as if it had never come (RFC 2865 §3,
// RFC 3579 §3.2).
var (
	errMalformed = errors.New("malformed packet")
	errOther     = errors.New("answer to another request")
	errForged    = errors.New("wrong response authenticator")
	errUnsigned  = errors.New("no Message-Authenticator")
	errSignature = errors.New("wrong Message-Authenticator")
	errEcho      = errors.New("a Proxy-State that was never sent")
)

// packet is what the attributes of an Access-Request are collected in.
type packet struct{ b []byte }

func (p *packet) add(typ byte, value []byte) error {
	if len(value) > maxValue {
		return ErrValue
	}
	p.b = append(append(p.b, typ, byte(len(value)+2)), value...)
	return nil
}

// request makes an Access-Request. It begins with a Message-Authenticator, so that
// nothing can be put before it.
func request(id byte, authenticator [16]byte, secret []byte, q Question) ([]byte, error) {
	p := &packet{b: make([]byte, headerLen, 256)}
	p.b[0], p.b[1] = codeRequest, id
	copy(p.b[4:], authenticator[:])
	if q.User == "" || len(q.User) > maxValue {
		return nil, ErrUser
	}
	password, err := hide([]byte(q.Password.Reveal()), secret, authenticator)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		p.add(attrMessageAuthenticator, make([]byte, md5.Size)),
		p.add(attrUserName, []byte(q.User)),
		p.add(attrUserPassword, password),
	)
	if q.NASIdentifier != "" {
		err = errors.Join(err, p.add(attrNASIdentifier, []byte(q.NASIdentifier)))
	}
	if len(q.State) > 0 {
		err = errors.Join(err, p.add(attrState, q.State))
	}
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(p.b[2:], uint16(len(p.b)))
	copy(p.b[headerLen+2:], sign(p.b, secret))
	return p.b, nil
}

// sign is the HMAC-MD5 over a packet whose Message-Authenticator is zero.
func sign(b, secret []byte) []byte {
	m := hmac.New(md5.New, secret)
	m.Write(b)
	return m.Sum(nil)
}

// hide encrypts a password as User-Password (RFC 2865 §5.2).
func hide(password, secret []byte, authenticator [16]byte) ([]byte, error) {
	if len(password) > maxPassword {
		return nil, ErrPassword
	}
	out := make([]byte, max(1, (len(password)+15)/16)*16)
	copy(out, password)
	before := authenticator[:]
	for i := 0; i < len(out); i += 16 {
		mask := md5.Sum(append(bytes.Clone(secret), before...)) //nolint:gosec // RFC 2865 §5.2
		subtle.XORBytes(out[i:i+16], out[i:i+16], mask[:])
		before = out[i : i+16]
	}
	return out, nil
}

// parse reads the answer to the request with the identifier and authenticator. It
// fails with a reason to drop the packet. signed: it had a Message-Authenticator,
// which was right; needSigned refuses answers without one.
func parse(b []byte, id byte, authenticator [16]byte, secret []byte, needSigned bool) (a Answer, signed bool, err error) {
	if len(b) < headerLen {
		return a, false, errMalformed
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerLen || n > maxPacket || n > len(b) {
		return a, false, errMalformed
	}
	b = bytes.Clone(b[:n]) // what lies behind is padding
	if b[1] != id {
		return a, false, errOther
	}
	response := bytes.Clone(b[4:headerLen])
	copy(b[4:], authenticator[:])
	sum := md5.Sum(append(bytes.Clone(b), secret...)) //nolint:gosec // RFC 2865 §3
	if subtle.ConstantTimeCompare(sum[:], response) != 1 {
		return a, false, errForged
	}
	var message strings.Builder
	var signature []byte
	eap, echo := false, false
	for rest := b[headerLen:]; len(rest) > 0; {
		if len(rest) < 2 || int(rest[1]) < 2 || int(rest[1]) > len(rest) {
			return Answer{}, false, errMalformed
		}
		value := rest[2:rest[1]]
		switch rest[0] {
		case attrReplyMessage:
			message.Write(value)
		case attrState:
			a.State = bytes.Clone(value)
		case attrProxyState:
			echo = true
		case attrEAPMessage:
			eap = true
		case attrMessageAuthenticator:
			if signature != nil || len(value) != md5.Size {
				return Answer{}, false, errSignature
			}
			signature = bytes.Clone(value)
			clear(value) // in b, which is signed so
		}
		rest = rest[rest[1]:]
	}
	switch {
	case signature != nil && !hmac.Equal(sign(b, secret), signature):
		return Answer{}, false, errSignature
	case signature == nil && (needSigned || eap):
		return Answer{}, false, errUnsigned
	case signature == nil && echo:
		// what CVE-2024-3596 needs: servers echo what an attacker added
		return Answer{}, false, errEcho
	}
	switch b[0] {
	case codeAccept:
		a.Code = Accept
	case codeReject:
		a.Code = Reject
	case codeChallenge:
		a.Code = Challenge
	default:
		return Answer{}, false, errMalformed
	}
	a.Message = readable(message.String())
	return a, signature != nil, nil
}

// readable is a text for people: UTF-8 without control characters.
func readable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
}
