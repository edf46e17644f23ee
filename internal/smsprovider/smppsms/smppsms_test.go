package smppsms

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"edumfa/internal/smsprovider"
)

// centre takes everything and keeps what is submitted.
func centre(t *testing.T) (host, port string, submitted func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for {
			head := make([]byte, 16)
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			body := make([]byte, binary.BigEndian.Uint32(head)-16)
			if _, err := io.ReadFull(c, body); err != nil {
				return
			}
			if head[7] == 4 {
				got = append(got, string(body))
			}
			head[4] = 0x80
			binary.BigEndian.PutUint32(head, 16)
			if _, err := c.Write(head); err != nil {
				return
			}
		}
	}()
	host, port, _ = net.SplitHostPort(l.Addr().String())
	t.Cleanup(func() { l.Close() })
	return host, port, func() []string { <-done; return got }
}

func TestSend(t *testing.T) {
	host, port, submitted := centre(t)
	k := Kind(bytes.NewReader([]byte{0xab}))
	g := smsprovider.Gateway{Options: map[string]string{"SMSC_HOST": host, "SMSC_PORT": port, "SYSTEM_ID": "edumfa", "PASSWORD": "geheim",
		"S_ADDR_TON": "0x05", "S_ADDR_NPI": "", "S_ADDR": "eduMFA", "D_ADDR_TON": "1", "D_ADDR_NPI": "a", "REGEXP": "/[+ ]//"}}
	if err := k.Send(t.Context(), g, smsprovider.Message{Phone: "+49 170", Text: strings.Repeat("Grüße ", 30)}); err != nil {
		t.Fatal(err)
	}
	got := submitted()
	if len(got) != 2 || !strings.HasPrefix(got[0], "\x00\x05\x00eduMFA\x00\x01\x0a49170\x00\x40") || !strings.Contains(got[1], "\x05\x00\x03\xab\x02\x02") {
		t.Errorf("%q", got)
	}
}

func TestSend_BadOptions(t *testing.T) {
	for name, o := range map[string]map[string]string{
		"no host":      {"SMSC_PORT": "1"},
		"no port":      {"SMSC_HOST": "127.0.0.1"},
		"no number":    {"SMSC_HOST": "127.0.0.1", "SMSC_PORT": "1", "D_ADDR_TON": "x"},
		"too great":    {"SMSC_HOST": "127.0.0.1", "SMSC_PORT": "1", "S_ADDR_NPI": "256"},
		"below zero":   {"SMSC_HOST": "127.0.0.1", "SMSC_PORT": "1", "S_ADDR_TON": "-1"},
		"nobody there": {"SMSC_HOST": "127.0.0.1", "SMSC_PORT": "1"},
	} {
		err := Kind(strings.NewReader("x")).Send(t.Context(), smsprovider.Gateway{Options: o}, smsprovider.Message{Phone: "1", Text: "geheim"})
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
