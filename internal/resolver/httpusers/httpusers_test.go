package httpusers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"edumfa/internal/breaker"
	"edumfa/internal/field"
	"edumfa/internal/resolver"
	"edumfa/internal/secret"
)

const olga = `{"ok": true, "person": {"login": "olga", "age": 41, "half": 0.5, "tags": ["a", "b"], "mixed": [1, "a"], "mail": [{"v": "o@web.example"}]}, "code": 7}`

func values(endpoint string, more field.Values) field.Values {
	v := field.Values{"endpoint": endpoint, "method": "POST", "headers": `{"X-Api-Key": "k-1"}`, "requestMapping": `{"id": "{userid}", "fix": [1, "for {userid}"]}`,
		"responseMapping": `{"username": "{person.login}", "email": "{person.mail[0].v}", "age": "{person.age}", "half": "{person.half}", "tags": "{person.tags}", "mixed": "{person.mixed}", "none": "{person.mail[3].v}", "source": "web"}`}
	for k, x := range more {
		v[k] = x
	}
	return v
}

func start(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func instance(t *testing.T, v field.Values, now func() time.Time) resolver.Resolver {
	t.Helper()
	r, err := Kind().New(t.Context(), "web", v, resolver.Deps{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestByID_ReadsTheAttributes(t *testing.T) {
	url := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "k-1" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		_, _ = io.WriteString(w, olga)
	})
	u, err := instance(t, values(url, nil), time.Now).ByID(t.Context(), "olga")
	want := resolver.Attributes{"username": "olga", "email": "o@web.example", "age": int64(41), "half": 0.5, "tags": []string{"a", "b"}, "mixed": `[1,"a"]`, "none": nil, "source": "web"}
	if err != nil || u.ID != "olga" || u.Login != "olga" || !reflect.DeepEqual(u.Attributes, want) {
		t.Errorf("%+v %v", u, err)
	}
}

// Special characters arrive as they are and add nothing to the request.
func TestByID_SpecialCharactersInIdentifiers(t *testing.T) {
	ids := []string{`x", "admin": "1`, `a b&c=d#e?f/../g%41`, "jürgen€😀", `\u0041`, "{userid}", "line\nbreak"}
	for _, method := range []string{"POST", "get"} {
		var got any
		url := start(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" {
				_ = json.NewDecoder(r.Body).Decode(&got)
			} else {
				q := r.URL.Query()
				got = map[string]any{"id": q.Get("id"), "fix": q.Get("fix"), "n": len(q)}
			}
			_, _ = io.WriteString(w, `{}`)
		})
		for _, id := range ids {
			u := instance(t, values(url+"/p?key=1", field.Values{"method": method}), time.Now)
			if _, err := u.ByID(t.Context(), id); err != nil {
				t.Errorf("%s %q: %v", method, id, err)
			}
			want := map[string]any{"id": id, "fix": []any{1.0, "for " + id}}
			if method == "get" {
				b, _ := json.Marshal([]any{json.Number("1"), "for " + id})
				want = map[string]any{"id": id, "fix": string(b), "n": 3}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %q: sent %v", method, id, got)
			}
		}
	}
}

func TestByID_Answers(t *testing.T) {
	refusal := field.Values{"hasSpecialErrorHandler": "True", "errorResponse": `{"ok": false, "code": 404.0}`}
	cases := []struct {
		name   string
		status int
		body   string
		more   field.Values
		want   error
	}{
		{"an object", 200, olga, nil, nil},
		{"another shape", 200, `[1]`, nil, nil},
		{"a refusal", 200, `{"ok": false, "code": 404, "x": 1}`, refusal, resolver.ErrNoUser},
		{"half a refusal", 200, `{"ok": false}`, refusal, nil},
		{"a refusal nobody looks for", 200, `{"ok": false, "code": 404}`, field.Values{"hasSpecialErrorHandler": "False", "errorResponse": refusal["errorResponse"]}, nil},
		{"nobody", 404, `{}`, nil, resolver.ErrNoUser},
		{"not allowed", 403, `{}`, nil, errStatus(403)},
		{"down", 503, `{}`, nil, resolver.ErrUnavailable},
		{"endless", 200, strings.Repeat(" ", 2<<20), nil, resolver.ErrUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			url := start(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := instance(t, values(url, c.more), time.Now).ByID(t.Context(), "olga")
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	for _, body := range []string{"no JSON", "", "{} {}"} {
		url := start(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		if _, err := instance(t, values(url, nil), time.Now).ByID(t.Context(), "olga"); err == nil {
			t.Errorf("%q was read", body)
		}
	}
}

// A login does not depend on the service, and a dead one is left alone.
func TestDeadService(t *testing.T) {
	now := time.Unix(1000, 0)
	asked := 0
	url := start(t, func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(500) })
	u := instance(t, values(url, nil), func() time.Time { return now })
	for range failures + 2 {
		_, _ = u.ByID(t.Context(), "olga")
	}
	if _, err := u.ByID(t.Context(), "olga"); asked != failures || !errors.Is(err, breaker.ErrOpen) || !errors.Is(err, resolver.ErrUnavailable) {
		t.Errorf("asked %d times, %v", asked, err)
	}
	if found, err := u.ByLogin(t.Context(), "olga"); err != nil || found.ID != "olga" {
		t.Errorf("%+v %v", found, err)
	}
	if many, err := resolver.Many(t.Context(), u, []string{"olga", "x"}); err != nil || many["x"].Login != "x" {
		t.Errorf("%+v %v", many, err)
	}
	if list, err := u.Search(t.Context(), nil); err != nil || list != nil {
		t.Errorf("%v %v", list, err)
	}
	if right, err := u.CheckPassword(t.Context(), "olga", secret.New("x")); right || err != nil {
		t.Errorf("%v %v", right, err)
	}
	now = now.Add(pause)
	if _, _ = u.ByID(t.Context(), "olga"); asked != failures+1 {
		t.Error("never asked again")
	}
}

func TestNew_RefusesSettingsThatCannotWork(t *testing.T) {
	for name, more := range map[string]field.Values{
		"no endpoint":              {"endpoint": ""},
		"a request that is half":   {"requestMapping": `{"id": `},
		"a request that is text":   {"requestMapping": `"{userid}"`},
		"a mapping that is a list": {"responseMapping": `[]`},
		"a mapping of numbers":     {"responseMapping": `{"a": 1}`},
		"no mapping":               {"responseMapping": ``},
		"headers that are not":     {"headers": "nonsense"},
		"a refusal that is not":    {"hasSpecialErrorHandler": "1", "errorResponse": "x"},
	} {
		if _, err := Kind().New(context.Background(), "web", values("http://127.0.0.1:9", more), resolver.Deps{Now: time.Now}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := parseTemplate(`{"id": {userid}}`); err != nil {
		t.Errorf("a placeholder in the place of a value: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(olga, "person.mail[0].v")
	f.Add(`[[1]]`, "[0][0]")
	f.Add(`{"": 1}`, "..[")
	f.Fuzz(func(t *testing.T, body, path string) {
		s := settings{response: map[string]string{"x": "{" + path + "}"}}
		if a, err := s.read([]byte(body)); err != nil && a != nil {
			t.Errorf("%v %v", a, err)
		}
	})
}
