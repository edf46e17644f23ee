package apptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"edumfa/internal/app"
	"edumfa/internal/session"
)

// P are the parameters of a call. Texts are sent as a form (in the URL with GET
// and DELETE); one value of another kind makes the body JSON.
type P map[string]any

// Node is one server of an installation.
type Node struct {
	App    *app.App
	Server *httptest.Server
	t      testing.TB
	now    func() time.Time
}

func newNode(t testing.TB, a *app.App, now func() time.Time) *Node {
	n := &Node{App: a, Server: httptest.NewServer(a.Handler()), t: t, now: now}
	t.Cleanup(func() {
		n.Server.Close()
		_ = a.Close()
	})
	return n
}

// Option changes a call.
type Option func(*http.Request)

// Header sets a header of the call.
func Header(name, value string) Option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// As makes the call with a session token.
func As(jwt string) Option { return Header("Authorization", jwt) }

// JWT is a session token for a user of a realm in a role: session.RoleAdmin or
// session.RoleUser.
func (n *Node) JWT(user, realm, role string) string {
	n.t.Helper()
	s, err := n.App.Sessions.Issue(session.Claims{Username: user, Realm: realm, Role: role, AuthType: session.AuthPassword,
		Expires: n.now().Add(session.SessionLifetime)})
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// Admin calls as the local administrator.
func (n *Node) Admin(call string, p P, o ...Option) *Reply {
	n.t.Helper()
	return n.Call(call, p, append([]Option{As(n.JWT("admin", "", session.RoleAdmin))}, o...)...)
}

// User calls as a user of realm1.
func (n *Node) User(name, call string, p P, o ...Option) *Reply {
	n.t.Helper()
	return n.Call(call, p, append([]Option{As(n.JWT(name, "realm1", session.RoleUser))}, o...)...)
}

// Call calls without a session. call is method and path: "POST /auth". It ends
// the test when there is no answer, so it belongs to the test's goroutine; see
// Try.
func (n *Node) Call(call string, p P, o ...Option) *Reply {
	n.t.Helper()
	r, err := n.Try(call, p, o...)
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

// Must is Admin for set-up: it ends the test unless the answer is 200.
func (n *Node) Must(call string, p P) *Reply {
	n.t.Helper()
	r := n.Admin(call, p)
	if r.Status != http.StatusOK {
		n.t.Fatalf("%s %v: %d %s", call, p, r.Status, r.Raw)
	}
	return r
}

// Try is Call for goroutines.
func (n *Node) Try(call string, p P, o ...Option) (*Reply, error) {
	req, err := n.request(call, p)
	if err != nil {
		return nil, err
	}
	for _, f := range o {
		f(req)
	}
	resp, err := n.Server.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	r := &Reply{Status: resp.StatusCode, Header: resp.Header, Raw: raw}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &r.Body); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (n *Node) request(call string, p P) (*http.Request, error) {
	method, path, ok := strings.Cut(call, " ")
	if !ok {
		return nil, fmt.Errorf("call %q is not method and path", call)
	}
	form, plain := url.Values{}, true
	for k, v := range p {
		s, isText := v.(string)
		form.Set(k, s)
		plain = plain && isText
	}
	target := n.Server.URL + path
	if method == http.MethodGet || method == http.MethodDelete {
		if len(form) > 0 {
			target += "?" + form.Encode()
		}
		return http.NewRequest(method, target, nil)
	}
	body, contentType := form.Encode(), "application/x-www-form-urlencoded"
	if !plain {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		body, contentType = string(b), "application/json"
	}
	req, err := http.NewRequest(method, target, strings.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", contentType)
	}
	return req, err
}

// Reply is an answer.
type Reply struct {
	Status int
	Header http.Header
	Raw    []byte
	Body   map[string]any // nil when the answer is no JSON object
}

// At is the member that a path of names and indexes leads to, nil when there is
// none: At("detail.multi_challenge.0.serial").
func (r *Reply) At(path string) any {
	var v any = r.Body
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// Text is At as a text, "" when it is none.
func (r *Reply) Text(path string) string {
	s, _ := r.At(path).(string)
	return s
}

// Value is result.value.
func (r *Reply) Value() any { return r.At("result.value") }

// Accepted reports whether the answer is a success of the validate family.
func (r *Reply) Accepted() bool {
	return r.Status == http.StatusOK && r.Text("result.authentication") == "ACCEPT" && r.Value() == true
}

// ErrorCode is result.error.code, 0 without an error.
func (r *Reply) ErrorCode() int {
	f, _ := r.At("result.error.code").(float64)
	return int(f)
}
