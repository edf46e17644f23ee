package usernotification

import (
	"context"
	"maps"
	"strings"

	"edumfa/internal/event"
	"edumfa/internal/texttag"
)

// What is sent where the definition says nothing.
const (
	defaultSubject = "An action was performed on your token"
	defaultBody    = `Hello {user},

something was done with your token {serial}.

What: {action}
By: {admin} {realm}

You find your tokens at {url}
`
)

// texts are the tags of one notification.
type texts struct {
	tags map[string]string
	// image is the picture of the enrolment as a data URI; "" without one.
	image string
}

func tagsFor(ctx context.Context, c event.Call, to recipient) (texts, error) {
	tags, err := c.Tags(ctx)
	if err != nil {
		return texts{}, err
	}
	tags["givenname"], tags["recipient_givenname"], tags["recipient_surname"] = to.givenName, to.givenName, to.surname
	out := texts{tags: tags}
	if c.Response != nil {
		detail, _ := c.Response.Body["detail"].(map[string]any)
		tags["registrationcode"], tags["pin"] = text(detail, "registrationcode"), text(detail, "pin")
		link, _ := detail["googleurl"].(map[string]any)
		tags["googleurl_value"], out.image = text(link, "value"), text(link, "img")
	}
	return out, nil
}

func text(object map[string]any, name string) string {
	s, _ := object[name].(string)
	return s
}

// body fills the template of the definition; that may also be the name of a file
// with it. A template that cannot be read is replaced by the built-in one, if
// there is one: what happened is worth more than how it is told.
func (t texts) body(ctx context.Context, c event.Call, html bool, fallback string) (string, error) {
	template, _ := c.Option("body")
	if template == "" {
		template = fallback
	}
	if name, isFile := strings.CutPrefix(template, "file:"); isFile {
		content, err := texttag.ReadFile(name)
		switch {
		case err == nil:
			template = content
		case fallback == "":
			return "", err
		default:
			c.Log.WarnContext(ctx, "template of a notification cannot be read", "error", err)
			template = fallback
		}
	}
	tags := maps.Clone(t.tags)
	tags["googleurl_img"] = t.image // in bodies only
	if html {
		tags = texttag.HTML(tags)
	}
	return texttag.Format(template, tags)
}

// subject fills the subject; it is no HTML, whatever the body is.
func (t texts) subject(c event.Call) (string, error) {
	template, _ := c.Option("subject")
	if template == "" {
		template = defaultSubject
	}
	return texttag.Format(template, t.tags)
}
