package logging

import (
	"fmt"
	"strings"

	"edumfa/internal/pyliteral"
)

// section is a part of a file of the form of fileConfig, by lower-case keys.
type section map[string]string

// sections reads the form of fileConfig.
func (s Setup) sections(src string) error {
	all, err := splitSections(src)
	if err != nil {
		return err
	}
	for _, name := range names(all["formatters"]) {
		f := all["formatter_"+name]
		s.Formatters[name] = Formatter{Format: f["format"], Date: f["datefmt"]}
	}
	for _, name := range names(all["handlers"]) {
		h, err := sectionHandler(all["handler_"+name])
		if err != nil {
			return fmt.Errorf("handler_%s: %w", name, err)
		}
		s.Handlers[name] = h
	}
	for _, name := range names(all["loggers"]) {
		l, ok := all["logger_"+name]
		if !ok {
			return fmt.Errorf("there is no section logger_%s", name)
		}
		n, err := level(l["level"])
		if err != nil {
			return fmt.Errorf("logger_%s: %w", name, err)
		}
		key := l["qualname"]
		if name == "root" || key == "root" {
			key = ""
		}
		s.Loggers[key] = Logger{Level: n, Handlers: list(l["handlers"]), Alone: isNo(l["propagate"])}
	}
	return nil
}

func names(s section) []string { return list(s["keys"]) }

func list(text string) (out []string) {
	for e := range strings.SplitSeq(text, ",") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, e)
		}
	}
	return out
}

func splitSections(src string) (map[string]section, error) {
	all := map[string]section{}
	var cur section
	key := ""
	for line := range strings.Lines(src) {
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimSpace(line)
		switch {
		case text == "" || text[0] == '#' || text[0] == ';':
		case text[0] == '[' && text[len(text)-1] == ']':
			cur, key = section{}, ""
			all[strings.TrimSpace(text[1:len(text)-1])] = cur
		case cur == nil:
			return nil, fmt.Errorf("%.40q stands before the first section", text)
		case key != "" && (line[0] == ' ' || line[0] == '\t'):
			cur[key] += "\n" + text
		default:
			i := strings.IndexAny(text, "=:")
			if i <= 0 {
				return nil, fmt.Errorf("%.40q is no key with a value", text)
			}
			key = strings.ToLower(strings.TrimSpace(text[:i]))
			cur[key] = strings.TrimSpace(text[i+1:])
		}
	}
	return all, nil
}

// sectionHandler reads a handler whose parameters are the arguments of a call.
// Sizes may also be keys of their own, which Python passes over.
func sectionHandler(h section) (Handler, error) {
	n, err := level(h["level"])
	if err != nil {
		return Handler{}, err
	}
	class := h["class"]
	if !strings.Contains(class, ".") {
		class = "logging." + class
	}
	out := Handler{Class: class, Level: n, Formatter: h["formatter"]}
	if err := out.sizes(h["maxbytes"], h["backupcount"]); err != nil {
		return out, err
	}
	args := strings.TrimSpace(h["args"])
	if inner := strings.Trim(args, "(), \t"); strings.HasPrefix(inner, "sys.") {
		out.Stream = strings.TrimPrefix(inner, "sys.")
		return out, nil
	}
	var values []any
	if args != "" {
		v, err := pyliteral.Parse(args)
		if err != nil {
			return out, fmt.Errorf("args: %w", err)
		}
		switch v := v.(type) {
		case pyliteral.Tuple:
			values = v
		default:
			values = []any{v}
		}
	}
	arg := func(i int) string {
		if i < len(values) && values[i] != nil {
			return pyliteral.Str(values[i])
		}
		return ""
	}
	switch out.short() {
	case "FileHandler", "WatchedFileHandler":
		out.File = arg(0)
	case "RotatingFileHandler":
		out.File = arg(0)
		return out, out.sizes(arg(2), arg(3))
	case "TimedRotatingFileHandler":
		out.File, out.When = arg(0), arg(1)
		return out, out.sizes("", arg(3))
	case "SysLogHandler":
		out.Address = arg(0)
		if len(values) > 0 {
			if parts, ok := values[0].(pyliteral.Tuple); ok && len(parts) == 2 {
				out.Address = pyliteral.Str(parts[0]) + ":" + pyliteral.Str(parts[1])
			}
		}
		out.Facility = arg(1)
	}
	return out, nil
}

// short is the name of the class without its module.
func (h Handler) short() string { return h.Class[strings.LastIndexByte(h.Class, '.')+1:] }
