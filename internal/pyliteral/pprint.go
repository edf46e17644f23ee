package pyliteral

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PPrint writes v as Python's pprint.pformat does with its default options, at
// most width characters wide where that is possible and indent characters per
// level: what does not fit on a line is split, dict entries are sorted by key,
// long strings are broken at blanks. The export of the command line uses
// indent 4 and width 80.
func PPrint(v any, indent, width int) string {
	p := &printer{perLevel: indent, width: width}
	p.format(v, 0, 0, 0)
	return p.out.String()
}

type printer struct {
	out      strings.Builder
	perLevel int
	width    int
}

// format writes v. indent is the column where it begins, allowance how many
// characters the closing brackets behind it need, level how deep it is.
func (p *printer) format(v any, indent, allowance, level int) {
	text := sortedRepr(v)
	if utf8.RuneCountInString(text) <= p.width-indent-allowance {
		p.out.WriteString(text)
		return
	}
	level++
	switch v := v.(type) {
	case *Dict:
		p.dict(v, indent, allowance, level)
	case List:
		p.elements("[", v, "]", indent, allowance, level)
	case Tuple:
		closing := ")"
		if len(v) == 1 {
			closing = ",)"
		}
		p.elements("(", v, closing, indent, allowance, level)
	case Set:
		if len(v) == 0 {
			p.out.WriteString(text)
			return
		}
		sorted := slices.Clone(v)
		slices.SortStableFunc(sorted, compare)
		p.elements("{", sorted, "}", indent, allowance, level)
	case string:
		p.text(v, indent, allowance, level)
	case []byte:
		p.bytes(v, indent, allowance, level)
	default:
		p.out.WriteString(text)
	}
}

func (p *printer) dict(d *Dict, indent, allowance, level int) {
	p.out.WriteByte('{')
	p.pad()
	indent += p.perLevel
	d, n := sortedDict(d), 0
	for key, value := range d.All() {
		if n > 0 {
			p.newLine(",", indent)
		}
		n++
		after := 1 // the comma
		if n == d.Len() {
			after = allowance + 1
		}
		name := sortedRepr(key)
		p.out.WriteString(name + ": ")
		p.format(value, indent+utf8.RuneCountInString(name)+2, after, level)
	}
	p.out.WriteByte('}')
}

func (p *printer) elements(opening string, elements []any, closing string, indent, allowance, level int) {
	p.out.WriteString(opening)
	p.pad()
	indent += p.perLevel
	for i, e := range elements {
		if i > 0 {
			p.newLine(",", indent)
		}
		after := 1
		if i == len(elements)-1 {
			after = allowance + len(closing)
		}
		p.format(e, indent, after, level)
	}
	p.out.WriteString(closing)
}

// pad fills up the indentation behind an opening bracket.
func (p *printer) pad() {
	p.out.WriteString(blanks(p.perLevel - 1))
}

func (p *printer) newLine(before string, indent int) {
	p.out.WriteString(before + "\n" + blanks(indent))
}

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }

// text writes a string that is too long for its line as several strings side
// by side; at the top level in brackets.
func (p *printer) text(s string, indent, allowance, level int) {
	if s == "" {
		p.out.WriteString("''")
		return
	}
	if level == 1 {
		indent++
		allowance++
	}
	chunks := breakText(s, p.width-indent, allowance)
	p.chunks(chunks, indent, level == 1 && len(chunks) > 1)
}

// bytes writes a long bytes value in pieces of a multiple of four bytes.
func (p *printer) bytes(v []byte, indent, allowance, level int) {
	if len(v) <= 4 {
		p.out.WriteString(bytesRepr(v))
		return
	}
	if level == 1 {
		indent++
		allowance++
	}
	width := p.width - indent
	var chunks []string
	current := []byte(nil)
	for part := range slices.Chunk(v, 4) {
		// The reference's rule: the piece at the last multiple of four must
		// leave room; when the length is such a multiple, there is none.
		if len(part) < 4 {
			width -= allowance
		}
		candidate := append(bytes.Clone(current), part...)
		if len(bytesRepr(candidate)) <= width {
			current = candidate
			continue
		}
		if len(current) > 0 {
			chunks = append(chunks, bytesRepr(current))
		}
		current = part
	}
	p.chunks(append(chunks, bytesRepr(current)), indent, level == 1)
}

func (p *printer) chunks(chunks []string, indent int, brackets bool) {
	if brackets {
		p.out.WriteByte('(')
	}
	for i, chunk := range chunks {
		if i > 0 {
			p.newLine("", indent)
		}
		p.out.WriteString(chunk)
	}
	if brackets {
		p.out.WriteByte(')')
	}
}

// breakText cuts s into pieces, written as literals of at most width
// characters, the last one allowance less: first at line ends, then behind
// blanks. A word longer than that stays whole.
func breakText(s string, width, allowance int) []string {
	var chunks []string
	lines := splitLines(s)
	for i, line := range lines {
		lastLine := i == len(lines)-1
		room := width
		if lastLine {
			room -= allowance
		}
		if text := stringRepr(line); utf8.RuneCountInString(text) <= room {
			chunks = append(chunks, text)
			continue
		}
		chunks = append(chunks, breakLine(line, width, room)...)
	}
	return chunks
}

// breakLine cuts one line behind its blanks. Only the last piece has the
// smaller room.
func breakLine(line string, width, lastRoom int) []string {
	var chunks []string
	parts := splitWords(line)
	current := ""
	for j, part := range parts {
		room := width
		if j == len(parts)-1 {
			room = lastRoom
		}
		if utf8.RuneCountInString(stringRepr(current+part)) <= room {
			current += part
			continue
		}
		if current != "" {
			chunks = append(chunks, stringRepr(current))
		}
		current = part
	}
	return append(chunks, stringRepr(current))
}

// splitLines cuts behind each line end that Python's str.splitlines knows.
func splitLines(s string) []string {
	var lines []string
	start := 0
	for i, r := range s {
		switch r {
		case '\r':
			if strings.HasPrefix(s[i+1:], "\n") {
				continue
			}
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		default:
			continue
		}
		end := i + utf8.RuneLen(r)
		lines = append(lines, s[start:end])
		start = end
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

// splitWords cuts behind each run of blanks.
func splitWords(s string) []string {
	var words []string
	start, inBlanks := 0, false
	for i, r := range s {
		blank := isSpace(r)
		if inBlanks && !blank {
			words = append(words, s[start:i])
			start = i
		}
		inBlanks = blank
	}
	return append(words, s[start:])
}

// isSpace is Python's str.isspace, which also counts U+001C to U+001F.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}
