package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/breaker"
	"edumfa/internal/event"
	"edumfa/internal/queue"
)

var now = time.Unix(1795287690, 0)

type facts struct {
	event.Facts
	owner  event.Person
	caller event.Caller
	err    error
}

func (f facts) Owner(context.Context) (event.Person, error) { return f.owner, f.err }
func (f facts) Caller() event.Caller                        { return f.caller }

type parameters struct{ event.Params }

func (parameters) Text(string) (string, bool) { return "S1", true }

type options = map[string]string

func alice() event.Person {
	return event.Person{User: event.User{Login: "alice", Realm: "realm1"}, GivenName: `Al"ice`, Surname: "Arch & er"}
}

func call(o options) event.Call {
	return event.Call{Definition: event.Definition{Action: "post_webhook", Options: o}, Params: parameters{}, Log: slog.New(slog.DiscardHandler),
		Facts: facts{owner: alice(), caller: event.Caller{Name: "hanna", Realm: "super"}}}
}

func newSender() *Sender {
	return &Sender{Open: func(s string) (string, error) {
		key, sealed := strings.CutPrefix(s, "sealed ")
		if !sealed {
			return "", errors.New("not sealed")
		}
		return key, nil
	}, Time: func() time.Time { return now }, Rand: strings.NewReader(strings.Repeat("0123456789abcdef", 100))}
}

// hit is what a server got.
type hit struct{ contentType, body, id, at, signature string }

// catch is a server that notes what it gets.
func catch(t *testing.T, status int) (string, *[]hit) {
	hits := &[]hit{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*hits = append(*hits, hit{r.Header.Get("Content-Type"), string(b), r.Header.Get(HeaderID), r.Header.Get(HeaderTime), r.Header.Get(HeaderSignature)})
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, hits
}

func TestDo(t *testing.T) {
	const old = "{logged_in_user}@{realm} {token_owner} {surname} {user_realm} {token_serial}"
	for _, c := range []struct {
		name, contentType, replace, data, want string
		fails                                  bool
	}{
		{"one JSON string", "json", "1", old, `"hanna@super Al\"ice Arch & er realm1 S1"`, false},
		{"one JSON string, ASCII", "json", "", "Grüße", `"Gr\u00fc\u00dfe"`, false},
		{"text", "urlendcode", "1", "serial={token_serial}&x=Grüße", "serial=S1&x=Grüße", false},
		{"nothing replaced", "json", "", "{token_serial}", `"{token_serial}"`, false},
		{"switched off", "urlendcode", "False", "{token_serial}", "{token_serial}", false},
		{"any other text is yes", "urlendcode", "sure", "{token_serial}", "S1", false},
		{"an unknown tag", "json", "1", "{token_serial} {nonsense}", `"{token_serial} {nonsense}"`, false},
		{"braces of JSON", "urlendcode", "1", `{"a": "{token_serial}"}`, `{"a": "{token_serial}"}`, false},
		{"doubled braces", "urlendcode", "1", `{{"a": "{token_serial}"}}`, `{"a": "S1"}`, false},
		{"true JSON", "application/json", "1", `{"a": {"b": "{token_owner}"}, "c": "{nonsense}"}`, `{"a": {"b": "Al\"ice"}, "c": "{nonsense}"}`, false},
		{"no JSON", "application/json", "1", `{"a": `, "", true},
		{"true form", "application/x-www-form-urlencoded", "1", "a={surname}&b={token_serial}", "a=Arch+%26+er&b=S1", false},
		{"unknown content type", "text/plain", "", "x", "", true},
		{"too long", "urlendcode", "", strings.Repeat("x", maxBody+1), "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, hits := catch(t, 204)
			err := Handler{Sender: newSender()}.Do(t.Context(), call(options{"URL": target, "content_type": c.contentType, "replace": c.replace, "data": c.data}))
			if (err != nil) != c.fails {
				t.Fatalf("error %v", err)
			}
			if c.fails {
				if len(*hits) > 0 {
					t.Error("it was posted")
				}
				return
			}
			if diff := cmp.Diff([]hit{{c.contentType, c.want, (*hits)[0].id, "", ""}}, *hits, cmp.AllowUnexported(hit{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDo_Refuses(t *testing.T) {
	target, hits := catch(t, 200)
	ok := options{"URL": target, "content_type": "json", "data": "x", "replace": "1"}
	with := func(name, v string) options {
		o := options{name: v}
		for k, x := range ok {
			if k != name {
				o[k] = x
			}
		}
		return o
	}
	for name, in := range map[string]event.Call{
		"no URL": call(with("URL", "not a url")), "another scheme": call(with("URL", "file:///etc/passwd")), "no host": call(with("URL", "http://")),
		"a key that is not sealed": call(with(KeyOption, "clear")), "nobody listens": call(with("URL", "http://127.0.0.1:1/")),
	} {
		if err := (Handler{Sender: newSender()}).Do(t.Context(), in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	in := call(ok)
	in.Facts = facts{err: errors.New("down")}
	if err := (Handler{Sender: newSender()}).Do(t.Context(), in); err == nil {
		t.Error("the store does not answer: no error")
	}
	in = call(ok)
	in.Definition.Action = "dance"
	if err := (Handler{Sender: newSender()}).Do(t.Context(), in); err == nil {
		t.Error("unknown action: no error")
	}
	if len(*hits) > 0 {
		t.Errorf("%v was posted", *hits)
	}
	for _, status := range []int{400, 404, 503} {
		target, _ := catch(t, status)
		if err := (Handler{Sender: newSender()}).Do(t.Context(), call(with("URL", target))); err == nil {
			t.Errorf("status %d: no error", status)
		}
	}
}

func TestDo_Signs(t *testing.T) {
	target, hits := catch(t, 200)
	err := Handler{Sender: newSender()}.Do(t.Context(), call(options{"URL": target, "content_type": "application/json", "replace": "1", "data": `{"serial": "{token_serial}"}`, KeyOption: "sealed Jefe"}))
	// computed with another program
	const want = "v1=d85c10b67ad71ef957a555e8de8005cb4e1a78358e2c35e6644b09325a026c90"
	if err != nil || len(*hits) != 1 || (*hits)[0].at != "1795287690" || (*hits)[0].signature != want || len((*hits)[0].id) != 32 {
		t.Errorf("%+v %v", *hits, err)
	}
}

func TestDo_ThroughTheQueue(t *testing.T) {
	target, hits := catch(t, 200)
	var kind, rests string
	var payload []byte
	h := Handler{Sender: newSender(), Later: func(_ context.Context, k, t string, p []byte) error { kind, rests, payload = k, t, p; return nil }}
	o := options{"URL": target, "content_type": "json", "data": "x", KeyOption: "sealed Jefe"}
	if err := h.Do(t.Context(), call(o)); err != nil || len(*hits) != 0 || kind != JobKind || rests != "webhook:"+strings.TrimPrefix(target, "http://") {
		t.Fatalf("%s %s %v %v", kind, rests, *hits, err)
	}
	if strings.Contains(string(payload), `"Jefe"`) {
		t.Error("the key lies open in the queue")
	}
	if err := h.Sender.Send(t.Context(), queue.Delivery{ID: "d1", Attempt: 3, Payload: payload}); err != nil || len(*hits) != 1 || (*hits)[0].id != "d1" || (*hits)[0].signature == "" {
		t.Errorf("%v %v", *hits, err)
	}
	o[event.AbortOption] = "1"
	if err := h.Do(t.Context(), call(o)); err != nil || len(*hits) != 2 {
		t.Errorf("a request that depends on it: %v %v", *hits, err)
	}
}

func TestSend_TriesAgain(t *testing.T) {
	permanent := func(err error) bool { return err != nil && reflect.TypeOf(err) == reflect.TypeOf(queue.Permanent(err)) }
	for status, final := range map[int]bool{400: true, 404: true, 410: true, 408: false, 429: false, 500: false, 503: false} {
		target, _ := catch(t, status)
		payload, _ := json.Marshal(Delivery{URL: target, Body: "x"})
		if err := newSender().Send(t.Context(), queue.Delivery{Payload: payload}); err == nil || permanent(err) != final {
			t.Errorf("status %d: %v %T", status, err, err)
		}
	}
	if err := newSender().Send(t.Context(), queue.Delivery{Payload: []byte("x")}); !permanent(err) {
		t.Errorf("no payload: %v", err)
	}
}

// A server that hangs is given up, and left alone after some times.
func TestNow_CutsOff(t *testing.T) {
	stop := make(chan struct{})
	var asked atomic.Int32
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1); <-stop }))
	defer slow.Close()
	defer close(stop)
	s := newSender()
	for range failures {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := s.Now(ctx, Delivery{URL: slow.URL}); err == nil || errors.Is(err, breaker.ErrOpen) {
			t.Errorf("%v", err)
		}
		cancel()
	}
	if err := s.Now(t.Context(), Delivery{URL: slow.URL}); !errors.Is(err, breaker.ErrOpen) || asked.Load() != failures {
		t.Errorf("%v after %d requests", err, asked.Load())
	}
}

// What is posted is meant for one server only.
func TestNow_IsNotLedElsewhere(t *testing.T) {
	target, hits := catch(t, 200)
	led := httptest.NewServer(http.RedirectHandler(target, http.StatusTemporaryRedirect))
	defer led.Close()
	if err := newSender().Now(t.Context(), Delivery{URL: led.URL, Body: "x"}); err == nil || len(*hits) > 0 {
		t.Errorf("%v %v", *hits, err)
	}
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	if err := newSender().Now(t.Context(), Delivery{URL: untrusted.URL}); err == nil || strings.Contains(err.Error(), "404") {
		t.Errorf("unknown certificate: %v", err)
	}
}

func TestKeyOptionIsSecret(t *testing.T) {
	if !event.SecretOption(KeyOption) {
		t.Error("the key would be shown")
	}
}

func FuzzFill(f *testing.F) {
	for _, s := range []string{`{"a": "{token_owner}"}`, "{", "}}", "{surname}{surname}", `"{realm}"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{asString, asText, asJSON, asForm} {
			in := call(options{"URL": "http://x", "content_type": kind, "replace": "1", "data": text})
			d, err := Handler{}.delivery(context.Background(), in)
			if err == nil && (kind == asJSON || kind == asString) && !json.Valid([]byte(d.Body)) {
				t.Errorf("%s: %q becomes %q", kind, text, d.Body)
			}
		}
	})
}
