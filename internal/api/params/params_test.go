package params

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"edumfa/internal/mfaerr"
)

const formType = "application/x-www-form-urlencoded"

func request(method, target, contentType, body, agent string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("User-Agent", agent)
	return r
}

func TestDecode_Forms(t *testing.T) {
	want := map[string]any{"user": "alice", "pass": "open + close"}
	q := "user=alice&pass=open+%2B+close"
	object := `{"user":"alice","pass":"open + close"}`
	for _, c := range []struct {
		name, method, target, contentType, body string
		want                                    map[string]any
	}{
		{"query of a GET", "GET", "/?" + q, "", "", want},
		{"query of a POST", "POST", "/?" + q, "", "", want},
		{"trailing separator", "GET", "/?" + q + "&", "", "", want},
		{"form", "POST", "/", formType, q, want},
		{"form with a charset", "POST", "/", formType + "; charset=UTF-8", q, want},
		{"form of a DELETE", "DELETE", "/", formType, q, want},
		{"form of a GET", "GET", "/", formType, q, want},
		{"JSON", "POST", "/", "application/json", object, want},
		{"JSON with a charset", "POST", "/", "application/json; charset=utf-8", object, want},
		{"JSON of a derived type", "POST", "/", "application/problem+json", object, want},
		{"JSON by another name", "POST", "/", "text/plain", object, want},
		{"JSON without a type", "POST", "/", "", object, want},
		{"JSON with a byte order mark", "POST", "/", "application/json", "\xef\xbb\xbf" + object, want},
		{"a form by another name", "POST", "/", "application/octet-stream", q, map[string]any{}},
		{"no JSON object by another name", "POST", "/", "text/plain", `["user"]`, map[string]any{}},
		{"empty JSON body", "GET", "/?" + q, "application/json", "", want},
		{"the query goes before the form", "POST", "/?user=nobody", formType, q, map[string]any{"user": "nobody", "pass": "open + close"}},
		{"the form of a GET goes before the query", "GET", "/?user=nobody", formType, q, want},
		{"JSON goes before the query", "POST", "/?user=nobody", "application/json", object, want},
		{"the first of several values", "GET", "/?a=1&a=2", "", "", map[string]any{"a": "1"}},
		{"the first of several form values", "POST", "/", formType, "a=1&a=2", map[string]any{"a": "1"}},
		{"names without a value", "GET", "/?a&b=&=c&&", "", "", map[string]any{"a": "", "b": "", "": "c"}},
		{"a semicolon separates nothing", "GET", "/?a=1;b=2", "", "", map[string]any{"a": "1;b=2"}},
		{"broken escapes stay", "GET", "/?a=100%&b=%zz&c=%4", "", "", map[string]any{"a": "100%", "b": "%zz", "c": "%4"}},
		{"names are decoded once", "GET", "/?a%2541=1", "", "", map[string]any{"a%41": "1"}},
		{"Latin-1 is no UTF-8", "POST", "/", formType, "user=j%FCrgen", map[string]any{"user": "j\ufffdrgen"}},
		{"zero bytes", "POST", "/?a%00=b%00", "application/json", `{"user\u0000":["x\u0000y",{"k\u0000":1}]}`,
			map[string]any{"a\ufffd": "b\ufffd", "user\ufffd": []any{"x\ufffdy", map[string]any{"k\ufffd": int64(1)}}}},
		{"UTF-8", "POST", "/", formType, "user=j%C3%BCrgen", map[string]any{"user": "jürgen"}},
		{"kinds of JSON values", "POST", "/", "application/json", `{"a":1,"b":1.5,"c":true,"d":null,"e":[1,"x"],"f":{"g":2},"h":1e400}`,
			map[string]any{"a": int64(1), "b": 1.5, "c": true, "d": nil, "e": []any{int64(1), "x"}, "f": map[string]any{"g": int64(2)}, "h": "1e400"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Decode(request(c.method, c.target, c.contentType, c.body, "x/1"), nil, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(p.values, c.want) {
				t.Errorf("got %#v\nwant %#v", p.values, c.want)
			}
		})
	}
}

func TestDecode_PathGoesBeforeAll(t *testing.T) {
	r := request("POST", "/?serial=A", "application/json", `{"serial":"B","x":1}`, "")
	p, err := Decode(r, map[string]string{"serial": "C%41"}, DefaultLimits())
	if err != nil || p.TextOr("serial", "") != "CA" || p.Raw("x") != int64(1) {
		t.Errorf("%v %v", p, err)
	}
}

func TestDecode_PercentSigns(t *testing.T) {
	for _, c := range []struct{ agent, sent, want string }{
		{"curl/8.1", "100%2541", "100A"},
		{"", "100%2541", "100A"},
		{"SimpleSAMLphp", "100%2541", "100A"},
		{"simpleSAMLphp", "100%2541", "100%41"},
		{"eduMFA-cp/3.2", "100%2541", "100%41"},
		{"eduMFA-LDAP-Proxy", "100%2541", "100%41"},
		{"(odd)", "100%2541", "100%41"},
		{"curl/8.1", "100%252541", "100%41"},
		{"okhttp/4", "a%252Bb%2Bc", "a+b+c"},
		{"okhttp/4", "%25zz%25", "%zz%"},
		{"okhttp/4", "%25FC", "\ufffd"},
		{"okhttp/4", "%25E2%2582x", "\ufffdx"},
	} {
		p, err := Decode(request("POST", "/", formType, "pass="+c.sent, c.agent), nil, DefaultLimits())
		if err != nil || p.TextOr("pass", "") != c.want {
			t.Errorf("%s: %s is %q, want %q (%v)", c.agent, c.sent, p.TextOr("pass", ""), c.want, err)
		}
	}
	p, err := Decode(request("POST", "/", "application/json", `{"pass":"100%41"}`, "curl/8"), nil, DefaultLimits())
	if err != nil || p.TextOr("pass", "") != "100%41" {
		t.Error("JSON was decoded")
	}
}

func TestDecode_Multipart(t *testing.T) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, kv := range [][2]string{{"user", "alice"}, {"pass", "pa +%41"}, {"user", "bob"}} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.CreateFormFile("file", "../seeds.csv")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "a,b\n")
	w.Close()
	p, err := Decode(request("POST", "/?user=q", w.FormDataContentType(), b.String(), "simpleSAMLphp"), nil, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]any{"user": "q", "pass": "pa +%41"}; !maps.Equal(p.values, want) {
		t.Errorf("%v", p.values)
	}
	file, ok := p.File("file")
	if !ok || file.Name != "seeds.csv" || string(file.Data) != "a,b\n" {
		t.Errorf("%+v %v", file, ok)
	}
}

func TestDecode_Refuses(t *testing.T) {
	limits := Limits{Body: 100, Fields: 3}
	for _, c := range []struct{ name, target, contentType, body, want string }{
		{"broken JSON", "/", "application/json", `{"user":"alice"`, "ERR905: The request body is not valid JSON"},
		{"two objects", "/", "application/json", `{}{}`, "ERR905: The request body is not valid JSON"},
		{"a list", "/", "application/json", `["alice"]`, "ERR905: The JSON in the request body must be an object"},
		{"null", "/", "application/json", `null`, "ERR905: The JSON in the request body must be an object"},
		{"long body", "/", formType, "a=" + strings.Repeat("x", 99), "ERR905: The request body is longer than 100 bytes"},
		{"many values", "/?a=1&b=2", formType, "c=3&d=4", "ERR905: Too many parameters"},
		{"multipart without a boundary", "/", "multipart/form-data", "x", "ERR905: The multipart body has no boundary"},
		{"multipart cut off", "/", "multipart/form-data; boundary=x", "--x\r\nContent-Disp", "ERR905: The request body cannot be read"},
		{"long multipart", "/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("x", 99), "ERR905: The request body is longer than 100 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Decode(request("POST", c.target, c.contentType, c.body, ""), nil, limits)
			e, ok := errors.AsType[*mfaerr.Error](err)
			if !ok || e.Message() != c.want || e.Status() != 400 || p != nil {
				t.Errorf("%v %v", p, err)
			}
		})
	}
}

func TestAccessors(t *testing.T) {
	p := New(map[string]any{
		"text": "x", "empty": "", "null": nil, "yes": true, "no": false, "one": 1, "half": 1.5, "round": 2.0, "n": " 12 ",
		"list": []any{"a", int64(2), " b "}, "commas": "a, b,,c", "object": map[string]any{"k": int64(1)},
		"option.a": "1", "option.b": true, "True": "True",
	})
	for name, want := range map[string]string{
		"text": "x", "empty": "", "yes": "True", "no": "False", "one": "1", "half": "1.5", "round": "2", "list": "a,2, b ", "object": `{"k":1}`,
	} {
		if got, ok := p.Text(name); !ok || got != want {
			t.Errorf("Text(%s) = %q %v", name, got, ok)
		}
	}
	for _, name := range []string{"null", "missing"} {
		if _, ok := p.Text(name); ok || p.Bool(name) || p.List(name) != nil || !p.BoolOr(name, true) {
			t.Errorf("%s is there", name)
		}
		_, err := p.Required(name)
		if e, ok := errors.AsType[*mfaerr.Error](err); !ok || e.Message() != fmt.Sprintf("ERR905: Missing parameter: '%s'", name) {
			t.Errorf("Required(%s): %v", name, err)
		}
	}
	if _, err := p.RequiredNonEmpty("empty"); err == nil {
		t.Error("an empty value is taken")
	}
	for name, want := range map[string]bool{"yes": true, "one": true, "True": true, "no": false, "text": false, "half": false, "n": false} {
		if p.Bool(name) != want {
			t.Errorf("Bool(%s) = %v", name, !want)
		}
	}
	for name, want := range map[string]int{"n": 12, "one": 1, "round": 2, "empty": 7, "missing": 7} {
		if got, err := p.Int(name, 7); err != nil || got != want {
			t.Errorf("Int(%s) = %d %v", name, got, err)
		}
	}
	for _, name := range []string{"text", "half", "yes", "list"} {
		if _, err := p.Int(name, 0); err == nil {
			t.Errorf("Int(%s) is a number", name)
		}
	}
	if got := p.List("list"); !slices.Equal(got, []string{"a", "2", "b"}) {
		t.Errorf("%q", got)
	}
	if got := p.List("commas"); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
	if got := p.Prefixed("option."); !maps.Equal(got, map[string]any{"a": "1", "b": true}) {
		t.Errorf("%v", got)
	}
	q := p.Clone()
	q.Set("text", "y")
	q.Delete("empty")
	if p.TextOr("text", "") != "x" || !p.Has("empty") || q.Has("empty") || !q.Has("null") {
		t.Error("a copy changes its original")
	}
	var zero Params
	zero.Set("a", "b")
	if got := zero.Names(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%v", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "user=alice&pass=open+%2B+close", "a=%zz&b=%25E2%2582", `{"a":[1,null,{"b":1e400}]}`, "["} {
		for _, contentType := range []string{"", formType, "application/json", "multipart/form-data; boundary=x"} {
			f.Add(s, contentType, s)
		}
	}
	f.Add("", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n1\r\n--x--")
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		r := request("POST", "/", contentType, body, "curl/8")
		r.URL.RawQuery = query
		p, err := Decode(r, nil, Limits{Body: 1000, Fields: 10})
		if (err == nil) != (p != nil) {
			t.Fatal("neither error nor result, or both")
		}
		if p == nil {
			return
		}
		for _, n := range p.Names() {
			p.Text(n)
			p.List(n)
			_, _ = p.Int(n, 0)
		}
	})
}

func FuzzUnquote(f *testing.F) {
	for _, s := range []string{"", "%", "%4", "%41", "%zz", "%E2%82", "a+b", "ü%C3%BC", "%F0%9F%94%91"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Unquote(s)
		if !strings.Contains(s, "%") && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}
