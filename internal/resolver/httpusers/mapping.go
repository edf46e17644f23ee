package httpusers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"edumfa/internal/outhttp"
	"edumfa/internal/resolver"
)

// placeholder stands for the user's id in the parameters.
const placeholder = "{userid}"

// template is the JSON object of a request's parameters. The id is put into its
// texts after it is parsed, so that no id can add parameters.
type template struct{ members map[string]any }

func parseTemplate(text string) (template, error) {
	members, err := object([]byte(text))
	if err != nil { // the placeholder may stand where a value stands
		members, err = object([]byte(strings.ReplaceAll(text, placeholder, `"`+placeholder+`"`)))
	}
	if err != nil {
		return template{}, errors.New("option requestMapping is no JSON object")
	}
	return template{members}, nil
}

func object(b []byte) (map[string]any, error) {
	v, err := decode(b)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("no object")
	}
	return m, nil
}

// decode reads JSON, numbers as they are written.
func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("something follows the JSON")
	}
	return v, nil
}

// fill puts the id into all texts.
func fill(v any, id string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, placeholder, id)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = fill(e, id)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = fill(e, id)
		}
		return out
	}
	return v
}

// requestFor is the request for a user.
func (s settings) requestFor(id string) (outhttp.Request, error) {
	if !utf8.ValidString(id) {
		return outhttp.Request{}, resolver.ErrNoUser
	}
	r := outhttp.Request{Method: "GET", URL: s.endpoint, Header: map[string]string{}, Timeout: timeout, SameHost: true}
	members := fill(s.request.members, id).(map[string]any)
	if s.post {
		var err error
		if r.Body, err = json.Marshal(members); err != nil {
			return r, err
		}
		r.Method, r.Header["Content-Type"] = "POST", "application/json"
	} else {
		u, err := url.Parse(s.endpoint)
		if err != nil {
			return r, errors.New("option endpoint is no address")
		}
		q := url.Values{}
		for k, v := range members {
			text, err := plain(v)
			if err != nil {
				return r, err
			}
			q.Set(k, text)
		}
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += q.Encode()
		r.URL = u.String()
	}
	for k, v := range s.headers {
		r.Header[k] = v
	}
	return r, nil
}

// plain is a value as a parameter of an address: texts as they are, others as JSON.
func plain(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// read takes the attributes out of an answer. Places that are not there are nil.
func (s settings) read(body []byte) (resolver.Attributes, error) {
	v, err := decode(body)
	if err != nil {
		return nil, errors.New("the service does not answer with JSON")
	}
	if len(s.refusal) > 0 && contains(v, s.refusal) {
		return nil, fmt.Errorf("%w: the service says so", resolver.ErrNoUser)
	}
	out := make(resolver.Attributes, len(s.response))
	for name, from := range s.response {
		if !strings.HasPrefix(from, "{") || !strings.HasSuffix(from, "}") {
			out[name] = from
			continue
		}
		out[name] = attribute(at(v, from[1:len(from)-1]))
	}
	return out, nil
}

// contains reports whether an answer has all members with their values.
func contains(answer any, members map[string]any) bool {
	have, ok := answer.(map[string]any)
	if !ok {
		return false
	}
	for k, want := range members {
		got, there := have[k]
		if !there || !reflect.DeepEqual(number(got), number(want)) {
			return false
		}
	}
	return true
}

// number makes numbers of different spelling the same.
func number(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		return f
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = number(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = number(e)
		}
		return out
	}
	return v
}

// at is the value at a path like person.contact[0].mail, nil where there is none.
func at(v any, path string) any {
	for _, part := range strings.Split(strings.ReplaceAll(path, "[", ".["), ".") {
		switch {
		case part == "":
		case strings.HasPrefix(part, "["):
			list, ok := v.([]any)
			i, err := strconv.Atoi(strings.TrimSuffix(part[1:], "]"))
			if !ok || err != nil || i < 0 || i >= len(list) {
				return nil
			}
			v = list[i]
		default:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[part]
		}
	}
	return v
}

// attribute is a value of an answer as an attribute of a user.
func attribute(v any) any {
	switch v := v.(type) {
	case nil, string, bool:
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case []any:
		list := make([]string, 0, len(v))
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return asJSON(v)
			}
			list = append(list, s)
		}
		return list
	}
	return asJSON(v)
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
