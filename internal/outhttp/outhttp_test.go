package outhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edumfa/internal/outhttp"
	"edumfa/internal/secret"
)

func TestDo(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, r.Method+" "+user+":"+password+" "+r.Header.Get("X-Key")+" "+string(body))
	}))
	defer s.Close()
	r, err := outhttp.Do(t.Context(), outhttp.Request{Method: "POST", URL: s.URL, Header: map[string]string{"X-Key": "k"}, Body: []byte("text"),
		User: "u", Password: secret.New("p"), HasLogin: true})
	if err != nil || r.Status != http.StatusAccepted || string(r.Body) != "POST u:p k text" {
		t.Errorf("%d %s, %v", r.Status, r.Body, err)
	}
}

func TestDo_Refuses(t *testing.T) {
	stop := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer slow.Close()
	defer close(stop)
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 2<<20))
	}))
	defer endless.Close()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	for name, u := range map[string]string{
		"no URL": "", "no scheme": "example.org", "another scheme": "file:///etc/passwd", "too slow": slow.URL,
		"too long": endless.URL, "unknown certificate": untrusted.URL, "nobody listens": "http://127.0.0.1:1/",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := outhttp.Do(t.Context(), outhttp.Request{Method: "GET", URL: u + "?otp=287082", Timeout: 200 * time.Millisecond})
			if err == nil || strings.Contains(err.Error(), "287082") {
				t.Errorf("error: %v", err)
			}
		})
	}
	if r, err := outhttp.Do(t.Context(), outhttp.Request{Method: "GET", URL: untrusted.URL, SkipVerify: true}); err != nil || r.Status != http.StatusNotFound {
		t.Errorf("without a check: %d, %v", r.Status, err)
	}
}
