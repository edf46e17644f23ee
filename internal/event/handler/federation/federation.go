// Package federation is the event handler that lets another eduMFA server answer
// a request.
package federation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/mfaerr"
	"edumfa/internal/outhttp"
	"edumfa/internal/pyliteral"
	"edumfa/internal/remoteserver"
)

// Store knows the other servers.
type Store interface {
	// RemoteServer finds a server by its name.
	RemoteServer(ctx context.Context, identifier string) (remoteserver.Server, error)
}

// Client asks them.
type Client interface {
	Do(ctx context.Context, s remoteserver.Server, call remoteserver.Call) (outhttp.Response, error)
}

// Handler passes requests on and answers with what the other server says.
type Handler struct {
	Store  Store
	Client Client
	// NotFound is the store's error.
	NotFound error
}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "Federation", Positions: []event.Position{event.Post}}
}

// Do passes the request on with all its parameters; the answer replaces that of
// the call, which has been made here, too. When there is no answer the request
// fails: that this server says yes or no does not mean that the other would.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	if c.Definition.Action != "forward" || c.Response == nil {
		return nil
	}
	from := c.Facts.Origin()
	if from.Method != "GET" && from.Method != "POST" && from.Method != "DELETE" {
		c.Log.WarnContext(ctx, "request not passed on: its method is none that is passed on", "method", from.Method)
		return nil
	}
	name, _ := c.Option("eduMFA")
	server, err := h.Store.RemoteServer(ctx, name)
	if errors.Is(err, h.NotFound) {
		return event.Abort(mfaerr.NewConfig("The specified eduMFA Server configuration does not exist.").WithCause(err))
	}
	if err != nil {
		return event.Abort(unavailable(err))
	}
	ask := remoteserver.Call{Method: from.Method, Path: (&url.URL{Path: from.Path}).EscapedPath(), Header: map[string]string{}}
	if c.Flag("forward_authorization_token") && from.Authorization != "" {
		ask.Header["Authorization"] = from.Authorization
	}
	if values := parameters(c); from.Method == "GET" {
		ask.Query = values
	} else {
		ask.Form = values
	}
	res, err := h.Client.Do(ctx, server, ask)
	if err != nil {
		return event.Abort(unavailable(err))
	}
	body, err := readAnswer(res)
	if err != nil {
		return event.Abort(unavailable(err))
	}
	if detail, is := body["detail"].(map[string]any); is {
		detail["origin"] = strings.TrimRight(server.URL, "/") + from.Path
	}
	c.Response.Status, c.Response.Body, c.Response.Plain = res.Status, body, false
	return nil
}

func unavailable(err error) error {
	return &mfaerr.Error{Kind: mfaerr.Busy, Code: mfaerr.CodeServer, Public: "The eduMFA server that decides about this request gave no answer.", Cause: err}
}

// parameters are those of the request, and what the options set over them.
func parameters(c event.Call) url.Values {
	out := url.Values{}
	for _, name := range c.Params.Names() {
		if values, isList := c.Params.Raw(name).([]any); isList {
			for _, v := range values {
				add(out, name, v)
			}
			continue
		}
		add(out, name, c.Params.Raw(name))
	}
	if ip := c.Facts.ClientIP(); ip.IsValid() && c.Flag("forward_client_ip") {
		set(out, "client", ip.String())
	}
	for _, name := range []string{"realm", "resolver"} {
		if v, _ := c.Option(name); v != "" {
			set(out, name, v)
		}
	}
	return out
}

func set(out url.Values, name, v string) {
	out.Del(name)
	add(out, name, v)
}

// add writes a value as forms have it. Servers of the field decode percent signs
// once more than the form, so these are written so that they survive it.
func add(out url.Values, name string, v any) {
	var text string
	switch v := v.(type) {
	case nil:
		return
	case string:
		text = v
	case bool, int, int64, float64:
		text = pyliteral.Repr(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return
		}
		text = string(b)
	}
	out.Add(name, strings.ReplaceAll(text, "%", "%25"))
}

// readAnswer reads the JSON object of an answer.
func readAnswer(res outhttp.Response) (map[string]any, error) {
	if res.Status < 200 || res.Status > 599 {
		return nil, fmt.Errorf("the status %d is none of an answer", res.Status)
	}
	d := json.NewDecoder(bytes.NewReader(res.Body))
	d.UseNumber()
	var body map[string]any
	if err := d.Decode(&body); err != nil || body == nil {
		return nil, errors.Join(remoteserver.ErrAnswer, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, remoteserver.ErrAnswer
	}
	return numbers(body).(map[string]any), nil
}

// numbers makes whole numbers whole.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = numbers(x)
		}
	case []any:
		for i, x := range v {
			v[i] = numbers(x)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	}
	return v
}
