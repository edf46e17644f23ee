package federation

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edumfa/internal/api/params"
	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/outhttp"
	"edumfa/internal/remoteserver"
)

var errMissing = errors.New("not found")

type servers struct{}

func (servers) RemoteServer(_ context.Context, name string) (remoteserver.Server, error) {
	if name != "child" {
		return remoteserver.Server{}, errMissing
	}
	return remoteserver.Server{URL: "https://child.example/base/", TLS: true}, nil
}

// child answers, and notes what it was asked.
type child struct {
	asked remoteserver.Call
	res   outhttp.Response
	err   error
}

func (c *child) Do(_ context.Context, _ remoteserver.Server, ask remoteserver.Call) (outhttp.Response, error) {
	c.asked = ask
	return c.res, c.err
}

type facts struct {
	event.Facts
	origin event.Origin
}

func (f facts) Origin() event.Origin { return f.origin }
func (facts) ClientIP() netip.Addr   { return netip.MustParseAddr("10.4.5.6") }

type (
	options = map[string]string
	object  = map[string]any
)

func call(method, path string, p object, o options) event.Call {
	return event.Call{Definition: event.Definition{Action: "forward", Options: o}, Params: params.New(p), Log: slog.New(slog.DiscardHandler),
		Facts:    facts{origin: event.Origin{Method: method, Path: path, Authorization: "some token"}},
		Response: &event.Response{Status: 200, Body: object{"result": object{"value": true}}}}
}

func answering(status int, body string) *child {
	return &child{res: outhttp.Response{Status: status, Body: []byte(body)}}
}

func TestDo_Asks(t *testing.T) {
	for _, c := range []struct {
		name string
		in   event.Call
		want remoteserver.Call
	}{
		{"POST", call("POST", "/validate/check", object{"user": "alice", "pass": "x y%"}, options{"eduMFA": "child"}),
			remoteserver.Call{Method: "POST", Path: "/validate/check", Header: map[string]string{}, Form: url.Values{"user": {"alice"}, "pass": {"x y%25"}}}},
		{"GET", call("GET", "/token/", object{"serial": "S1"}, options{"eduMFA": "child", "forward_authorization_token": "0"}),
			remoteserver.Call{Method: "GET", Path: "/token/", Header: map[string]string{}, Query: url.Values{"serial": {"S1"}}}},
		{"everything", call("DELETE", "/token/S1", object{"realm": "ours", "client": "1.2.3.4"}, options{"eduMFA": "child", "realm": "their realm", "resolver": "theirs", "forward_client_ip": "1", "forward_authorization_token": "1"}),
			remoteserver.Call{Method: "DELETE", Path: "/token/S1", Header: map[string]string{"Authorization": "some token"}, Form: url.Values{"realm": {"their realm"}, "resolver": {"theirs"}, "client": {"10.4.5.6"}}}},
		{"values that are no texts", call("POST", "/x", object{"a": true, "b": int64(7), "c": nil, "d": []any{"x", int64(1)}, "e": object{"f": "g"}}, options{"eduMFA": "child"}),
			remoteserver.Call{Method: "POST", Path: "/x", Header: map[string]string{}, Form: url.Values{"a": {"True"}, "b": {"7"}, "d": {"x", "1"}, "e": {`{"f":"g"}`}}}},
		{"a path that is no path", call("POST", "/token/a?admin=1#x y", nil, options{"eduMFA": "child"}),
			remoteserver.Call{Method: "POST", Path: "/token/a%3Fadmin=1%23x%20y", Header: map[string]string{}, Form: url.Values{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := answering(200, `{}`)
			if err := (Handler{Store: servers{}, Client: x, NotFound: errMissing}).Do(t.Context(), c.in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, x.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDo_Answers(t *testing.T) {
	for _, c := range []struct {
		name   string
		child  *child
		option string
		want   object
		status int
		code   int // of the error; 0 for none
	}{
		{"yes", answering(200, `{"id": 1, "time": 1.5, "result": {"status": true, "value": true}, "detail": {"serial": "C1"}}`), "child",
			object{"id": int64(1), "time": 1.5, "result": object{"status": true, "value": true}, "detail": object{"serial": "C1", "origin": "https://child.example/base/validate/check"}}, 200, 0},
		{"an error", answering(400, `{"result": {"status": false, "error": {"code": 904}}}`), "child", object{"result": object{"status": false, "error": object{"code": int64(904)}}}, 400, 0},
		{"no details", answering(200, `{"result": {}, "detail": null}`), "child", object{"result": object{}, "detail": nil}, 200, 0},
		{"a long number", answering(200, `{"n": 123456789012345678901234567890}`), "child", object{"n": 1.2345678901234568e+29}, 200, 0},
		{"no JSON", answering(502, "<html>bad gateway</html>"), "child", nil, 0, 903},
		{"no object", answering(200, `[1]`), "child", nil, 0, 903},
		{"null", answering(200, `null`), "child", nil, 0, 903},
		{"more behind it", answering(200, `{} {}`), "child", nil, 0, 903},
		{"a strange status", answering(101, `{}`), "child", nil, 0, 903},
		{"not reachable", &child{err: errors.New("connection refused")}, "child", nil, 0, 903},
		{"not defined", answering(200, `{}`), "unheard", nil, 0, 302},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := call("POST", "/validate/check", nil, options{"eduMFA": c.option})
			err := Handler{Store: servers{}, Client: c.child, NotFound: errMissing}.Do(t.Context(), in)
			code := 0
			if e, is := errors.AsType[*mfaerr.Error](err); is {
				code = e.Code
			}
			if code != c.code || (err != nil) != (c.code != 0) {
				t.Fatalf("%v", err)
			}
			if c.want == nil {
				return
			}
			if diff := cmp.Diff(c.want, in.Response.Body); diff != "" || in.Response.Status != c.status {
				t.Errorf("%d %s", in.Response.Status, diff)
			}
		})
	}
}

func TestDo_OtherMethods(t *testing.T) {
	x := answering(200, `{}`)
	in := call("PUT", "/user/", nil, options{"eduMFA": "child"})
	if err := (Handler{Store: servers{}, Client: x, NotFound: errMissing}).Do(t.Context(), in); err != nil || x.asked.Method != "" || in.Response.Body["result"] == nil {
		t.Errorf("%v %v", err, x.asked)
	}
	in = call("POST", "/x", nil, options{"eduMFA": "child"})
	in.Definition.Action = "dance"
	if err := (Handler{Store: servers{}, Client: x, NotFound: errMissing}).Do(t.Context(), in); err != nil || x.asked.Method != "" {
		t.Errorf("%v %v", err, x.asked)
	}
}

func FuzzReadAnswer(f *testing.F) {
	for _, s := range []string{`{"a": 1e999}`, `{"a": [1, {"b": null}]}`, `{`, `null`, `{} x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if body, err := readAnswer(outhttp.Response{Status: 200, Body: b}); (err == nil) == (body == nil) {
			t.Errorf("%v %v", body, err)
		}
	})
}
