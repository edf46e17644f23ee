package outhttp_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"edumfa/internal/outhttp"
)

// counting is a server that counts its connections.
func counting(t *testing.T, h http.Handler) (s *httptest.Server, opened *atomic.Int32) {
	opened = &atomic.Int32{}
	s = httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	return s, opened
}

func TestClient_SharesConnections(t *testing.T) {
	s, opened := counting(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
	}))
	s.StartTLS()
	defer s.Close()
	var c outhttp.Client
	defer c.Close()
	for _, x := range []struct {
		name, method string
		close        bool
		want         int32 // connections since the start
	}{
		{"the first", "GET", false, 1},
		{"the second shares it", "GET", false, 1},
		{"what must not be repeated has its own", "POST", false, 2},
		{"and shares that", "POST", false, 2},
		{"after closing", "GET", true, 3},
	} {
		if x.close {
			c.Close()
		}
		if r, err := c.Do(t.Context(), outhttp.Request{Method: x.method, URL: s.URL, SkipVerify: true}); err != nil || len(r.Body) != 100_000 {
			t.Errorf("%s: %d bytes, %v", x.name, len(r.Body), err)
		}
		if n := opened.Load(); n != x.want {
			t.Errorf("%s: %d connections, want %d", x.name, n, x.want)
		}
	}
	// who checks certificates does not use the connection of who does not
	if _, err := c.Do(t.Context(), outhttp.Request{Method: "GET", URL: s.URL}); err == nil {
		t.Error("the certificate was not checked")
	}
}

// A request that does something each time is never sent over a connection that
// might be dead, since it would be sent again.
func TestClient_Once(t *testing.T) {
	s, opened := counting(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "taken") }))
	s.Start()
	defer s.Close()
	var c outhttp.Client
	defer c.Close()
	for i := range int32(3) {
		if _, err := c.Do(t.Context(), outhttp.Request{Method: "GET", URL: s.URL, Once: true}); err != nil {
			t.Fatal(err)
		}
		if n := opened.Load(); n != i+1 {
			t.Errorf("%d connections for %d requests", n, i+1)
		}
	}
}

// A server that drops a kept connection when the next request is on it.
func TestClient_DeadConnection(t *testing.T) {
	for _, x := range []struct {
		name, method string
		fails        bool
	}{
		{"a request that may be repeated", "GET", false},
		{"one that may not", "POST", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			var seen atomic.Int32
			s, opened := counting(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if seen.Add(1) != 2 {
					return
				}
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = conn.Close()
			}))
			s.Start()
			defer s.Close()
			var c outhttp.Client
			defer c.Close()
			r := outhttp.Request{Method: x.method, URL: s.URL, Body: []byte("text"), Timeout: 5 * time.Second}
			if _, err := c.Do(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Do(t.Context(), r); (err != nil) != x.fails {
				t.Errorf("error: %v", err)
			}
			if want := map[bool]int32{false: 3, true: 2}[x.fails]; seen.Load() != want {
				t.Errorf("the server has seen %d requests, want %d", seen.Load(), want)
			}
			if _, err := c.Do(t.Context(), r); err != nil {
				t.Errorf("the next one: %v", err)
			}
			if opened.Load() != 2 {
				t.Errorf("%d connections", opened.Load())
			}
		})
	}
}

// A connection that the server has closed meanwhile fails nothing that may be
// repeated.
func TestClient_ClosedWhileIdle(t *testing.T) {
	s, opened := counting(t, http.NotFoundHandler())
	closed := make(chan struct{}, 8)
	state := s.Config.ConnState
	s.Config.ConnState = func(c net.Conn, x http.ConnState) {
		state(c, x)
		if x == http.StateIdle {
			_ = c.Close()
			closed <- struct{}{}
		}
	}
	s.Start()
	defer s.Close()
	var c outhttp.Client
	defer c.Close()
	for i := range 3 {
		r, err := c.Do(t.Context(), outhttp.Request{Method: "GET", URL: s.URL})
		if err != nil || r.Status != http.StatusNotFound {
			t.Errorf("request %d: %d, %v", i, r.Status, err)
		}
		<-closed
	}
	if opened.Load() != 3 {
		t.Errorf("%d connections", opened.Load())
	}
}

func TestClient_ProxyIsNotNamed(t *testing.T) {
	var c outhttp.Client
	_, err := c.Do(t.Context(), outhttp.Request{Method: "GET", URL: "http://127.0.0.1:1/", Proxies: map[string]string{"http": "http://u:geheim@[::1"}})
	if err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("error: %v", err)
	}
}
