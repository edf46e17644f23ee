package smpp

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/secret"
)

// The units of a session, octet by octet (SMPP 3.4 §4.1.1, §4.4.1).
func TestBodies(t *testing.T) {
	bind, err := bindBody("SMPP3TEST", "secret08")
	if err != nil {
		t.Fatal(err)
	}
	want := "00000028" + "00000002" + "00000000" + "00000001" + "534d50503354455354" + "00" + "7365637265743038" + "00" + "00" + "34" + "000000"
	if got := hex.EncodeToString(pdu{command: cmdBindTransmitter, sequence: 1, body: bind}.encode()); got != want {
		t.Errorf("bind:\n%s, want\n%s", got, want)
	}
	submit, err := submitBody(Address{1, 1, "4970"}, Address{1, 1, "491711"}, Part{Data: []byte("hi")})
	if err != nil {
		t.Fatal(err)
	}
	want = "00" + "0101" + hex.EncodeToString([]byte("4970")) + "00" + "0101" + hex.EncodeToString([]byte("491711")) + "00" + "000000" + "00" + "00" + "00" + "00" + "00" + "00" + "02" + "6869"
	if got := hex.EncodeToString(submit); got != want {
		t.Errorf("submit:\n%s, want\n%s", got, want)
	}
	for name, make := range map[string]func() ([]byte, error){
		"long system id":  func() ([]byte, error) { return bindBody(strings.Repeat("x", 16), "") },
		"long password":   func() ([]byte, error) { return bindBody("x", "123456789") },
		"zero octet":      func() ([]byte, error) { return bindBody("x\x00y", "") },
		"no ASCII":        func() ([]byte, error) { return submitBody(Address{Number: "Bücherei"}, Address{}, Part{}) },
		"long number":     func() ([]byte, error) { return submitBody(Address{}, Address{Number: strings.Repeat("1", 21)}, Part{}) },
		"number and zero": func() ([]byte, error) { return submitBody(Address{}, Address{Number: "1\x00\x00"}, Part{}) },
		"long part":       func() ([]byte, error) { return submitBody(Address{}, Address{}, Part{Data: make([]byte, 255)}) },
	} {
		if b, err := make(); err == nil || b != nil {
			t.Errorf("%s: %x, %v", name, b, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		coding byte
		sizes  []int // octets of the parts, with their headers
		first  string
	}{
		"nothing":                     {"", codingDefault, []int{0}, ""},
		"plain":                       {"Code 287082", codingDefault, []int{11}, "436f646520323837303832"},
		"umlauts and signs":           {"äöüß@$_Ä", codingDefault, []int{8}, "7b7c7e1e0002115b"},
		"escaped":                     {"{€}", codingDefault, []int{6}, "1b281b651b29"},
		"160 characters":              {strings.Repeat("a", 160), codingDefault, []int{160}, ""},
		"161 characters":              {strings.Repeat("a", 161), codingDefault, []int{159, 14}, ""},
		"an escape is not cut":        {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10), codingDefault, []int{158, 18}, ""},
		"another alphabet":            {"Код", codingUCS2, []int{6}, "041a043e0434"},
		"70 characters of it":         {strings.Repeat("к", 70), codingUCS2, []int{140}, ""},
		"71 characters of it":         {strings.Repeat("к", 71), codingUCS2, []int{140, 14}, ""},
		"a pair of halves is not cut": {strings.Repeat("к", 66) + "😀" + strings.Repeat("к", 5), codingUCS2, []int{138, 20}, ""},
		"escape is no character":      {"\x1b", codingUCS2, []int{2}, "001b"},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := Split(c.text, 7)
			if err != nil {
				t.Fatal(err)
			}
			var sizes []int
			for i, p := range parts {
				sizes = append(sizes, len(p.Data))
				if p.Coding != c.coding {
					t.Errorf("coding %d", p.Coding)
				}
				if len(parts) > 1 && (p.Class != classHeader || !bytes.Equal(p.Data[:6], []byte{5, 0, 3, 7, byte(len(parts)), byte(i + 1)})) {
					t.Errorf("part %d: class %x, header %x", i, p.Class, p.Data[:6])
				}
				if len(parts) == 1 && p.Class != 0 {
					t.Errorf("class %x", p.Class)
				}
			}
			if diff := cmp.Diff(c.sizes, sizes); diff != "" {
				t.Error(diff)
			}
			if got := hex.EncodeToString(parts[0].Data); c.first != "" && got != c.first {
				t.Errorf("%s, want %s", got, c.first)
			}
		})
	}
	if _, err := Split(strings.Repeat("a", 153*255+1), 0); !errors.Is(err, ErrTooLong) {
		t.Errorf("more parts than can be counted: %v", err)
	}
	if n := len([]rune(alphabet)); n != 128 {
		t.Errorf("the alphabet has %d characters", n)
	}
}

// decode reads parts as a phone does.
func decode(parts []Part) string {
	var data []byte
	for _, p := range parts {
		if p.Class == classHeader {
			p.Data = p.Data[6:]
		}
		data = append(data, p.Data...)
	}
	if parts[0].Coding == codingUCS2 {
		units := make([]uint16, len(data)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(data[2*i:])
		}
		return string(utf16.Decode(units))
	}
	letters, out := []rune(alphabet), []rune{}
	for i := 0; i < len(data); i++ {
		if data[i] != escape {
			out = append(out, letters[data[i]])
			continue
		}
		i++
		pairs := []rune(escaped)
		for j := 0; j < len(pairs); j += 2 {
			if pairs[j+1] == rune(data[i]) {
				out = append(out, pairs[j])
			}
		}
	}
	return string(out)
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"Code 287082", "{€}[~]\\|^", strings.Repeat("ä€", 99), "Код😀", "\xff", alphabet} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := Split(s, 1)
		if err != nil {
			return
		}
		for _, p := range parts {
			if _, err := submitBody(Address{}, Address{}, p); err != nil {
				t.Fatalf("%q: %v", s, err)
			}
		}
		if got, want := decode(parts), string([]rune(s)); got != want {
			t.Errorf("%q became %q", want, got)
		}
	})
}

func FuzzReadPDU(f *testing.F) {
	f.Add(pdu{command: cmdBindTransmitter | isAnswer, sequence: 1, body: []byte("SMSC\x00")}.encode())
	f.Add([]byte{0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := readPDU(bytes.NewReader(data))
		if err == nil && !bytes.HasPrefix(data, p.encode()) {
			t.Errorf("%x became %x", data, p.encode())
		}
	})
}

// centre is a message centre that answers as a test tells it: the answers to
// each unit, one after the other; nil closes the connection.
func centre(t *testing.T, answer func(p pdu) []pdu) (address string, units <-chan pdu) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got, done := make(chan pdu, 1000), make(chan struct{})
	go func() {
		defer close(done)
		defer close(got)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for {
			p, err := readPDU(c)
			if err != nil {
				return
			}
			got <- p
			answers := answer(p)
			if answers == nil {
				return
			}
			for _, a := range answers {
				if _, err := c.Write(a.encode()); err != nil {
					return
				}
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String(), got
}

func accept(p pdu) []pdu {
	return []pdu{{command: p.command | isAnswer, sequence: p.sequence, body: []byte("id\x00")}}
}

func TestSession(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	address, units := centre(t, func(p pdu) []pdu {
		if p.command&isAnswer != 0 {
			return []pdu{}
		}
		// what it asks itself comes before its answer, and an answer to nobody, too
		return append([]pdu{{command: cmdEnquireLink, sequence: 77}, {command: 0x5, sequence: 78}, {command: cmdSubmit | isAnswer, sequence: 999}}, accept(p)...)
	})
	s, err := Bind(ctx, Server{Address: address, SystemID: "edumfa", Password: secret.New("geheim")})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := Split(strings.Repeat("0123456789", 20), 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if err := s.Submit(Address{5, 0, "eduMFA"}, Address{1, 1, "49170"}, p); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	var got []string
	for u := range units {
		switch {
		case u.command == cmdBindTransmitter && string(u.body) == "edumfa\x00geheim\x00\x00\x34\x00\x00\x00":
			got = append(got, "bind")
		case u.command == cmdSubmit:
			got = append(got, "submit")
			if !bytes.Contains(u.body, []byte("\x05\x00eduMFA\x00\x01\x0149170\x00\x40")) {
				t.Errorf("submit: %q", u.body)
			}
		case u.command == cmdUnbind:
			got = append(got, "unbind")
		case u.command == cmdEnquireLink|isAnswer && u.sequence == 77 && u.status == 0, u.command == cmdNack && u.sequence == 78 && u.status == statusUnknownCommand:
		default:
			t.Errorf("unit %+v", u)
		}
	}
	if diff := cmp.Diff([]string{"bind", "submit", "submit", "unbind"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSession_Failures(t *testing.T) {
	status := func(command, s uint32) func(pdu) []pdu {
		return func(p pdu) []pdu {
			if p.command == command {
				return []pdu{{command: p.command | isAnswer, status: s, sequence: p.sequence}}
			}
			return accept(p)
		}
	}
	for name, c := range map[string]struct {
		answer func(pdu) []pdu
		status uint32 // of Refused; 0 for another error
	}{
		"wrong password":   {status(cmdBindTransmitter, 0x0e), 0x0e},
		"number refused":   {status(cmdSubmit, 0x0b), 0x0b},
		"unheard status":   {status(cmdSubmit, 0x4ff), 0x4ff},
		"not understood":   {func(p pdu) []pdu { return []pdu{{command: cmdNack, status: 3, sequence: p.sequence}} }, 3},
		"hangs up":         {func(pdu) []pdu { return nil }, 0},
		"logs us out":      {func(pdu) []pdu { return []pdu{{command: cmdUnbind, sequence: 5}} }, 0},
		"asks without end": {func(pdu) []pdu { return slicesRepeat(pdu{command: cmdEnquireLink}, maxBetween+1) }, 0},
		"much too long": {func(p pdu) []pdu {
			return []pdu{{command: p.command | isAnswer, sequence: p.sequence, body: make([]byte, maxPDU)}}
		}, 0},
		"answers to others": {func(p pdu) []pdu {
			return slicesRepeat(pdu{command: p.command | isAnswer, sequence: p.sequence + 1}, maxBetween+1)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			address, _ := centre(t, c.answer)
			s, err := Bind(ctx, Server{Address: address})
			if err == nil {
				err = s.Submit(Address{}, Address{Number: "1"}, Part{Data: []byte("x")})
				s.Close()
			}
			refused, is := errors.AsType[*Refused](err)
			if err == nil || is != (c.status != 0) || is && refused.Status != c.status {
				t.Errorf("%v", err)
			}
		})
	}
}

func slicesRepeat(p pdu, n int) []pdu {
	out := make([]pdu, n)
	for i := range out {
		out[i] = p
	}
	return out
}

// A centre that says nothing does not keep us.
func TestSession_EndsWithItsContext(t *testing.T) {
	address, _ := centre(t, func(pdu) []pdu { return []pdu{} })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Bind(ctx, Server{Address: address}); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}
