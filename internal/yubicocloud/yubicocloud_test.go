package yubicocloud

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/secret"
)

const otp = "vvabcdefghijvvabcdefghijvvabcdefghijvvabcdef"

var key = []byte("key of the client")

// server answers with the status; change spoils the answer before or after it is
// signed.
func server(t *testing.T, status string, before, after func(p map[string]string)) Service {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked := map[string]string{"id": r.Form.Get("id"), "nonce": r.Form.Get("nonce"), "otp": r.Form.Get("otp")}
		if r.Form.Get("h") != sign(asked, key) || asked["id"] != "87" || len(asked["nonce"]) != 40 {
			t.Errorf("asked with %v", r.Form)
		}
		p := map[string]string{"t": "2027-07-05T12:00:00Z0123", "status": status, "otp": asked["otp"], "nonce": asked["nonce"], "sl": "25"}
		if before != nil {
			before(p)
		}
		p["h"] = sign(p, key)
		if after != nil {
			after(p)
		}
		for k, v := range p {
			_, _ = w.Write([]byte(k + "=" + v + "\r\n"))
		}
	}))
	t.Cleanup(s.Close)
	return Service{URL: s.URL, ID: "87", Key: secret.New(base64.StdEncoding.EncodeToString(key))}
}

func TestCheck(t *testing.T) {
	set := func(k, v string) func(map[string]string) { return func(p map[string]string) { p[k] = v } }
	cases := []struct {
		name          string
		status        string
		before, after func(map[string]string)
		want          bool
		err           error
	}{
		{"good", "OK", nil, nil, true, nil},
		{"used before", "REPLAYED_OTP", nil, nil, false, nil},
		{"not one", "BAD_OTP", nil, nil, false, nil},
		{"changed on the way", "REPLAYED_OTP", nil, set("status", "OK"), false, ErrAnswer},
		{"not signed", "OK", nil, func(p map[string]string) { delete(p, "h") }, false, ErrAnswer},
		{"of another question", "OK", set("nonce", strings.Repeat("0", 40)), nil, false, ErrAnswer},
		{"of another value", "OK", set("otp", "x"), nil, false, ErrAnswer},
		{"no status", "OK", func(p map[string]string) { delete(p, "status") }, nil, false, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := server(t, c.status, c.before, c.after)
			for _, s.Post = range []bool{false, true} {
				got, err := (&Client{Now: time.Now, Rand: rand.Reader}).Check(t.Context(), s, secret.New(otp))
				if got != c.want || !errors.Is(err, c.err) {
					t.Errorf("%v, %v", got, err)
				}
			}
		})
	}
}

func TestCheck_NoAnswer(t *testing.T) {
	c := &Client{Now: time.Now, Rand: rand.Reader}
	good := Service{URL: "http://127.0.0.1:9", ID: "87", Key: secret.New("a2V5")}
	for name, s := range map[string]Service{"no number": {Key: good.Key}, "no key": {ID: "87"}, "a key of no base64": {ID: "87", Key: secret.New("!")}} {
		if _, err := c.Check(t.Context(), s, secret.New(otp)); !errors.Is(err, ErrClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range failures {
		if right, err := c.Check(t.Context(), good, secret.New(otp)); right || err == nil || strings.Contains(err.Error(), otp) {
			t.Errorf("%v %v", right, err)
		}
	}
	if _, err := c.Check(t.Context(), good, secret.New(otp)); !errors.Is(err, breaker.ErrOpen) {
		t.Errorf("a dead server is asked again: %v", err)
	}
}

func FuzzVerdict(f *testing.F) {
	f.Add("status=OK\r\nh=x\r\n")
	f.Add("=\n==\nh=")
	f.Fuzz(func(t *testing.T, body string) {
		if right, _ := verdict(body, map[string]string{"nonce": "n", "otp": "o"}, key); right {
			t.Error("a signature was guessed")
		}
	})
}
