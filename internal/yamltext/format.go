package yamltext

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"edumfa/internal/pyliteral"
)

// Format writes a value in block style, keys sorted, in ASCII. Tuples are
// written as lists.
func Format(v any) string {
	var b strings.Builder
	block(&b, v, 0, false)
	return b.String()
}

// block writes v at an indentation. inline says that something stands before it
// on the line.
func block(b *strings.Builder, v any, indent int, inline bool) {
	switch x := v.(type) {
	case *pyliteral.Dict:
		if x.Len() == 0 {
			end(b, "{}", inline)
			return
		}
		if inline {
			b.WriteByte('\n')
		}
		members(b, x, indent, false)
	case pyliteral.List:
		sequence(b, x, indent, inline)
	case pyliteral.Tuple:
		sequence(b, pyliteral.List(x), indent, inline)
	default:
		end(b, plain(v), inline)
	}
}

func end(b *strings.Builder, text string, inline bool) {
	if inline {
		b.WriteByte(' ')
	}
	b.WriteString(text + "\n")
}

// members writes the entries of a mapping; the first one may stand behind a dash.
func members(b *strings.Builder, d *pyliteral.Dict, indent int, afterDash bool) {
	type entry struct {
		key   string
		value any
	}
	var list []entry
	for k, v := range d.All() {
		list = append(list, entry{plain(k), v})
	}
	slices.SortStableFunc(list, func(a, c entry) int { return strings.Compare(a.key, c.key) })
	for i, e := range list {
		if i > 0 || !afterDash {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(e.key + ":")
		next := indent + 2
		switch e.value.(type) {
		case pyliteral.List, pyliteral.Tuple: // dashes stand below their key
			next = indent
		}
		block(b, e.value, next, true)
	}
}

func sequence(b *strings.Builder, list pyliteral.List, indent int, inline bool) {
	if len(list) == 0 {
		end(b, "[]", inline)
		return
	}
	if inline {
		b.WriteByte('\n')
	}
	for _, e := range list {
		b.WriteString(strings.Repeat(" ", indent) + "-")
		switch x := e.(type) {
		case *pyliteral.Dict:
			if x.Len() > 0 {
				b.WriteByte(' ')
				members(b, x, indent+2, true)
				continue
			}
		case pyliteral.Tuple:
			e = pyliteral.List(x)
		}
		block(b, e, indent+2, true)
	}
}

// bare are texts that mean themselves without quotes.
var bare = regexp.MustCompile(`\A[A-Za-z/][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+(),-]+)*\z`)

func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case int64, int:
		return fmt.Sprint(x)
	case string:
		return text(x)
	case []byte:
		return text(string(x))
	}
	return text(pyliteral.Str(v))
}

func text(s string) string {
	if bare.MatchString(s) && !word(s) {
		return s
	}
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// word tells texts that YAML would read as a truth value or as nothing.
func word(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		return true
	}
	return false
}
