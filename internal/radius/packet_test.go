package radius

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"edumfa/internal/secret"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 2865 §7.1: nemo logs in.
const (
	rfcSecret        = "xyzzy5461"
	rfcAuthenticator = "0f403f9473978057bd83d5cb98f4227a"
	rfcPassword      = "0dbe708d93d413ce3196e43f782a0aee"
	rfcAccept        = "02 00 0026 86fe220e7624ba2a1005f6bf9b55e0b2 0606 00000001 0f06 00000000 0e06 c0a80103"
)

// RFC 2865 §7.3: mopsy is asked.
const (
	askedAuthenticator = "f3a47a1f6a6d76710b947ab93041a039"
	askedAnswer        = "0b 02 004e 36f3c8764a e8c7115740 3c0c71 ff9c45 12 30 4368616c6c656e67652033323736393433302e2020456e74657220726573706f6e73652061742070726f6d70742e 18 0a 3332373639343330"
)

func TestRFC2865(t *testing.T) {
	hidden, err := hide([]byte("arctangent"), []byte(rfcSecret), [16]byte(unhex(t, rfcAuthenticator)))
	if err != nil || hex.EncodeToString(hidden) != rfcPassword {
		t.Errorf("hidden password %x, %v", hidden, err)
	}
	a, signed, err := parse(unhex(t, rfcAccept), 0, [16]byte(unhex(t, rfcAuthenticator)), []byte(rfcSecret), false)
	if err != nil || signed || a.Code != Accept {
		t.Errorf("%+v %v %v", a, signed, err)
	}
	a, _, err = parse(unhex(t, askedAnswer), 2, [16]byte(unhex(t, askedAuthenticator)), []byte(rfcSecret), false)
	if err != nil || a.Code != Challenge || a.Message != "Challenge 32769430.  Enter response at prompt." || string(a.State) != "32769430" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestRequest(t *testing.T) {
	authenticator := [16]byte{1, 2, 3}
	b, err := request(7, authenticator, []byte("s"), Question{User: "gina", Password: secret.New("pw"), NASIdentifier: "nas", State: []byte("st")})
	if err != nil {
		t.Fatal(err)
	}
	if b[headerLen] != attrMessageAuthenticator || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		t.Errorf("%x", b)
	}
	mac := bytes.Clone(b[headerLen+2 : headerLen+18])
	clear(b[headerLen+2 : headerLen+18])
	if !bytes.Equal(mac, sign(b, []byte("s"))) {
		t.Error("wrong Message-Authenticator")
	}
	for name, c := range map[string]struct {
		q    Question
		want error
	}{
		"a password too long":    {Question{User: "a", Password: secret.New(strings.Repeat("x", 129))}, ErrPassword},
		"no user":                {Question{}, ErrUser},
		"a user too long":        {Question{User: strings.Repeat("x", 254)}, ErrUser},
		"a state too long":       {Question{User: "a", State: bytes.Repeat([]byte{1}, 254)}, ErrValue},
		"an identifier too long": {Question{User: "a", NASIdentifier: strings.Repeat("x", 254)}, ErrValue},
	} {
		if b, err := request(7, authenticator, nil, c.q); !errors.Is(err, c.want) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// answer makes a packet as a server would.
type answer struct {
	code, id byte
	to       [16]byte
	secret   string
	attrs    []byte
	sign     bool
	spoil    func(b []byte) // after the signature, before the authenticator
}

func attr(typ byte, v string) []byte { return append([]byte{typ, byte(len(v) + 2)}, v...) }

func (a answer) packet() []byte {
	b := append([]byte{a.code, a.id, 0, 0}, a.to[:]...)
	at := -1
	if a.sign {
		at = len(b) + 2
		b = append(b, attr(attrMessageAuthenticator, strings.Repeat("\x00", 16))...)
	}
	b = append(b, a.attrs...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	if at >= 0 {
		copy(b[at:], sign(b, []byte(a.secret)))
	}
	if a.spoil != nil {
		a.spoil(b)
	}
	sum := md5.Sum(append(bytes.Clone(b), a.secret...))
	copy(b[4:], sum[:])
	return b
}

func TestParse_DropsWhatCannotBeBelieved(t *testing.T) {
	to := [16]byte{9, 8, 7}
	good := answer{code: codeAccept, id: 5, to: to, secret: "s", sign: true}
	with := func(f func(*answer)) []byte {
		a := good
		f(&a)
		return a.packet()
	}
	cases := []struct {
		name   string
		packet []byte
		need   bool
		want   error
	}{
		{"right and signed", good.packet(), true, nil},
		{"padding behind it", append(good.packet(), 1, 2, 3), true, nil},
		{"unsigned where that is enough", with(func(a *answer) { a.sign = false }), false, nil},
		{"unsigned", with(func(a *answer) { a.sign = false }), true, errUnsigned},
		{"another request's number", with(func(a *answer) { a.id = 6 }), true, errOther},
		{"another request's authenticator", with(func(a *answer) { a.to[0]++ }), true, errForged},
		{"another secret", with(func(a *answer) { a.secret = "t" }), true, errForged},
		{"a signature that is wrong", with(func(a *answer) { a.spoil = func(b []byte) { b[headerLen+2] ^= 1 } }), false, errSignature},
		{"a code changed after signing", with(func(a *answer) { a.code, a.spoil = codeReject, func(b []byte) { b[0] = codeAccept } }), false, errSignature},
		{"two signatures", with(func(a *answer) { a.attrs = attr(attrMessageAuthenticator, strings.Repeat("\x00", 16)) }), false, errSignature},
		{"a short signature", with(func(a *answer) { a.sign, a.attrs = false, attr(attrMessageAuthenticator, "x") }), false, errSignature},
		{"an echo that was never sent", with(func(a *answer) { a.sign, a.attrs = false, attr(attrProxyState, "gibberish") }), false, errEcho},
		{"EAP without a signature", with(func(a *answer) { a.sign, a.attrs = false, attr(attrEAPMessage, "x") }), false, errUnsigned},
		{"a code of no answer", with(func(a *answer) { a.code = codeRequest }), true, errMalformed},
		{"an attribute of no length", with(func(a *answer) { a.attrs = []byte{1, 0} }), true, errMalformed},
		{"an attribute of one octet", with(func(a *answer) { a.attrs = []byte{1} }), true, errMalformed},
		{"an attribute longer than the packet", with(func(a *answer) { a.attrs = []byte{18, 200, 'x'} }), true, errMalformed},
		{"nothing", nil, false, errMalformed},
		{"half a header", good.packet()[:10], false, errMalformed},
		{"half a packet", good.packet()[:30], false, errMalformed},
		{"a length below the header's", append([]byte{2, 5, 0, 3}, make([]byte, 16)...), false, errMalformed},
		{"a length beyond any", append([]byte{2, 5, 255, 255}, make([]byte, 70000)...), false, errMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, _, err := parse(c.packet, 5, to, []byte("s"), c.need)
			if !errors.Is(err, c.want) || err != nil && (a.Code != Reject || a.State != nil || a.Message != "") {
				t.Errorf("%+v, %v; want %v", a, err, c.want)
			}
		})
	}
}

func TestParse_MessagesAreFitToBeShown(t *testing.T) {
	to := [16]byte{}
	a := answer{code: codeChallenge, secret: "s", attrs: append(attr(attrReplyMessage, "Code,\n\x1b[31m bi"), attr(attrReplyMessage, "tte\xff ")...)}
	got, _, err := parse(a.packet(), 0, to, []byte("s"), false)
	if err != nil || got.Message != "Code, [31m bitte\ufffd" {
		t.Errorf("%q %v", got.Message, err)
	}
}

func FuzzParse(f *testing.F) {
	to := [16]byte{9}
	f.Add(unhex(f, rfcAccept))
	f.Add(unhex(f, askedAnswer))
	f.Add(answer{code: codeChallenge, to: to, secret: "s", sign: true, attrs: attr(attrState, "x")}.packet())
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		if len(b) >= headerLen { // a right authenticator leads into the attributes
			n := int(binary.BigEndian.Uint16(b[2:]))
			if n >= headerLen && n <= len(b) {
				copy(b[4:], to[:])
				sum := md5.Sum(append(bytes.Clone(b[:n]), 's'))
				copy(b[4:], sum[:])
				before = bytes.Clone(b)
			}
		}
		a, signed, err := parse(b, 0, to, []byte("s"), false)
		if err != nil && (signed || a.State != nil || a.Message != "" || a.Code != Reject) {
			t.Errorf("%+v %v", a, err)
		}
		if !bytes.Equal(b, before) {
			t.Error("the packet was changed")
		}
	})
}
