// Package texttag fills the tags of texts that administrators write for mails
// and messages: "{otp}" is replaced by the value of the tag otp, "{{" and "}}"
// are single braces. What is no known tag stays as it is, so that a template
// with a style sheet needs no care. Tags are names only: there is no way from
// one to anything else.
package texttag

import (
	"html"
	"strings"
)

// Fill replaces the tags of a text.
func Fill(text string, tags map[string]string) string {
	var b strings.Builder
	for {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:i])
		brace := text[i]
		text = text[i+1:]
		if text != "" && text[0] == brace {
			b.WriteByte(brace)
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if value, known := tags[name]; brace == '{' && closed && known {
			b.WriteString(value)
			text = rest
			continue
		}
		b.WriteByte(brace)
	}
}

// Old replaces the tags of the older form, "<otp>".
func Old(text string, tags map[string]string) string {
	pairs := make([]string, 0, 2*len(tags))
	for name, value := range tags {
		pairs = append(pairs, "<"+name+">", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// HTML returns the tags with values that are safe inside of HTML.
func HTML(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags))
	for name, value := range tags {
		out[name] = html.EscapeString(value)
	}
	return out
}
