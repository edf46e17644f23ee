// Package opensslcnf reads configuration files of OpenSSL (config(5ssl)):
// sections, quotes, escapes, continued lines, variables and .include. Variables
// of the environment do not exist here.
package opensslcnf

import (
	"errors"
	"fmt"
	"strings"
)

// Default is the section that values are also looked for in, and that lines
// before the first section belong to.
const Default = "default"

// Limits of what is read.
const (
	maxSource = 1 << 20
	maxValue  = 1 << 16
	maxTotal  = 4 << 20
	maxDepth  = 5
)

// Entry is one assignment. Err says why it has no value: a variable in it is not
// defined.
type Entry struct {
	Name, Value string
	Err         error
}

// File is a parsed file.
type File struct {
	sections map[string][]Entry
	total    int
}

// Parse reads a file. include gives the text of files that .include names; nil
// refuses them.
func Parse(src string, include func(name string) (string, error)) (*File, error) {
	f := &File{sections: map[string][]Entry{}}
	section := Default
	if err := f.parse(src, &section, include, 0); err != nil {
		return nil, err
	}
	return f, nil
}

// Section lists the entries of a section in their order.
func (f *File) Section(name string) ([]Entry, bool) {
	s, ok := f.sections[name]
	return s, ok
}

// Value finds a value in a section or in the default one.
func (f *File) Value(section, name string) (value string, found bool, err error) {
	for _, s := range []string{section, Default} {
		for _, e := range f.sections[s] {
			if e.Name == name {
				if e.Err != nil {
					return "", true, fmt.Errorf("%s of section %s: %w", name, s, e.Err)
				}
				return e.Value, true, nil
			}
		}
	}
	return "", false, nil
}

func (f *File) parse(src string, section *string, include func(string) (string, error), depth int) error {
	if len(src) > maxSource || depth > maxDepth {
		return errors.New("the configuration is too large or includes too deep")
	}
	for n, line := range lines(src) {
		line = strings.Trim(withoutComment(line), " \t\r")
		switch {
		case line == "":
		case line[0] == '[':
			name, rest, ok := strings.Cut(line[1:], "]")
			if !ok || strings.TrimSpace(rest) != "" {
				return fmt.Errorf("line %d: a section name is not closed", n+1)
			}
			*section = strings.TrimSpace(name)
			if _, known := f.sections[*section]; !known {
				f.sections[*section] = nil
			}
		case strings.HasPrefix(line, ".pragma"):
		case strings.HasPrefix(line, ".include"):
			name := strings.TrimLeft(strings.TrimPrefix(line, ".include"), " \t=")
			if include == nil {
				return fmt.Errorf("line %d: .include is not allowed here", n+1)
			}
			text, err := include(f.expand(name, *section).Value)
			if err != nil {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
			if err := f.parse(text, section, include, depth+1); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		default:
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				return fmt.Errorf("line %d: an equals sign is missing", n+1)
			}
			if err := f.set(*section, strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
		}
	}
	return nil
}

func (f *File) set(section, name, value string) error {
	if in, of, ok := strings.Cut(name, "::"); ok {
		section, name = in, of
	}
	if name == "" {
		return errors.New("a name is missing")
	}
	e := f.expand(value, section)
	e.Name = name
	f.total += len(name) + len(e.Value)
	if f.total > maxTotal {
		return errors.New("the configuration is too large")
	}
	list := f.sections[section]
	for i, old := range list {
		if old.Name == name { // the last one counts, in its place
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	f.sections[section] = append(list, e)
	return nil
}

// lines are the lines of a text; one that ends with a backslash goes on.
func lines(src string) []string {
	var out []string
	cur := ""
	for line := range strings.SplitSeq(src, "\n") {
		line = strings.TrimSuffix(line, "\r")
		slashes := len(line) - len(strings.TrimRight(line, `\`))
		if slashes%2 == 1 {
			cur += line[:len(line)-1]
			continue
		}
		out = append(out, cur+line)
		cur = ""
	}
	if cur != "" {
		out = append(out, cur)
	}
	return out
}

// withoutComment cuts a line at a "#" that is neither quoted nor escaped.
func withoutComment(line string) string {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '#':
			return line[:i]
		}
	}
	return line
}
