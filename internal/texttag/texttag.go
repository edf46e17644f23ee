// Package texttag fills the tags of texts that administrators write for mails,
// messages and files: "{otp}" is replaced by the value of the tag otp, "{{" and
// "}}" are single braces. A tag may say how its value is set, "{serial:>12}".
// Tags are names only: there is no way from one to anything else, and values are
// never read for tags.
package texttag

import (
	"errors"
	"fmt"
	"strings"
)

// Fill replaces the tags of a text. What is no known tag stays as it is, so that
// a template with a style sheet needs no care.
func Fill(text string, tags map[string]string) string {
	out, _ := fill(text, tags, false)
	return out
}

// Format replaces the tags of a text in which everything in braces must be a
// known tag, and braces that stand alone must be doubled.
func Format(text string, tags map[string]string) (string, error) { return fill(text, tags, true) }

func fill(text string, tags map[string]string, strict bool) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		b.WriteString(text[:i])
		brace := text[i]
		text = text[i+1:]
		if text != "" && text[0] == brace {
			b.WriteByte(brace)
			text = text[1:]
			continue
		}
		value, rest, err := field(brace, text, tags)
		switch {
		case err == nil:
			b.WriteString(value)
			text = rest
		case strict:
			return "", err
		default:
			b.WriteByte(brace)
		}
	}
}

// field reads a tag behind its opening brace: a name, perhaps "!s", perhaps ":"
// and a layout.
func field(brace byte, text string, tags map[string]string) (value, rest string, err error) {
	inside, rest, closed := strings.Cut(text, "}")
	if brace == '}' || !closed {
		return "", "", errors.New("a brace stands alone in the text")
	}
	name, spec, _ := strings.Cut(inside, ":")
	name, conversion, converted := strings.Cut(name, "!")
	value, known := tags[name]
	switch {
	case !known:
		return "", "", fmt.Errorf("the tag {%.40s} is not known", name)
	case converted && conversion != "s":
		return "", "", fmt.Errorf("the tag {%s} cannot be shown as %.10q", name, conversion)
	}
	l, err := readLayout(spec)
	if err != nil {
		return "", "", fmt.Errorf("the tag {%s}: %w", name, err)
	}
	return l.apply(value), rest, nil
}

// Old replaces the tags of the older form, "<otp>".
func Old(text string, tags map[string]string) string {
	pairs := make([]string, 0, 2*len(tags))
	for name, value := range tags {
		pairs = append(pairs, "<"+name+">", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// HTML returns the tags with values that are safe inside of HTML. Quotes are
// written as the original writes them.
func HTML(tags map[string]string) map[string]string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")
	out := make(map[string]string, len(tags))
	for name, value := range tags {
		out[name] = escape.Replace(value)
	}
	return out
}
