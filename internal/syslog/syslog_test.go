package syslog

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// frame reads one message with its length before it.
func frame(r *bufio.Reader) (string, error) {
	length, err := r.ReadString(' ')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.TrimSpace(length))
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), err
}

func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

func TestSender_Streams(t *testing.T) {
	cert, ca := certificate(t)
	for _, network := range []string{"tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			uri := network + "://" + l.Addr().String()
			if network == "tls" {
				l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
				uri += "?ca=" + ca
			}
			defer l.Close()
			target, err := ParseTarget(uri)
			if err != nil {
				t.Fatal(err)
			}
			s, err := NewSender(target)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got := make(chan string, 10)
			hangUp := make(chan bool)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					r := bufio.NewReader(c)
					for range 2 {
						m, err := frame(r)
						if err != nil {
							m = err.Error()
						}
						got <- m
					}
					<-hangUp
					_ = c.Close()
				}
			}()
			if err := s.Send(t.Context(), []string{"one ü\nline", "two"}); err != nil {
				t.Fatal(err)
			}
			if a, b := <-got, <-got; a != "one ü\nline" || b != "two" {
				t.Errorf("%q, %q", a, b)
			}
			if !s.Alive() {
				t.Error("the connection is taken for ended")
			}
			hangUp <- true
			for range 200 {
				if !s.Alive() {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if s.Alive() {
				t.Fatal("the end of the connection is not noticed")
			}
			// what was sent may be lost: the caller is told before anything else is sent
			if err := s.Send(t.Context(), []string{"three"}); err == nil {
				t.Error("no error after the end of the connection")
			}
			if err := s.Send(t.Context(), []string{"three", "four"}); err != nil {
				t.Fatal(err)
			}
			if a, b := <-got, <-got; a != "three" || b != "four" {
				t.Errorf("%q, %q", a, b)
			}
			hangUp <- true
		})
	}
}

func TestSender_TLSWithoutTrust(t *testing.T) {
	cert, _ := certificate(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	s, err := NewSender(Target{Network: "tls", Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), []string{"x"}); err == nil {
		t.Error("an unknown server was believed")
	}
}

func TestSender_Datagrams(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	s, err := NewSender(Target{Network: "udp", Address: server.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), []string{"one", "two"}); err != nil || !s.Datagrams() {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	_ = server.SetReadDeadline(time.Now().Add(5 * time.Second))
	for _, want := range []string{"one", "two"} {
		if n, _, err := server.ReadFrom(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("%q, %v", buf[:n], err)
		}
	}
}

func TestSender_Unreachable(t *testing.T) {
	s, err := NewSender(Target{Network: "tcp", Address: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Send(ctx, []string{"x"}); err == nil || s.Alive() {
		t.Error("no error")
	}
}

func TestParseTarget(t *testing.T) {
	for uri, want := range map[string]Target{
		"tls://siem.example.com":                          {Network: "tls", Address: "siem.example.com:6514", Facility: 10},
		"udp://[2001:db8::1]?facility=local0&format=json": {Network: "udp", Address: "[2001:db8::1]:514", Facility: 16, JSON: true},
		"tls://h:1/?ca=/a&cert=/b&key=/c&facility=13":     {Network: "tls", Address: "h:1", Facility: 13, CA: "/a", Cert: "/b", Key: "/c"},
	} {
		if got, err := ParseTarget(uri); err != nil || got != want {
			t.Errorf("%s: %+v, %v", uri, got, err)
		}
	}
	for _, uri := range []string{"", "siem:514", "http://h", "tcp://", "tcp://u:p@h", "tcp://h/x", "tcp://h?format=xml", "tcp://h?facility=99", "tcp://h?nosuch=1", "tls://%zz"} {
		if _, err := ParseTarget(uri); err == nil {
			t.Errorf("%q was accepted", uri)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("tls://h:1/?ca=/a&cert=/b&key=/c&facility=13")
	f.Fuzz(func(t *testing.T, uri string) {
		if got, err := ParseTarget(uri); err == nil && (got.Address == "" || got.Facility < 0 || got.Facility > 23) {
			t.Errorf("%+v", got)
		}
	})
}
