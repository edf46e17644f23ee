package policy

import (
	"strings"

	"edumfa/internal/mfaerr"
	"edumfa/internal/pyliteral"
)

// FormatINI writes policies as GET /policy/export does: a section for each, with
// every field as Python's str().
func FormatINI(list []*Policy) string {
	var b strings.Builder
	for _, p := range list {
		b.WriteString("[" + p.Row.Name + "]\n")
		for key, value := range p.View().Literal().All() {
			b.WriteString(pyliteral.Str(key) + " = " + pyliteral.Str(value) + "\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// iniSection is a section with its values as they stand in the file.
type iniSection struct {
	name   string
	values map[string]string
}

// ParseINI reads what [FormatINI] writes, and files written by hand. All fields
// are read: the reference server passes over active, adminrealm, adminuser,
// check_all_resolvers and conditions, and cannot read its own lists. A field
// that is missing becomes empty, but for these five, which stay as they are.
func ParseINI(src string) ([]Spec, error) {
	sections, err := splitINI(src)
	if err != nil {
		return nil, err
	}
	out := make([]Spec, 0, len(sections))
	for _, s := range sections {
		spec, err := s.spec()
		if err != nil {
			return nil, err
		}
		out = append(out, spec)
	}
	return out, nil
}

func splitINI(src string) ([]iniSection, error) {
	var out []iniSection
	seen := map[string]bool{}
	src = strings.TrimPrefix(src, "\ufeff")
	for n, line := range strings.Split(src, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			end := strings.LastIndexByte(line, ']')
			if end < 0 || !comment(line[end+1:]) {
				return nil, mfaerr.NewParameter("Line %d of the policy file is no section", n+1)
			}
			name := unquoteINI(strings.TrimSpace(line[1:end]))
			if name == "" || name[0] == '[' || seen[name] {
				return nil, mfaerr.NewParameter("Line %d of the policy file has an empty, nested or repeated section", n+1)
			}
			seen[name] = true
			out = append(out, iniSection{name, map[string]string{}})
		default:
			key, value, ok := strings.Cut(line, "=")
			if !ok || len(out) == 0 {
				return nil, mfaerr.NewParameter("Line %d of the policy file belongs to no policy", n+1)
			}
			out[len(out)-1].values[unquoteINI(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return out, nil
}

func comment(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || s[0] == '#'
}

// unquoteINI takes the quotes off a text.
func unquoteINI(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

func (s iniSection) spec() (Spec, error) {
	values := map[string]any{"realm": "", "user": "", "resolver": "", "client": "", "edumfanode": "", "time": "", "priority": int64(1)}
	for key, text := range s.values {
		v, err := s.value(key, text)
		if err != nil {
			return Spec{}, err
		}
		values[key] = v
	}
	if a := values["action"]; a == nil {
		return Spec{}, mfaerr.NewParameter("The policy '%s' of the file has no action", s.name)
	}
	spec, err := readSpec(func(key string) any { return values[key] })
	spec.Name = s.name
	return spec, err
}

// value reads a Python literal where one is written, else the text.
func (s iniSection) value(key, text string) (any, error) {
	switch key {
	case "scope", "time", "name":
		if i := strings.Index(text, " #"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		return unquoteINI(text), nil
	}
	if text == "" || !strings.ContainsRune("{[('\"", rune(text[0])) {
		return text, nil
	}
	v, err := pyliteral.Parse(text)
	if err != nil {
		return nil, mfaerr.NewParameter("The field '%s' of the policy '%s' of the file cannot be read", key, s.name).WithCause(err)
	}
	return v, nil
}
