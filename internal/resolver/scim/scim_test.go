package scim

import (
	"errors"
	"fmt"
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

// service is a SCIM service with people u1 to un in pages.
type service struct {
	url           string
	people, size  int
	tokens, asked int
	valid         string // the access token that counts
	expires       int
	answer        func(w http.ResponseWriter, r *http.Request) bool // instead of the usual
}

func start(t *testing.T) *service {
	t.Helper()
	x := &service{people: 5, size: 2}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oauth/token" {
			if id, pw, _ := r.BasicAuth(); id != "client" || pw != "geheim ä:" || r.URL.Query().Get("grant_type") != "client_credentials" {
				w.WriteHeader(401)
				return
			}
			x.tokens++
			x.valid = fmt.Sprintf("tok-%d", x.tokens)
			fmt.Fprintf(w, `{"access_token": %q, "expires_in": %d}`, x.valid, x.expires)
			return
		}
		x.asked++
		if r.Header.Get("Authorization") != "Bearer "+x.valid {
			w.WriteHeader(401)
			return
		}
		if x.answer != nil && x.answer(w, r) {
			return
		}
		if id, one := strings.CutPrefix(r.URL.EscapedPath(), "/v1/Users/"); one {
			if id == "nobody" {
				w.WriteHeader(404)
				return
			}
			fmt.Fprintf(w, `{"userName": "rosa", "name": {"givenName": %q}, "emails": [{"value": "a@x"}, {"value": "b@x"}]}`, id)
			return
		}
		from := 1
		_, _ = fmt.Sscan(r.URL.Query().Get("startIndex"), &from)
		var list []string
		for i := from; i < from+x.size && i <= x.people; i++ {
			list = append(list, fmt.Sprintf(`{"userName": "u%d", "phoneNumbers": [{"value": "%d"}]}`, i, i))
		}
		fmt.Fprintf(w, `{"totalResults": %d, "Resources": [%s]}`, x.people, strings.Join(list, ","))
	}))
	t.Cleanup(s.Close)
	x.url = s.URL
	return x
}

func (x *service) values() field.Values {
	return field.Values{"Authserver": x.url + "/", "Resourceserver": x.url + "/v1", "Client": "client", "Secret": "geheim ä:", "Mapping": "{username: userName}"}
}

func instance(t *testing.T, v field.Values, now func() time.Time) resolver.Resolver {
	t.Helper()
	r, err := Kind().New(t.Context(), "scim", v, resolver.Deps{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSearch(t *testing.T) {
	x := start(t)
	u := instance(t, x.values(), time.Now)
	for _, c := range []struct {
		q    resolver.Query
		want string
	}{
		{nil, "u1 u2 u3 u4 u5"},
		{resolver.Query{"username": "U*"}, "u1 u2 u3 u4 u5"},
		{resolver.Query{"username": "*3"}, "u3"},
		{resolver.Query{"username": "u*", "phone": "4"}, "u4"},
		{resolver.Query{"username": "u"}, ""},
		{resolver.Query{"shoe": "*"}, ""},
	} {
		list, err := u.Search(t.Context(), c.q)
		var got []string
		for _, p := range list {
			got = append(got, p.Login)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v %v", c.q, got, err)
		}
	}
	if x.tokens != 1 {
		t.Errorf("%d access tokens", x.tokens)
	}
	// a service that promises more than it has
	x.people, x.size = 1<<30, 0
	if list, err := u.Search(t.Context(), nil); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	x.size = 1
	x.asked = 0
	if _, err := u.Search(t.Context(), nil); err != nil || x.asked > mostPages {
		t.Errorf("asked %d times, %v", x.asked, err)
	}
}

func TestByID(t *testing.T) {
	x := start(t)
	u := instance(t, x.values(), time.Now)
	for id, sent := range map[string]string{"rosa": "rosa", "a/b?c#d e": "a%2Fb%3Fc%23d%20e", "jür%41": "j%C3%BCr%2541"} {
		got, err := u.ByID(t.Context(), id)
		want := resolver.Attributes{"username": "rosa", "givenname": sent, "surname": "", "email": "a@x", "phone": "", "mobile": ""}
		if err != nil || got.ID != id || !reflect.DeepEqual(got.Attributes, want) {
			t.Errorf("%q: %+v %v", id, got, err)
		}
	}
	for _, id := range []string{"nobody", "", ".", ".."} {
		if _, err := u.ByID(t.Context(), id); !errors.Is(err, resolver.ErrNoUser) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if right, err := u.CheckPassword(t.Context(), "rosa", secret.New("x")); right || err != nil {
		t.Errorf("%v %v", right, err)
	}
}

func TestAccessTokens(t *testing.T) {
	now := time.Unix(1000, 0)
	x := start(t)
	x.expires = 60
	u := instance(t, x.values(), func() time.Time { return now })
	ask := func(want int) {
		t.Helper()
		if _, err := u.ByID(t.Context(), "rosa"); err != nil || x.tokens != want {
			t.Errorf("%v, %d tokens, want %d", err, x.tokens, want)
		}
	}
	ask(1)
	ask(1)
	now = now.Add(51 * time.Second) // soon over
	ask(2)
	x.valid = "of somebody else" // refused
	ask(3)
	x.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(403); return true }
	x.asked = 0
	if _, err := u.ByID(t.Context(), "rosa"); !errors.Is(err, resolver.ErrUnavailable) || x.asked != 2 {
		t.Errorf("%v, asked %d times", err, x.asked)
	}
}

func TestBadAnswers(t *testing.T) {
	for name, body := range map[string]string{"no JSON": "<html>", "nothing": "", "another shape": "[1]", "other types": `{"userName": 7}`, "endless": strings.Repeat(" ", 2<<20)} {
		x := start(t)
		x.answer = func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, body); return true }
		u := instance(t, x.values(), time.Now)
		for range failures {
			if got, err := u.ByID(t.Context(), "rosa"); !errors.Is(err, resolver.ErrUnavailable) || got.ID != "" {
				t.Errorf("%s: %+v %v", name, got, err)
			}
		}
		if _, err := u.Search(t.Context(), nil); !errors.Is(err, breaker.ErrOpen) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := u.ByLogin(t.Context(), "rosa"); err != nil || got.ID != "rosa" {
			t.Errorf("%s: a login depends on the service: %v", name, err)
		}
	}
}

func TestKind_Test(t *testing.T) {
	x := start(t)
	try := func(more field.Values) (bool, string) {
		v := x.values()
		for k, s := range more {
			v[k] = s
		}
		return Kind().Test(t.Context(), v, resolver.Deps{Now: time.Now})
	}
	if ok, text := try(nil); !ok || text != "Found 5 users" {
		t.Errorf("%v %s", ok, text)
	}
	for name, more := range map[string]field.Values{"a wrong secret": {"Secret": "x"}, "no service": {"Resourceserver": "x"}, "nobody there": {"Authserver": "http://127.0.0.1:9"}} {
		if ok, text := try(more); ok || strings.Contains(text, "geheim") {
			t.Errorf("%s: %v %s", name, ok, text)
		}
	}
}

func FuzzLike(f *testing.F) {
	f.Add("rosa", "r*s*")
	f.Add("", "**")
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !strings.Contains(pattern, "*") && like(s, pattern) != (s == pattern) {
			t.Error("a pattern without * is no comparison")
		}
		if !like(s, "*"+s) || !like(s, s+"*") && !strings.Contains(s, "*") {
			t.Errorf("%q does not fit itself", s)
		}
	})
}
