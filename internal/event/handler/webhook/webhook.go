// Package webhook is the event handler that posts to web servers.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/pyjson"
	"edumfa/internal/texttag"
)

// JobKind names deliveries in the job queue.
const JobKind = "webhook"

// KeyOption is the option with the key that signs deliveries. It is stored
// encrypted.
const KeyOption = "hmac_key"

// maxBody bounds what is posted, in bytes.
const maxBody = 64 << 10

// Values of the option content_type. The first two are the field's: they are sent
// as the header as they stand, and the first posts the text as one JSON string.
const (
	asString = "json"
	asText   = "urlendcode"
	asJSON   = "application/json"
	asForm   = "application/x-www-form-urlencoded"
)

// Handler posts one text for each event.
type Handler struct {
	Sender *Sender
	// Later hands a delivery to the job queue; nil sends at once.
	Later func(ctx context.Context, kind, target string, payload []byte) error
}

var _ event.Handler = Handler{}

// Info describes the handler.
func (Handler) Info() event.Info {
	return event.Info{Name: "WebHook", Positions: []event.Position{event.Post, event.Pre}}
}

// Do posts the option data to the option URL. Answers with a status of 400 and
// above are errors. Where there is a job queue, the text is handed to it and
// posted until it is taken, unless the request depends on it.
func (h Handler) Do(ctx context.Context, c event.Call) error {
	if strings.ToLower(c.Definition.Action) != "post_webhook" {
		return fmt.Errorf("the action %q is not known", c.Definition.Action)
	}
	d, err := h.delivery(ctx, c)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if h.Later != nil && !c.Flag(event.AbortOption) {
		return h.Later(ctx, JobKind, "webhook:"+d.host(), payload)
	}
	return h.Sender.Now(ctx, d)
}

func (h Handler) delivery(ctx context.Context, c event.Call) (Delivery, error) {
	var d Delivery
	d.URL, _ = c.Option("URL")
	if u, err := url.Parse(d.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return d, errors.New("the URL of the web hook is neither http nor https")
	}
	d.ContentType, _ = c.Option("content_type")
	d.Key, _ = c.Option(KeyOption)
	text, _ := c.Option("data")
	if replaces(c) {
		var err error
		if text, err = fill(ctx, c, d.ContentType, text); err != nil {
			return d, err
		}
	}
	switch d.ContentType {
	case asString:
		b, err := pyjson.Marshal(text)
		if err != nil {
			return d, err
		}
		text = string(b)
	case asJSON:
		if !json.Valid([]byte(text)) {
			return d, errors.New("the data of the web hook are no JSON")
		}
	case asText, asForm:
	default:
		return d, fmt.Errorf("the content type %q is not known", d.ContentType)
	}
	if d.Body = text; len(text) > maxBody {
		return d, fmt.Errorf("the data of the web hook are longer than %d bytes", maxBody)
	}
	return d, nil
}

// replaces reports whether tags are replaced. Any text means yes but those that
// plainly say no.
func replaces(c event.Call) bool {
	v, _ := c.Option("replace")
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

// fill replaces the tags. The field's content types take the whole text as it is
// when something in braces is no tag; the others replace what they know, each
// value written so that it cannot end the text it stands in.
func fill(ctx context.Context, c event.Call, contentType, text string) (string, error) {
	owner, err := c.Facts.Owner(ctx)
	if err != nil {
		return "", err
	}
	caller := c.Facts.Caller()
	serial, _ := c.Params.Text("serial")
	tags := map[string]string{
		"logged_in_user": caller.Name, "realm": caller.Realm, "surname": owner.Surname, "token_owner": owner.GivenName,
		"user_realm": owner.Realm, "token_serial": serial,
	}
	write := url.QueryEscape
	switch contentType {
	case asJSON:
		write = inJSON
	case asForm:
	default:
		filled, err := texttag.Format(text, tags)
		if err != nil {
			c.Log.WarnContext(ctx, "web hook posted without its tags replaced", "error", err)
			return text, nil
		}
		return filled, nil
	}
	pairs := make([]string, 0, 2*len(tags))
	for name, v := range tags {
		pairs = append(pairs, "{"+name+"}", write(v))
	}
	return strings.NewReplacer(pairs...).Replace(text), nil
}

// inJSON is a text as it stands between the quotes of a JSON string.
func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil || len(b) < 2 {
		return ""
	}
	return string(b[1 : len(b)-1])
}
