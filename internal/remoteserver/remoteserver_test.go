package remoteserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/secret"
)

func serve(t *testing.T, h http.HandlerFunc) Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return Server{URL: s.URL}
}

func client() *Client { return &Client{Now: time.Now} }

func TestCheck_Answers(t *testing.T) {
	cases := []struct {
		name   string
		status int
		body   string
		want   Outcome
		err    error
	}{
		{"accepted", 200, `{"result": {"status": true, "value": true}, "detail": {"serial": "FAR1"}}`, Outcome{OK: true, Serial: "FAR1"}, nil},
		{"refused", 200, `{"result": {"status": true, "value": false}, "detail": {"serial": "FAR1"}}`, Outcome{}, nil},
		{"no detail", 200, `{"result": {"status": true, "value": true}}`, Outcome{OK: true}, nil},
		{"a serial that is none", 200, `{"result": {"status": true, "value": true}, "detail": {"serial": 7}}`, Outcome{OK: true}, nil},
		{"a serial longer than any", 200, `{"result": {"status": true, "value": true}, "detail": {"serial": "` + strings.Repeat("x", 41) + `"}}`, Outcome{OK: true}, nil},
		{"right words, wrong status", 400, `{"result": {"status": true, "value": true}}`, Outcome{}, nil},
		{"an error that claims a value", 200, `{"result": {"status": false, "value": true}}`, Outcome{}, nil},
		{"an object for true", 200, `{"result": {"status": true, "value": {"auth": false}}}`, Outcome{}, ErrAnswer},
		{"a text for true", 200, `{"result": {"status": true, "value": "true"}}`, Outcome{}, ErrAnswer},
		{"a list", 200, `[true]`, Outcome{}, ErrAnswer},
		{"null", 200, `null`, Outcome{}, nil},
		{"no JSON", 200, `<html>`, Outcome{}, ErrAnswer},
		{"nothing", 200, ``, Outcome{}, ErrAnswer},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			got, err := client().Check(t.Context(), s, Login{User: "al", Pass: secret.New("x")})
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}

// Servers decode percent signs once more than the form says.
func TestCheck_SpecialCharactersArrive(t *testing.T) {
	var got url.Values
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = url.Values{}
		for k := range r.PostForm {
			v, _ := url.PathUnescape(r.PostForm.Get(k)) // what the other side does
			got.Set(k, v)
		}
		_, _ = io.WriteString(w, `{"result": {"status": true, "value": true}}`)
	})
	l := Login{User: "gina ä", Realm: "a%41", Resolver: "r+s", Serial: "S&1=2", TransactionID: "7", Pass: secret.New("a+b &c%/😀")}
	if _, err := client().Check(t.Context(), s, l); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"user": {l.User}, "realm": {l.Realm}, "resolver": {l.Resolver}, "serial": {l.Serial}, "transaction_id": {"7"}, "pass": {l.Pass.Reveal()}}
	if got.Encode() != want.Encode() {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestCheck_HostileAnswers(t *testing.T) {
	t.Run("endless", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			chunk := []byte(strings.Repeat(" ", 1<<16))
			for {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		})
		if _, err := client().Check(t.Context(), s, Login{}); err == nil {
			t.Error("an endless answer was taken")
		}
	})
	t.Run("led to another server", func(t *testing.T) {
		asked := false
		other := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		})
		if _, err := client().Check(t.Context(), s, Login{Pass: secret.New("x")}); err == nil || asked {
			t.Errorf("%v, asked %v", err, asked)
		}
	})
	t.Run("deeply nested", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 500000)) })
		if _, err := client().Check(t.Context(), s, Login{}); !errors.Is(err, ErrAnswer) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a certificate nobody signed", func(t *testing.T) {
		far := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"result": {"status": true, "value": true}}`)
		}))
		defer far.Close()
		if _, err := client().Check(t.Context(), Server{URL: far.URL, TLS: true}, Login{}); err == nil {
			t.Error("taken although certificates are checked")
		}
		if o, err := client().Check(t.Context(), Server{URL: far.URL}, Login{}); err != nil || !o.OK {
			t.Errorf("%v %v: refused although certificates are not checked", o, err)
		}
	})
}

// A server whose question comes back to itself stops asking.
func TestDo_CirclesEnd(t *testing.T) {
	c, asked := client(), 0
	var self Server
	self = serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		hop := asked
		if _, err := c.Check(Arrived(r.Context(), r.Header.Get(HopsHeader)), self, Login{}); errors.Is(err, ErrLoop) != (hop == mostHops) {
			t.Errorf("hop %d: %v", hop, err)
		}
		_, _ = io.WriteString(w, `{"result": {"status": true, "value": false}}`)
	})
	if _, err := c.Check(t.Context(), self, Login{}); err != nil {
		t.Fatal(err)
	}
	if asked != mostHops {
		t.Errorf("asked %d times, want %d", asked, mostHops)
	}
	for _, forged := range []string{"many", "-1", "99999999999999999999"} {
		if _, err := c.Do(Arrived(t.Context(), forged), self, Call{Method: "GET"}); !errors.Is(err, ErrLoop) {
			t.Errorf("header %q: %v", forged, err)
		}
	}
}

func TestDo_LeavesADeadServerAlone(t *testing.T) {
	now := time.Unix(1000, 0)
	c := &Client{Now: func() time.Time { return now }}
	gone := httptest.NewServer(nil)
	dead := Server{URL: gone.URL}
	gone.Close()
	alive := serve(t, func(http.ResponseWriter, *http.Request) {})
	ask := func(s Server) error {
		_, err := c.Do(context.Background(), s, Call{Method: "GET", Path: "/"})
		return err
	}
	for range failures {
		if err := ask(dead); err == nil || errors.Is(err, breaker.ErrOpen) {
			t.Fatalf("%v", err)
		}
	}
	if err := ask(dead); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("asked again: %v", err)
	}
	if err := ask(alive); err != nil {
		t.Errorf("another server suffers: %v", err)
	}
	now = now.Add(pause)
	if err := ask(dead); errors.Is(err, breaker.ErrOpen) {
		t.Error("never asked again")
	}
}

func FuzzParseAnswer(f *testing.F) {
	for _, s := range []string{`{"result": {"status": true, "value": true}, "detail": {"serial": "FAR1"}}`, `{"detail": null}`, `null`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := parseAnswer(b)
		if err != nil && o != (Outcome{}) || !o.OK && o.Serial != "" {
			t.Errorf("%+v %v", o, err)
		}
	})
}
